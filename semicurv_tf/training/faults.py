"""What TensorFlow says when a run breaks, as the one line that a user can act on."""

import re

import tensorflow as tf

from semicurv_tf.errors import UserError
from semicurv_tf.training.devices import Task

# `FileNotFoundError: [Errno 2] ...`, the Python exception inside TensorFlow's own.
_INNER = re.compile(r"\b([A-Z]\w*(?:Error|Exception): [^\n]*)")
_TASK = re.compile(r"/job:(chief|worker)/(?:replica:0/)?task:(\d+)")

# What a collective operation raises once a worker is gone.
LOST_WORKER = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError)


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
    if task.workers > 1 and isinstance(error, LOST_WORKER):
        named = _TASK.search(error.message)
        start = f"{named.group(1)} {named.group(2)} " if named else "another worker"
        gone = next((name for name in task.addresses if name.startswith(start)), start.strip())
        return UserError(
            f"step {step}: {gone} is gone, so {task.addresses[task.worker]} stops too; the last checkpoint is intact. "
            "Fix: see its messages, then start all workers, as many as you like, with semicurv-tf train --resume RUN"
        )
    return None
