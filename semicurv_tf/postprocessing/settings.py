"""Which steps follow the threshold, and their sizes; kept in RUN/threshold.json and in model cards."""

import dataclasses
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.json_files import is_count, is_number

LARGEST_BRIDGE_PX = 200  # paths are sought in windows of twice this side, around every end of a line


@dataclasses.dataclass(frozen=True)
class PostProcessing:
    """Steps after the threshold, in this order; the defaults do nothing.

    Attributes:
        hysteresis_low: pixels above it count too where they are 8-connected to one above the threshold
            (Canny 1986); below the threshold. None: off.
        bridge_px: longest gap between an end of a line and another line that is bridged, in pixels. 0: off.
        smallest_component_px: connected components of fewer pixels are left out. 0: off.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> PostProcessing(smallest_component_px=30).said()
        'components below 30 px left out'
    """

    hysteresis_low: float | None = None
    bridge_px: int = 0
    smallest_component_px: int = 0

    def __post_init__(self):
        if self.hysteresis_low is not None and not 0 < self.hysteresis_low < 1:
            raise ValueError(f"Expected hysteresis_low in (0, 1), or None. Received: {self.hysteresis_low!r}")
        if not is_count(self.bridge_px, 0) or self.bridge_px > LARGEST_BRIDGE_PX:
            raise ValueError(f"Expected bridge_px of 0 to {LARGEST_BRIDGE_PX}. Received: {self.bridge_px!r}")
        if not is_count(self.smallest_component_px, 0):
            raise ValueError(
                f"Expected smallest_component_px, a whole number from 0. Received: {self.smallest_component_px!r}"
            )

    def __bool__(self) -> bool:
        return self != PostProcessing()

    def said(self) -> str:
        """The steps in words."""
        steps = []
        if self.hysteresis_low is not None:
            steps.append(f"hysteresis down to {self.hysteresis_low:g}")
        if self.bridge_px:
            steps.append(f"gaps up to {self.bridge_px} px bridged")
        if self.smallest_component_px:
            steps.append(f"components below {self.smallest_component_px} px left out")
        return ", ".join(steps) or "none"

    def require_below(self, threshold: float) -> None:
        """Refuses a hysteresis that does not begin below the threshold.

        Raises:
            UserError: naming both.
        """
        if self.hysteresis_low is not None and self.hysteresis_low >= threshold:
            raise UserError(
                f"--hysteresis {self.hysteresis_low:g}: expected a number below the threshold {threshold:g}. "
                "Fix: --hysteresis 0 for none, or a higher --threshold"
            )


def as_dict(settings: PostProcessing) -> dict:
    """For JSON."""
    return dataclasses.asdict(settings)


def from_dict(values, path: Path) -> PostProcessing:
    """What a file says under `postprocessing`; None: nothing is done.

    Raises:
        UserError: naming the file.
    """
    if values is None:
        return PostProcessing()
    names = {field.name for field in dataclasses.fields(PostProcessing)}
    try:
        if not isinstance(values, dict) or values.keys() - names:
            raise ValueError(f"Expected an object with {', '.join(sorted(names))}. Received: {values!r}")
        low = values.get("hysteresis_low")
        if low is not None and not is_number(low):
            raise ValueError(f"Expected hysteresis_low in (0, 1), or null. Received: {low!r}")
        return PostProcessing(**values)
    except ValueError as error:
        raise UserError(
            f"{path}: postprocessing: {error}. Fix: choose it again (semicurv-tf evaluate --choose postprocessing)"
        ) from None
