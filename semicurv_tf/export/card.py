"""The model card: what an exported model is, inside its version folder."""

from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.json_files import is_count, read_object

CARD = "model_card.json"
MOST_DIGITS = 1000  # of a version's name; Python reads no more than 4300
# Beyond any model, within what the arithmetic of those who read a card can bear.
MOST_PIXELS, MOST_IMAGES, LARGEST_STRIDE = 10**10, 10**5, 2**16


def _is_count(value, most: int = 10**10) -> bool:
    return is_count(value) and value <= most


def _is_range(value) -> bool:
    try:
        return value is None or bool(isinstance(value, str) and (not value or parse_ranges(value)))
    except UserError:
        return False


# What the project itself reads of a card: key -> what is expected, and whether a value is that.
KEYS = {
    "channels": ("a number of bands up to 64", lambda value: _is_count(value, 64)),
    "threshold": ("a number in (0, 1)", lambda value: isinstance(value, int | float) and 0 < value < 1),
    "max_pixels": (f"a count of pixels up to {MOST_PIXELS}", lambda value: _is_count(value, MOST_PIXELS)),
    "max_batch": (f"a count of images up to {MOST_IMAGES}", lambda value: _is_count(value, MOST_IMAGES)),
    "nodes": ("a count of operations, or nothing", lambda value: value is None or _is_count(value)),
    "value_range": ("a range such as 0:4095, or nothing", _is_range),
    "size": (
        "height and width, or null",
        lambda value: value is None or (isinstance(value, list) and len(value) == 2 and all(map(_is_count, value))),
    ),
    "no_data": ("a range of values, or nothing", lambda value: value is None or isinstance(value, str)),
    "tta": ("none, d4, scales or all", lambda value: value in (None, "none", "d4", "scales", "all")),
    "stride": (
        f"a count of pixels up to {LARGEST_STRIDE}, or nothing",
        lambda value: value is None or _is_count(value, LARGEST_STRIDE),
    ),
    "precision": ("float32 or bfloat16", lambda value: value in ("float32", "bfloat16")),
}


def version_numbers(models: str | Path) -> list[int]:
    """The versions in a model's folder, in order: names of ASCII digits, as TF Serving reads them."""
    names = [entry.name for entry in Path(models).glob("*")]
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal() and len(name) <= MOST_DIGITS)


def card_path(version: str | Path) -> Path:
    """Where a version folder keeps its card; TF Serving does not read `assets.extra` files it does not know."""
    return Path(version) / "assets.extra" / CARD


def read_card(version: str | Path) -> dict:
    """The card of an exported version folder.

    Raises:
        UserError: the folder is no export of this project, or a line for each key that holds what none holds.
    """
    path = card_path(version)
    if not path.is_file():
        versions = version_numbers(version)
        remedy = f"Fix: name one of its versions, {version}/{versions[-1]}" if versions else "Fix: semicurv-tf export"
        raise UserError(
            f"{version}: expected an exported version folder, found no {path.relative_to(version)}. {remedy}"
        )
    card = read_object(path, "export again")
    require_keys(path, card, tuple(KEYS))
    if card["size"] and card["size"][0] * card["size"][1] > card["max_pixels"]:
        raise _unfit(path, card, {"size": f"at most max_pixels, {card['max_pixels']}"})
    return card


def require_keys(path: Path, card: dict, keys: tuple[str, ...]) -> None:
    """Refuses a card in which any of these keys of `KEYS` holds what no export has.

    Raises:
        UserError: a line for each.
    """
    wrong = {key: KEYS[key][0] for key in keys if not KEYS[key][1](card.get(key))}
    if wrong:
        raise _unfit(path, card, wrong)


def _unfit(path: Path, card: dict, expected: dict[str, str]) -> UserError:
    return UserError([
        f"{path}: {key}: expected {what}, found {repr(card.get(key))[:80]}. Fix: export again"
        for key, what in expected.items()
    ])  # fmt: skip
