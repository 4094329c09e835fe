"""Figures of an evaluation: the precision-recall curve, and the scores over images."""

import numpy as np

from semicurv_tf.pictures.figure import INK, LINE, SOFT, drawn

ACCENT, FAINT = "#0b6e8f", "#9ecbd9"

# Inches. Narrow, so that the letters stay legible on a phone, where a figure is as wide as the screen.
_WIDTH, _HEIGHT = 4.6, 3.5


def precision_recall_figure(curve: dict, threshold: float, area: float | None) -> str:
    """The precision-recall curve of all pixels, with lines of equal F1 and the point of the threshold.

    Args:
        curve: "curve" of `Tally.scores`.
        threshold: the one that the masks were scored at; a point marks the curve's nearest.
        area: average precision, pooled, or None.

    Returns:
        SVG text.
    """

    def draw(figure):
        axes = figure.subplots()
        recall = np.linspace(0.01, 1, 200)
        for f1 in (0.2, 0.4, 0.6, 0.8):
            with np.errstate(divide="ignore", invalid="ignore"):
                precision = f1 * recall / (2 * recall - f1)
            inside = (precision > 0) & (precision <= 1)
            axes.plot(recall[inside], precision[inside], color=LINE, linewidth=1, zorder=0)
            axes.text(1.012, f1 / (2 - f1), f"F1 {100 * f1:.0f}", color=SOFT, fontsize=7.5, va="center")
        axes.plot(curve["recall"], curve["precision"], color=ACCENT)
        place = int(np.argmin(np.abs(np.array(curve["threshold"]) - threshold)))
        point = curve["recall"][place], curve["precision"][place]
        axes.plot(*point, "o", color=ACCENT, markersize=7)
        left = point[0] > 0.6
        axes.annotate(
            f"threshold {threshold:g}", point, xytext=(-9 if left else 9, 7), textcoords="offset points",
            ha="right" if left else "left", color=INK, fontsize=8.5,
        )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.grid(visible=False)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
        if area is not None:
            axes.text(0.03, 0.05, f"average precision {100 * area:.1f} %", color=INK, fontsize=9)

    return drawn(draw, _WIDTH, _HEIGHT)


def distribution_figure(values: np.ndarray, title: str) -> str:
    """How the images' scores are spread: a histogram, each image as a tick below, the mean as a line.

    Args:
        values: scores in [0, 1], one per image.
        title: of the score.

    Returns:
        SVG text.
    """

    def draw(figure):
        axes = figure.subplots()
        axes.hist(100 * values, bins=np.arange(0, 101, 5), color=FAINT, edgecolor="white", linewidth=0.8)
        top = axes.get_ylim()[1]
        ticks = np.full(len(values), -0.035 * top)
        axes.plot(100 * values, ticks, "|", color=ACCENT, markersize=7, markeredgewidth=0.8, alpha=0.6)
        mean = 100 * values.mean()
        axes.axvline(mean, color=INK, linewidth=1.3)
        left = mean > 60
        axes.annotate(
            f"mean {mean:.1f}", (mean, top), xytext=(-5 if left else 5, -9), textcoords="offset points",
            ha="right" if left else "left", color=INK, fontsize=8.5,
        )  # fmt: skip
        axes.set_ylim(-0.08 * top, top)
        axes.set_xlim(0, 100)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= top])
        axes.set_xlabel(f"{title} of an image, percent")
        axes.set_ylabel("images")
        axes.grid(axis="x", visible=False)

    return drawn(draw, _WIDTH, _HEIGHT)
