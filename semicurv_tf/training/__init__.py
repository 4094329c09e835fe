"""The run: strategy, schedules, checkpoints, what is watched, resume."""
