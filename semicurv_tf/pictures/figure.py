"""How all figures look, and a figure as SVG text: the same bits for the same numbers."""

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from semicurv_tf.images.encoded import decode_picture

# Told apart by colour-blind eyes too (Okabe & Ito), SemiCurv the strongest.
COLOURS = {
    "supervised": "#6b7680",
    "supervised_wbce": "#a8b0b8",
    "deeplab_v3_plus": "#7f6a4f",
    "hed": "#b39b7d",
    "fphbn": "#4f6a7f",
    "cutmix": "#e69f00",
    "vat": "#56b4e9",
    "tcsm": "#cc79a7",
    "mean_teacher": "#d55e00",
    "mean_teacher_no_geometry": "#f0a878",
    "cgan": "#009e73",
    "semicurv": "#0b4f8a",
    "semicurv_no_encoding": "#5b8fc0",
    "semicurv_linear": "#8c6bb1",
    "semicurv_l2": "#3f9ba8",
    "semicurv_learned": "#8c6bb1",
    "semicurv_rotary": "#3f9ba8",
}
INK, SOFT, LINE = "#1d2329", "#5d6975", "#d5dbe1"

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.hashsalt": "semicurv_tf",
    "svg.fonttype": "path",
}


def colour(system: str) -> str:
    """Of a system; variants of a system take its colour."""
    if system in COLOURS:
        return COLOURS[system]
    return COLOURS[next((name for name in ("mean_teacher", "semicurv") if system.startswith(name)), "supervised")]


def drawn(draw, width_in: float, height_in: float) -> str:
    """A figure as SVG text.

    Args:
        draw: a function of the `matplotlib` figure.
        width_in, height_in: in inches.
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        draw(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
        return out.getvalue()


def rasterised(draw, width_in: float, height_in: float, dots_per_inch: int):
    """The same as pixels, a `PIL.Image.Image`: for figures made of pictures."""
    from PIL import Image

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=dots_per_inch)
        return Image.fromarray(decode_picture(out.getvalue())).convert("RGB")
