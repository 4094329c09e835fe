"""Figure 3 of the paper, computed by this project's warp and losses on a drawn image.

(a) A random view, a prediction in it, and the prediction brought back to the original pose (Sect. III-C).
(b) The mean square error of two scalar predictions: zero on the whole diagonal (Sect. III-D).
(c) What the paper proves in Eq. 7 and 8, as surfaces: two sets of maps on the way from collapsed to right. The mean
square error is zero wherever the two agree, the N-pair loss is smallest where both are right.
(d) Why the inverse must fit: both losses of one and the same prediction, brought back by a turn or a shift that is off.
"""

import functools

import numpy as np
import tensorflow as tf

from semicurv_tf.data.drawing import draw_example
from semicurv_tf.geometry import affine
from semicurv_tf.geometry.warp import seen_by_view, unwarp, warp
from semicurv_tf.losses import mse_loss, npair_loss
from semicurv_tf.pictures.figure import drawn
from semicurv_tf.report.document import Figure

SIDE_PX = 128
IMAGES = 4  # N_B of Eq. 5
STEPS = 21
TURN_DEGREES, SHIFT_SHARE = 35.0, 0.12
# As graphs: each surface takes hundreds of them.
_mse, _npair = (tf.function(loss, autograph=False) for loss in (mse_loss, npair_loss))
ORIGINAL, VIEW = "#ffd400", "#d6231f"  # yellow dashed and red solid, as in the paper


def view_figure() -> Figure:
    """(a)."""
    image, mask = _examples()
    image, mask = image[:1], mask[:1]
    transform = _view()
    seen = seen_by_view(transform, SIDE_PX, SIDE_PX)[0, ..., 0].numpy()
    predicted = warp(mask, transform)
    back = unwarp(predicted, transform)[0, ..., 0].numpy()
    view = warp(image, transform)[0].numpy()

    def draw(figure):
        panels = figure.subplots(1, 4)
        shown = (
            (_extrapolated(image[0].numpy()), "image X, mirrored outwards"),
            (view, "view t(X)"),
            (predicted[0, ..., 0].numpy(), "prediction in the view"),
            (np.where(seen > 0, back, 0.45), "brought back, grey: not seen"),
        )
        for axes, (picture, title) in zip(panels, shown):
            picture = picture / 255 if picture.ndim == 3 else picture
            axes.imshow(np.clip(picture, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(title)
            axes.axis("off")
        # In the first panel the image begins SIDE_PX / 2 from the left and from the top.
        _frame(panels[0], np.eye(3), ORIGINAL, "--", SIDE_PX / 2)
        _frame(panels[0], affine.invert(transform)[0].numpy(), VIEW, "-", SIDE_PX / 2)
        _frame(panels[3], np.eye(3), ORIGINAL, "-", 0)

    caption = (
        "Figure 3 (a). Red: what the view sees; yellow: the original frame. Beyond the edges the image is mirrored. "
        "The prediction is brought back by the exact inverse; pixels that the view never saw do not count."
    )
    return Figure("figure3a", drawn(draw, 10, 2.9), caption)


def surface_figure() -> Figure:
    """(b), (c) and (d)."""
    axis = np.linspace(0, 1, STEPS)
    scalar = scalar_surface(axis)
    mse, npair = collapse_surfaces(axis)
    turns, by_turn = misaligned(
        np.linspace(-20, 20, STEPS), lambda degrees: affine.about_centre(affine.rotation([degrees]), SIDE_PX, SIDE_PX)
    )

    def draw(figure):
        left, middle, right, last = figure.subplots(1, 4)
        surfaces = (
            (left, scalar, "(b) MSE of two scalars", "student's prediction", "teacher's prediction"),
            (middle, mse, "(c) MSE of maps", "student: collapsed → right", "teacher: collapsed → right"),
            (right, npair, "(c) N-pair of the same", "student: collapsed → right", "teacher: collapsed → right"),
        )
        for axes, values, title, x, y in surfaces:
            shades = axes.contourf(axis, axis, values.T, levels=14, cmap="viridis")
            axes.set(title=title, xlabel=x, ylabel=y, aspect="equal")
            axes.grid(visible=False)
            figure.colorbar(shades, ax=axes, shrink=0.62, format="%.2g")
        last.plot(turns, by_turn[:, 0] / by_turn[:, 0].max(), color="#d55e00", label="MSE")
        last.plot(turns, by_turn[:, 1] / by_turn[:, 1].max(), color="#0b4f8a", label="N-pair")
        last.set(
            title="(d) inverse off by a turn", xlabel="degrees", ylabel="loss, share of its largest", ylim=(0, 1.05)
        )
        last.legend()

    caption = (
        "Figure 3 (b), and what follows from it. (b) The MSE is zero wherever student and teacher agree, right or not. "
        "(c) Four drawn masks, mixed with their "
        "constant mean: (0, 0) is collapsed, (1, 1) right. The MSE has the same zero diagonal; the N-pair loss is "
        f"log 4 = {np.log(4):.2f} where both are collapsed (here {npair[0, 0]:.2f}) and {npair[-1, -1]:.3f} "
        "where both are right (Eq. 7, 8). "
        "(d) Both losses of a perfect prediction whose inverse is off by some degrees."
    )
    return Figure("figure3bcd", drawn(draw, 13, 3.3), caption)


def scalar_surface(axis):
    """MSE of a student's and a teacher's scalar, `(len(axis), len(axis))`, student first."""
    one = lambda value: tf.fill((1, 1, 1, 1), tf.constant(value, tf.float32))
    return np.array([[float(_mse(one(a), one(b))) for b in axis] for a in axis])


def collapse_surfaces(axis):
    """MSE and N-pair loss of maps between their constant mean (0) and the truth (1).

    Returns:
        Two arrays `(len(axis), len(axis))`, student first.
    """
    _, truth = _examples()
    flat = tf.ones_like(truth) * tf.reduce_mean(truth)
    mixed = [flat + (truth - flat) * tf.constant(share, tf.float32) for share in axis]
    mse = np.array([[float(_mse(a, b)) for b in mixed] for a in mixed])
    return mse, np.array([[float(_npair(a, b)) for b in mixed] for a in mixed])


def misaligned(amounts, wrong):
    """Losses of perfect predictions, the student's brought back by an inverse that is off.

    Args:
        amounts: how far it is off.
        wrong: from an amount to the transform `(1, 3, 3)` by which it is off.

    Returns:
        The amounts, and `(len(amounts), 2)`: MSE and N-pair loss over the pixels that both saw.
    """
    _, truth = _examples()
    losses = []
    for amount in amounts:
        transform = affine.compose(wrong(float(amount)), _view())
        seen = seen_by_view(transform, SIDE_PX, SIDE_PX) * seen_by_view(_view(), SIDE_PX, SIDE_PX)
        seen = tf.tile(seen, [IMAGES, 1, 1, 1])
        student, teacher = (unwarp(warp(truth, _view()), other) for other in (transform, _view()))
        losses.append([float(_mse(student, teacher, seen)), float(_npair(student, teacher, seen))])
    return np.asarray(amounts), np.array(losses)


@functools.cache
def _examples():
    """Drawn images and their masks, `(IMAGES, SIDE_PX, SIDE_PX, channels)` float32."""
    drawn_pairs = [draw_example([3, 0, number]) for number in range(IMAGES)]
    image = tf.constant(np.stack([pair[0] for pair in drawn_pairs]), tf.float32)
    mask = np.stack([np.asarray(pair[1]).reshape(SIDE_PX, SIDE_PX, 1) for pair in drawn_pairs])
    return image, tf.constant(mask > 0, tf.float32)


def _view():
    shift = affine.translation([SHIFT_SHARE * SIDE_PX], [-SHIFT_SHARE * SIDE_PX])
    return affine.compose(affine.about_centre(affine.rotation([TURN_DEGREES]), SIDE_PX, SIDE_PX), shift)


def _extrapolated(image):
    """The image with half of itself mirrored beyond each edge."""
    margin = SIDE_PX // 2
    return np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")


def _frame(axes, transform, colour: str, style: str, offset: float):
    """The outline of the frame after a transform `(3, 3)`."""
    last = SIDE_PX - 1
    corners = transform @ np.array([[0, last, last, 0, 0], [0, 0, last, last, 0], [1, 1, 1, 1, 1]])
    axes.plot(corners[0] + offset, corners[1] + offset, style, color=colour, linewidth=1.6)
