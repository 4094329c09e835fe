"""What TensorFlow says when a run breaks, as the one line that a user can act on."""

import re

import tensorflow as tf

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.training.task import Task

# `FileNotFoundError: [Errno 2] ...`, the Python exception inside TensorFlow's own.
_INNER = re.compile(r"\b([A-Z]\w*(?:Error|Exception): [^\n]*)")
_TASK = re.compile(r"/job:(chief|worker)/(?:replica:0/)?task:(\d+)")

# What a collective operation raises once a worker is gone; or gone and restarted, by itself.
LOST_WORKER = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.InternalError,
    tf.errors.FailedPreconditionError,
    tf.errors.DeadlineExceededError,
)


def unreadable_images(error: tf.errors.OpError, step: int) -> UserError:
    """For an image that could not be read for a step, because its file is gone or damaged."""
    inner = _INNER.search(error.message)
    reason = inner.group(1) if inner else error.message.splitlines()[0]
    return UserError(
        f"step {step}: an image cannot be read ({reason}); the last checkpoint is intact. "
        "Fix: restore the data, then semicurv-tf train --resume RUN"
    )


def broken_step(error: tf.errors.OpError, step: int, task: Task) -> UserError | None:
    """For a step that broke: out of memory, or a worker that is gone; None for anything else."""
    if isinstance(error, tf.errors.ResourceExhaustedError):
        return UserError(
            f"step {step}: the device's memory is full. Fix: smaller training.batch_labelled and batch_unlabelled, "
            "a smaller data.crop, or more --devices"
        )
    return lost_worker(error, f"step {step}", task)


def lost_worker(error: tf.errors.OpError, moment: str, task: Task) -> UserError | None:
    """For a worker that is gone, where the error says so; `moment` is when, for the user."""
    if task.workers == 1 or not isinstance(error, LOST_WORKER):
        return None
    # Who reports comes before who is unhealthy; and what this worker reports of itself is no news.
    named = [f"{job} {place}" for job, place in _TASK.findall(error.message.rpartition("unhealthy")[2])]
    others = [job for job in task.jobs if job != task.jobs[task.worker]]
    gone = next((job for job in named if job in others), others[0] if len(others) == 1 else None)
    gone = "another worker" if gone is None else task.name(task.jobs.index(gone))
    return RetryLater(
        f"{moment}: {gone} is gone, so {task.name()} stops too; the last checkpoint is intact. "
        "Fix: see its messages, then start all workers, as many as you like, with semicurv-tf train --resume RUN"
    )
