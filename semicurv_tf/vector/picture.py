"""A picture of lines over their mask or image, to be looked at: coloured by width, by crack or by segment."""

import numpy as np
from PIL import Image, ImageDraw

from semicurv_tf.vector.segments import Vectors
from semicurv_tf.wording import counted

COLOURS = ("width", "crack", "segment")

_SMALLEST_SIDE_PX, _LARGEST_SIDE_PX = 1000, 4000
_FOREGROUND, _BACKGROUND = 200, 255
_FOOT_PX = 34
_JUNCTION, _END = (0, 0, 0), (120, 120, 120)
# Ten that are told apart (Tableau's); the eleventh crack has the first one's colour again.
_PALETTE = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189),
            (140, 86, 75), (227, 119, 194), (127, 127, 127), (188, 189, 34), (23, 190, 207))  # fmt: skip


def draw_vectors(vectors: Vectors, background: np.ndarray, colour: str = "width") -> Image.Image:
    """Draws lines over what they were found in; junctions are black dots, end points grey ones.

    Small pictures are enlarged to about 1,000 px, large ones thinned to 4,000 px at most.

    Args:
        vectors: of `vectorize_mask`.
        background: the mask, `(height, width)` bool, or an image, uint8 `(height, width, 3)`.
        colour: "width" with a scale below the picture, "crack" or "segment".

    Returns:
        The picture with a line of text below it.
    """
    height, width = vectors.shape
    step = -(-max(height, width) // _LARGEST_SIDE_PX)
    picture = background[::step, ::step]
    if picture.ndim == 2:
        picture = np.where(picture, _FOREGROUND, _BACKGROUND).astype(np.uint8)
    enlarge = max(1, _SMALLEST_SIDE_PX // max(picture.shape[:2]))
    canvas = Image.fromarray(picture).convert("RGB")
    canvas = canvas.resize((canvas.width * enlarge, canvas.height * enlarge), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(canvas)
    scale = enlarge / step
    stroke = max(2, round(max(canvas.size) / 500))

    def place(points: np.ndarray) -> list:
        # A pixel's centre is in the middle of its square.
        return [tuple(point) for point in ((points + 0.5) * scale - 0.5).tolist()]

    low, high = _width_range(vectors)
    for segment in vectors.segments:
        if colour == "width":
            shade = _shade(np.clip((segment.pixels.mean_width - low) / max(high - low, 1e-9), 0, 1))
        else:
            shade = _PALETTE[(segment.crack if colour == "crack" else segment.number) % len(_PALETTE)]
        points = place(segment.points)
        if len(points) == 1:
            _disc(draw, points[0], stroke, shade)
        else:
            draw.line(points, fill=shade, width=stroke, joint="curve")
    for point in place(vectors.end_points):
        _disc(draw, point, stroke - 0.5, _END)
    for point in place(vectors.junctions):
        _disc(draw, point, stroke, _JUNCTION)
    return _with_foot(canvas, vectors, (low, high) if colour == "width" and vectors.segments else None)


def _width_range(vectors: Vectors) -> tuple[float, float]:
    """The widths between which nine tenths of the lines' length is: one blot does not turn all lines one colour."""
    if not vectors.segments:
        return 0.0, 1.0
    widths = np.array([segment.pixels.mean_width for segment in vectors.segments])
    lengths = np.array([segment.pixels.length for segment in vectors.segments]) + 1e-9
    order = np.argsort(widths)
    share = np.cumsum(lengths[order]) / lengths.sum()
    low, high = np.searchsorted(share, [0.05, 0.95])
    return float(widths[order[low]]), float(widths[order[min(high, len(order) - 1)]])


def _shade(share: float) -> tuple[int, int, int]:
    import matplotlib

    red, green, blue, _ = matplotlib.colormaps["plasma"](0.85 * share)  # its yellow end is lost on white
    return round(255 * red), round(255 * green), round(255 * blue)


def _disc(draw: ImageDraw.ImageDraw, point: tuple[float, float], radius: float, shade) -> None:
    x, y = point
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)


def _with_foot(canvas: Image.Image, vectors: Vectors, widths: tuple[float, float] | None) -> Image.Image:
    sheet = Image.new("RGB", (canvas.width, canvas.height + _FOOT_PX), "white")
    sheet.paste(canvas, (0, 0))
    draw = ImageDraw.Draw(sheet)
    top = canvas.height + 4
    left = 6
    if widths is not None:
        for column in range(100):
            draw.line((left + column, top, left + column, top + 10), fill=_shade(column / 99))
        draw.text(
            (left + 106, top - 1),
            f"mean width {widths[0]:.1f} to {widths[1]:.1f} px (5 to 95 % of the length)",
            fill="black",
        )
        top += 13
    said = vectors.summary()
    unit = vectors.grid.unit
    length = f"{said['total_length_px']:.0f} px" + (f" = {said[f'total_length_{unit}']:.4g} {unit}" if unit else "")
    counts = (
        f"{counted(int(said['components']), 'crack')}, {counted(int(said['segments']), 'segment')}, "
        f"{counted(int(said['junctions']), 'junction')}, {counted(int(said['end_points']), 'end')}"
    )
    draw.text((left, top), f"{length}; {counts}", fill="black")
    return sheet
