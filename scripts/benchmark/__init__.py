"""Parts of `scripts/benchmark_step.py`: the two training steps, their pace, and what the trace says."""
