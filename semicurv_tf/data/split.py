"""Which training images are labelled: by seed, and nested (Xu et al. 2022, Table II)."""

import hashlib
from collections.abc import Sequence

from semicurv_tf.errors import UserError


def choose_labelled(names: Sequence[str], fraction: float, seed: int) -> tuple[str, ...]:
    """Chooses the labelled images among `names`; smaller fractions lie inside larger ones.

    The order is that of a hash of (seed, name), so it depends neither on the platform nor on the
    order of `names`, and an image that joins or leaves the dataset moves no other.

    Args:
        names: names of the training images that have a mask, each once.
        fraction: share of labelled images in (0, 1]; `max(1, round(fraction * len(names)))` are
            chosen.
        seed: another seed, another choice.

    Returns:
        The chosen names, sorted.

    Raises:
        UserError: if `fraction` is outside (0, 1] or `names` is empty.

    Example:
        >>> choose_labelled(["a", "b", "c"], fraction=1.0, seed=0)
        ('a', 'b', 'c')
    """
    if not 0 < fraction <= 1:  # also catches NaN
        raise UserError(
            f"--labels: expected a fraction in (0, 1], found {fraction}. "
            "Fix: --labels 0.05 labels 5 % of the training images"
        )
    if not names:
        raise UserError(
            "--labels: expected at least one training image with a mask, found none. "
            "Fix: add masks to the training images"
        )
    ordered = sorted(names, key=lambda name: _digest(f"{seed}:{name}"))
    return tuple(sorted(ordered[: max(1, round(fraction * len(ordered)))]))


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
