"""The learning curve as a picture: what was measured, the fit, and the interval up to twice the labels."""

import numpy as np
from PIL import Image

from semicurv_tf.advice.learning_curve import LEVEL
from semicurv_tf.advice.outcome import Advice
from semicurv_tf.pictures.figure import COLOURS, INK, SOFT, rasterised

LEAST_POINTS = 10.0  # of IoU that the picture is high
WIDTH_IN, HEIGHT_IN, DOTS_PER_INCH = 6.4, 4.0, 150


def curve_picture(advice: Advice) -> Image.Image:
    """The picture.

    Args:
        advice: what it shows.
    """
    return rasterised(lambda figure: _draw(figure, advice), WIDTH_IN, HEIGHT_IN, DOTS_PER_INCH)


def _draw(figure, advice: Advice):
    axes, curve, twice = figure.subplots(), advice.curve, advice.twice
    blue, orange = COLOURS["semicurv"], COLOURS["mean_teacher"]
    labels = np.geomspace(min(one.labels for one in advice.scores), 2 * advice.labels, 60)
    band = [curve.at(number) for number in labels]
    axes.fill_between(labels, [one.low for one in band], [one.high for one in band], color=blue, alpha=0.12, lw=0)
    axes.plot(labels, [one.expected for one in band], color=blue, label="curve through them, and where it may lie")
    for fold in sorted(advice.images):
        own = sorted((one.labels, one.percent) for one in advice.scores if one.fold == fold)
        axes.plot(*zip(*own), "o-", color=SOFT, lw=0.6, ms=4, label="measured, a line per fold" if fold == 1 else None)
    axes.errorbar(
        [2 * advice.labels], [twice.expected], [[twice.expected - twice.low], [twice.high - twice.expected]],
        fmt="s", color=orange, capsize=4, label=f"expected at twice the labels, {100 * LEVEL:.0f} % interval",
    )  # fmt: skip
    axes.axvline(advice.labels, color=INK, lw=0.8, ls=":")
    axes.annotate("now", (advice.labels, 0.02), xycoords=("data", "axes fraction"), color=INK, ha="right", rotation=90)
    axes.set_xscale("log", base=2)
    ticks = sorted({*(one.labels for one in advice.scores), advice.labels, 2 * advice.labels})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("masks to learn from")
    axes.set_ylabel("IoU on images never seen, %")
    axes.set_title(f"From {advice.labels} to {2 * advice.labels} masks: IoU {advice.now.expected:.0f} to "
                   f"{twice.expected:.0f} ({twice.low:.0f} to {twice.high:.0f})")  # fmt: skip
    low, high = axes.get_ylim()
    spare = max(0.0, LEAST_POINTS - (high - low)) / 2  # a flat curve looks flat
    axes.set_ylim(low - spare, high + spare)
    axes.legend(loc="best", fontsize=8)
