"""At which scales the built-in network sees an image, and its threshold. Loads no TensorFlow."""

THRESHOLD = 0.6
SCALES = (0.5, 0.75, 1.0, 1.5, 2.0)
# Where the structures' width is known: the scales that make them about so wide, as most that it was taught are.
BEST_WIDTH_PX = 3.0
AROUND = (0.75, 1.0, 1.33)
LARGEST_SCALE = 2.0  # beyond that nothing is added but time and memory


def scales_for(width_px: float) -> tuple[float, ...]:
    """The scales at which structures of this width in pixels are seen best."""
    return tuple(sorted({min(LARGEST_SCALE, share * BEST_WIDTH_PX / width_px) for share in AROUND}))
