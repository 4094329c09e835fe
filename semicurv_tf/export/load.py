"""Loads an exported model in Python, through plain TensorFlow."""

from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.export.card import card_path, read_card
from semicurv_tf.export.graph_guard import require_files, require_harmless


def load_signature(version: str | Path, name: str = "serving_default", trust: bool = False):
    """A signature of an exported version folder, and the channels it takes.

    Args:
        version: the folder.
        name: of the signature.
        trust: load a graph that does more than compute, too: see `graph_guard.py`.

    Raises:
        UserError: the folder is no export of this project, damaged, does more than compute, or its card and its graph
            disagree.
    """
    import tensorflow as tf

    card = read_card(version)
    if trust:
        require_files(version)
    else:
        require_harmless(version)
    try:
        loaded = tf.saved_model.load(str(version))
        signature = loaded.signatures[name]
    except (tf.errors.OpError, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{version}: cannot be loaded ({reason[:200]}). Fix: export again") from None
    _require_agreement(version, card, signature)
    signature._keep_alive = loaded  # its variables live as long as the object that was loaded
    return signature, card["channels"]


def _require_agreement(version, card: dict, signature) -> None:
    """Refuses a card that says otherwise than the graph: pictures would be turned to grey, or cut, for nothing."""
    image = signature.structured_input_signature[1].get("image")
    if image is None or image.shape.rank != 4:
        return
    told = (*(card["size"] or (None, None)), card["channels"])
    takes = tuple(image.shape.as_list()[1:])
    if told != takes:
        height, width, channels = ("any" if side is None else side for side in takes)
        takes_said = f"height {height}, width {width}, channels {channels}"
        said = f"size {card['size'] or 'any'} and {card['channels']} channels"
        raise UserError(
            f"{card_path(version)}: expected what the graph takes ({takes_said}), "
            f"found {said}: the card was edited, or belongs to another model. Fix: export again"
        )
