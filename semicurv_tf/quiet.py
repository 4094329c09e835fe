"""Silence while TensorFlow's libraries load, and where their advice is none."""

import contextlib
import logging
import os


@contextlib.contextmanager
def quiet_start():
    """Sends the notes that TensorFlow's libraries print while loading to nowhere.

    They bypass Python and its log level, so the file descriptor itself is turned; Python's own
    errors are raised, not printed, and so are not lost.
    """
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


@contextlib.contextmanager
def without_retracing_notes():
    """Leaves out TensorFlow's note that functions are traced again and again: one trains several networks in turn."""
    wanted = lambda record: "triggered tf.function retracing" not in record.getMessage()
    logger = logging.getLogger("tensorflow")
    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
