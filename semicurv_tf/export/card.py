"""The model card: what an exported model is, inside its version folder."""

from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.json_files import is_count, read_object

CARD = "model_card.json"
# What the project itself reads of a card: key -> what is expected, and whether a value is that.
KEYS = {
    "channels": ("a number of bands up to 64", lambda value: is_count(value) and 1 <= value <= 64),
    "threshold": ("a number in (0, 1)", lambda value: isinstance(value, int | float) and 0 < value < 1),
    "max_pixels": ("a count of pixels", is_count),
    "max_batch": ("a count of images", is_count),
    "size": (
        "height and width, or null",
        lambda value: value is None or (isinstance(value, list) and len(value) == 2 and all(map(is_count, value))),
    ),
    "no_data": ("a range of values, or nothing", lambda value: value is None or isinstance(value, str)),
    "tta": ("none, d4, scales or all", lambda value: value in (None, "none", "d4", "scales", "all")),
    "stride": ("a count of pixels, or nothing", lambda value: value is None or is_count(value)),
    "precision": ("float32 or bfloat16", lambda value: value in ("float32", "bfloat16")),
}


def card_path(version: str | Path) -> Path:
    """Where a version folder keeps its card; TF Serving does not read `assets.extra` files it does not know."""
    return Path(version) / "assets.extra" / CARD


def read_card(version: str | Path) -> dict:
    """The card of an exported version folder.

    Raises:
        UserError: the folder is no export of this project.
    """
    path = card_path(version)
    if not path.is_file():
        versions = sorted(entry.name for entry in Path(version).glob("*") if entry.name.isdigit())
        remedy = f"Fix: name one of its versions, {version}/{versions[-1]}" if versions else "Fix: semicurv-tf export"
        raise UserError(
            f"{version}: expected an exported version folder, found no {path.relative_to(version)}. {remedy}"
        )
    card = read_object(path, "export again")
    for key, (expected, fits) in KEYS.items():
        if not fits(card.get(key)):
            raise UserError(f"{path}: {key}: expected {expected}, found {card.get(key)!r}. Fix: export again")
    return card
