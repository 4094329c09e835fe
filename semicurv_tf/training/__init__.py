"""The run: strategy, schedules, checkpoints, what is monitored, resume."""
