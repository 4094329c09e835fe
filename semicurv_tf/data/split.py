"""Which images are trained on, and which of these are labelled: by names and seed (Xu et al. 2022, Table II)."""

import hashlib
import unicodedata
from collections.abc import Sequence

from semicurv_tf.errors import UserError

# With fewer images with masks, a part whose share rounds to none of them stays empty.
FEWEST_TO_HOLD_OUT = 6


def choose_labelled(names: Sequence[str], labels: int | float, seed: int) -> tuple[str, ...]:
    """Chooses the labelled images among `names`; fewer lie inside more.

    The order is that of a hash of (seed, name), so it depends neither on the platform nor on the
    order of `names`, and an image that joins or leaves the dataset moves no other.

    Args:
        names: names of the training images that have a mask, each once.
        labels: an int is a count, 0 for none; a float is a fraction in (0, 1], of which
            `max(1, round(labels * len(names)))` are chosen.
        seed: another seed, another choice.

    Returns:
        The chosen names, sorted.

    Raises:
        UserError: if `labels` is neither, or larger than the number of names, or `names` is empty.

    Example:
        >>> choose_labelled(["a", "b", "c"], labels=1.0, seed=0)
        ('a', 'b', 'c')
    """
    if labels == 0:
        return ()
    if not (labels >= 1 if isinstance(labels, int) else 0 < labels <= 1):  # also catches NaN
        raise UserError(
            f"--labels: expected a count or a fraction in (0, 1], found {labels}. "
            "Fix: --labels 3 labels 3 training images, --labels 0.05 labels 5 % of them"
        )
    if not names:
        raise UserError(
            "--labels: expected at least one training image with a mask, found none. "
            "Fix: add masks to the training images, or learn without any: --labels 0"
        )
    ordered = sorted(names, key=lambda name: _digest(f"{seed}:{name}"))
    if isinstance(labels, int) and labels > len(ordered):
        raise UserError(
            f"--labels {labels}: expected at most the {len(ordered)} training images with a mask. "
            f"Fix: --labels all (or {len(ordered)})"
        )
    count = labels if isinstance(labels, int) else max(1, round(labels * len(ordered)))
    return tuple(sorted(ordered[:count]))


def split_by_name(names: Sequence[str], validation_share: float, test_share: float, seed: int) -> dict[str, list[str]]:
    """Splits `names` such that a set that grows never moves a name from training to validation or test.

    Each name has a number in [0, 1), a hash of (seed, name). It is a test name where this number is below `test_share`;
    where that holds for none, the name of the lowest number is the only one. Further names can only have lower numbers
    yet: then they, and not a name that was trained on, are the test names. Validation names are chosen alike among the
    others, by a second hash. So the sizes of the parts are near their shares, not equal to them.

    The exception are sets of fewer than `FEWEST_TO_HOLD_OUT` names: a part whose share rounds to none of them stays
    empty, and a name trained on then may be held out once the set is larger.

    Args:
        names: names of the images with masks, each once; compared in Unicode's composed form.
        validation_share, test_share: in [0, 1), less than 1 together.
        seed: another seed, another split.

    Returns:
        "train", "validation" and "test", each with sorted names.

    Raises:
        UserError: all names are held out.
    """
    wanted = lambda share: share > 0 and (len(names) >= FEWEST_TO_HOLD_OUT or round(share * len(names)) > 0)
    test = _lowest(names, test_share, f"test:{seed}") if wanted(test_share) else []
    others = sorted(set(names) - set(test))
    share = validation_share / (1 - test_share)
    validation = _lowest(others, share, f"validation:{seed}") if wanted(validation_share) else []
    train = sorted(set(others) - set(validation))
    if names and not train:
        raise UserError(
            f"data.options.split_seed: expected images with masks to train on, found all {len(names)} held out for "
            f"validation and test by seed {seed}. Fix: --set data.options.split_seed={seed + 1}, or lists in splits/"
        )
    return {"train": train, "validation": sorted(validation), "test": sorted(test)}


def _lowest(names: Sequence[str], share: float, key: str) -> list[str]:
    """Those whose number is below `share`, at least one."""
    if not names:
        return []
    number = {name: int(_digest(f"{key}:{unicodedata.normalize('NFC', name)}")[:16], 16) / 2**64 for name in names}
    return [name for name in names if number[name] < share] or [min(names, key=lambda name: number[name])]


def partition(names: Sequence[str], shares: dict[str, float], seed: int) -> dict[str, list[str]]:
    """Splits `names` by seed into parts of the given shares.

    Args:
        names: what to split, e.g. image or tile names, each once.
        shares: share per part; every part but the first takes `round(share * len(names))` names,
            the first takes the rest, so that nothing is lost to rounding.
        seed: another seed, another split.

    Returns:
        Part name to sorted names, in the order of `shares`.
    """
    ordered = sorted(names, key=lambda name: _digest(f"partition:{seed}:{name}"))
    first, *others = shares
    parts, begin = {}, 0
    for part in others:
        count = round(shares[part] * len(ordered))
        parts[part] = sorted(ordered[begin : begin + count])
        begin += count
    return {first: sorted(ordered[begin:]), **parts}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
