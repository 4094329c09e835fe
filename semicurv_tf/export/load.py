"""Loads an exported model in Python, through plain TensorFlow."""

from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.export.card import read_card
from semicurv_tf.export.graph_guard import require_harmless


def load_signature(version: str | Path, name: str = "serving_default", trust: bool = False):
    """A signature of an exported version folder, and the channels it takes.

    Args:
        version: the folder.
        name: of the signature.
        trust: load a graph that does more than compute, too: see `graph_guard.py`.

    Raises:
        UserError: the folder is no export of this project, damaged, or does more than compute.
    """
    import tensorflow as tf

    channels = read_card(version)["channels"]
    if not trust:
        require_harmless(version)
    try:
        loaded = tf.saved_model.load(str(version))
        signature = loaded.signatures[name]
    except (tf.errors.OpError, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{version}: cannot be loaded ({reason[:200]}). Fix: export again") from None
    signature._keep_alive = loaded  # its variables live as long as the object that was loaded
    return signature, channels
