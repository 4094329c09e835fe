"""Numbers of options: finite ones. Click takes "inf" for a number, and "nan" for one within any range."""

import math

import click


class _Finite(click.ParamType):
    def convert(self, value, param, ctx) -> float:
        """The number.

        Raises:
            click.BadParameter: it is none, not finite, or outside of the range.
        """
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class FiniteFloat(_Finite, click.types.FloatParamType):
    """A number that is neither infinite nor "nan"."""


class FiniteRange(_Finite, click.FloatRange):
    """The same within a range.

    Example:
        >>> FiniteRange(min=0).convert("0.8", None, None)
        0.8
    """
