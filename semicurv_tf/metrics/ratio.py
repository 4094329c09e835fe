"""A fraction whose denominator may be 0: the one place where the policy on empty masks is applied."""

import numpy as np


def ratio(numerator, denominator, when_empty):
    """`numerator / denominator`, and `when_empty` where the denominator is 0.

    Args:
        numerator, denominator, when_empty: numbers or arrays that broadcast to one shape.

    Returns:
        A float, or a float64 array of that shape.

    Example:
        >>> ratio([1, 0], [2, 0], when_empty=1.0)
        array([0.5, 1. ])
    """
    numerator, denominator, when_empty = np.broadcast_arrays(numerator, denominator, when_empty)
    quotient = when_empty.astype(np.float64)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient if quotient.ndim else float(quotient)


def found_share(found, every, other):
    """The share of `every` that was found: 1 where `every` and `other` are both 0, 0 where only `every` is.

    Args:
        found: pixels of one mask that have their like in the other mask.
        every: pixels of the one mask.
        other: pixels of the other mask.
    """
    return ratio(found, every, np.asarray(other) == 0)


def harmonic_mean(first, second):
    """`2ab / (a + b)`, and 0 where both are 0."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return ratio(2 * first * second, first + second, 0.0)
