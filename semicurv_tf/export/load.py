"""Loads an exported model in Python, through plain TensorFlow."""

from pathlib import Path

from semicurv_tf.export.card import read_card


def load_signature(version: str | Path, name: str = "serving_default"):
    """A signature of an exported version folder, and the channels it takes.

    Raises:
        UserError: the folder is no export of this project.
    """
    import tensorflow as tf

    channels = read_card(version)["channels"]
    loaded = tf.saved_model.load(str(version))
    signature = loaded.signatures[name]
    signature._keep_alive = loaded  # its variables live as long as the object that was loaded
    return signature, channels
