"""A crack map: the photograph with its cracks in the colour of their width, a scale bar and a legend with lengths."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from semicurv_tf.pavement.scale import Scale
from semicurv_tf.pavement.width_classes import class_spans, classes_along
from semicurv_tf.vector.segments import Vectors

LARGEST_SIDE_PX = 4000
BAR_SHARE = 0.2  # of the picture's width, about
_PAPER, _INK, _FADED = "white", "black", 0.55


def draw_crack_map(
    vectors: Vectors, mask: np.ndarray, scale: Scale, classes_mm: tuple[float, ...], lengths_m: Sequence[float],
    background: np.ndarray | None = None, title: str = "",
) -> Image.Image:  # fmt: skip
    """Draws the map of one image.

    Args:
        vectors: of the mask.
        mask: `(height, width)` bool.
        scale: of its pixels.
        classes_mm: bounds between width classes.
        lengths_m: of each class, for the legend.
        background: the photograph, uint8 `(height, width, 3)`; None: white.
        title: the first line below.

    Returns:
        The picture, at most 4,000 px a side, with the legend below it.
    """
    height, width = mask.shape
    shrink = min(1.0, LARGEST_SIDE_PX / max(height, width))
    if background is None:
        canvas = Image.new("RGB", (width, height), _PAPER)
    else:  # paler, so that every colour stands out
        canvas = Image.fromarray((255 - _FADED * (255 - background.astype(np.float32))).astype(np.uint8))
    canvas = canvas.resize((max(1, round(width * shrink)), max(1, round(height * shrink))), Image.Resampling.BOX)
    draw = ImageDraw.Draw(canvas)
    colours = class_colours(len(classes_mm) + 1)
    stroke = max(2, round(max(canvas.size) / 400))
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    bounds_px = tuple(bound / scale.mm_per_px for bound in classes_mm)
    for segment in vectors.segments:
        if segment.start == "dot":
            continue
        points, classes = classes_along(segment, mask, depth, bounds_px)
        places = [tuple(point) for point in ((points + 0.5) * shrink - 0.5).tolist()]
        changes = [0, *(np.flatnonzero(np.diff(classes)) + 1).tolist(), len(classes)]
        for begin, end in itertools.pairwise(changes):
            draw.line(places[begin : end + 1], fill=colours[classes[begin]], width=stroke, joint="curve")
    return _with_legend(canvas, scale, shrink, classes_mm, lengths_m, colours, title)


def class_colours(count: int) -> list[tuple[int, int, int]]:
    """A colour for each width class, from blue for hairlines to red; told apart by who sees no red or green, too.

    >>> class_colours(2)
    [(13, 8, 135), (242, 132, 75)]
    """
    import matplotlib

    shades = [matplotlib.colormaps["plasma"](0.7 * place / max(1, count - 1)) for place in range(count)]
    return [(round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue, _ in shades]


def bar_length_mm(width_mm: float) -> float:
    """A round length for a scale bar: 1, 2 or 5 times a power of ten, at most a fifth of the width that is shown.

    >>> [bar_length_mm(width) for width in (300.0, 1200.0, 4999.0)]
    [50.0, 200.0, 500.0]
    """
    power = 10.0 ** math.floor(math.log10(BAR_SHARE * width_mm))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= BAR_SHARE * width_mm)


def length_text(millimetres: float) -> str:
    """A length in the unit that people say it in.

    >>> length_text(5), length_text(500), length_text(2000)
    ('5 mm', '50 cm', '2 m')
    """
    for unit, size in (("m", 1000), ("cm", 10)):
        if millimetres >= size:
            return f"{millimetres / size:g} {unit}"
    return f"{millimetres:g} mm"


def _with_legend(canvas, scale: Scale, shrink: float, classes_mm, lengths_m, colours, title: str) -> Image.Image:
    size = max(12, round(canvas.width / 60))
    font = ImageFont.load_default(size)
    margin, line = size // 2, round(1.5 * size)
    rows = [title] if title else []
    error = f" ± {scale.error_percent:.2g} %" if scale.error_percent else ", its error not known"
    rows.append(f"{scale.mm_per_px:.4g} mm/px{error} ({scale.source})")
    foot = margin + line * (len(rows) + len(colours) + 1) + margin
    texts = [f"{span} mm: {length:.3g} m" for span, length in zip(class_spans(classes_mm), lengths_m)]
    widest = max(font.getlength(text) for text in (*rows, *texts)) + 3 * size + 2 * margin
    sheet = Image.new("RGB", (max(canvas.width, math.ceil(widest)), canvas.height + foot), _PAPER)
    sheet.paste(canvas, (0, 0))
    draw = ImageDraw.Draw(sheet)
    top = canvas.height + margin
    bar_mm = bar_length_mm(canvas.width / shrink * scale.mm_per_px)
    bar_px = bar_mm / scale.mm_per_px * shrink
    draw.rectangle((margin, top + size // 4, margin + bar_px - 1, top + size // 2), fill=_INK)
    draw.text((margin + bar_px + margin, top), length_text(bar_mm), fill=_INK, font=font)
    for colour, text in zip(colours, texts):
        top += line
        draw.rectangle((margin, top + size // 4, margin + 2 * size, top + 3 * size // 4), fill=colour)
        draw.text((margin + 2 * size + margin, top), text, fill=_INK, font=font)
    for text in rows:
        top += line
        draw.text((margin, top), text, fill=_INK, font=font)
    return sheet
