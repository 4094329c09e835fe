"""What a pre-training is, apart from its length: all of it stands in the run and in the card of its weights."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semicurv_tf.config import ViewsConfig
from semicurv_tf.drawing import KINDS, PARTS
from semicurv_tf.errors import UserError
from semicurv_tf.weights.builtin import BUILT_IN, START_FILE, read_weights
from semicurv_tf.wording import typed


@dataclass(frozen=True)
class PretrainingSettings:
    """Settings of a pre-training.

    Attributes:
        seed: of weights, drawings, order and views.
        kinds: kinds of `semicurv_tf.drawing.KINDS`, in equal shares; empty: all, in the drawing's own shares.
        without: kinds of the shares that are left out, and `semicurv_tf.drawing.PARTS` that no image has.
        widths: of the residual UNet.
        start: weights to go on from, a name or a file as for `model.start`; empty: random ones.
        stages: `(last step, side of the crops in pixels, images per step)` in their order; the last stage has no end.
            Small crops first: lines are learned from four times as many images in the same time, sizes after.
        learning_rate: of Adam; held, then lowered to 0 by a cosine over the last `decay` share of the run.
        decay: see `learning_rate`. Held for most of the run, it can be made longer without starting over.
        average: weight of the old average in the averaged weights, which are those that count.
        momentum: of batch normalisation.
        size: of the drawn images in pixels.
        images_per_file: images that are drawn into one file; a file's first seed is its number times this.
        steps_per_file: steps after which one more file joins those that images are taken from.
        files: how many of the newest files images are taken from.
        turned_only: share of images that are flipped and turned by right angles, without interpolation.
        centred: share of crops that hold some curve, if the image has one.
    """

    seed: int = 0
    kinds: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    start: str = ""
    stages: tuple[tuple[int, int, int], ...] = ((3500, 64, 8), (10**9, 112, 4))
    learning_rate: float = 1e-3
    decay: float = 0.4
    average: float = 0.998
    momentum: float = 0.99
    size: int = 128
    images_per_file: int = 1000
    steps_per_file: int = 200
    files: int = 6
    turned_only: float = 0.5
    centred: float = 0.5

    def stage(self, step: int) -> tuple[int, int]:
        """Side of the crops and images per step, of a step counted from 0."""
        return next((size, batch) for last, size, batch in self.stages if step < last)


# From weights that know curves already: no small crops, and half the rate.
GOING_ON: dict[str, Any] = {"stages": ((10**9, 112, 4),), "learning_rate": 5e-4}

# Drawn images lie at all angles already: what they lack are sizes between those drawn, and the camera's own changes.
VIEWS = ViewsConfig(flip_vertical=0.5, scale=1.5, translation=0.1, colour=0.3, photometric=0.4)


def checked_kinds(option: str, text: str, known: Collection[str] = KINDS) -> tuple[str, ...]:
    """The names of a comma-separated list; empty where there is none.

    Args:
        option: what the user typed before it, for the error.
        text: the list.
        known: the names there are.

    Raises:
        UserError: an unknown name; the line tells those there are.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in known:
            raise UserError(
                f"{option}: expected some of {', '.join(known)}, found {name!r}. Fix: {option} cracks,vessels"
            )
    return names


def checked_start(start: str, widths: tuple[int, ...]) -> str:
    """The weights of `--from`, looked at before anything is drawn.

    Args:
        start: a name or a file.
        widths: those of `--widths`.

    Returns:
        `start`.

    Raises:
        UserError: neither, a damaged file, or weights of other widths.
    """
    if start not in BUILT_IN and not Path(start).is_file():
        file = Path(start, START_FILE)
        remedy = f"--from {typed(file)}" if file.is_file() else "--from curves, or leave it out for random weights"
        raise UserError(
            f"--from {start}: expected {' or '.join(BUILT_IN)}, or the {START_FILE} of another run, found "
            f"{'a folder' if Path(start).is_dir() else 'no such file'}. Fix: {remedy}"
        )
    needed = read_weights(start).widths
    if needed != widths:
        text = lambda numbers: ",".join(map(str, numbers))
        raise UserError(
            f"--from {start}: expected the channels of these weights, --widths {text(needed)}, found {text(widths)}. "
            f"Fix: --widths {text(needed)}"
        )
    return start


def checked_without(text: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The names of `--without`, sorted.

    Args:
        text: a comma-separated list.
        kinds: those of `--kinds`.

    Raises:
        UserError: an unknown name, a kind beside `--kinds`, or no kind is left.
    """
    without = checked_kinds("--without", text, (*KINDS, *PARTS))
    left_out = [name for name in without if name in KINDS]
    if kinds and left_out:
        raise UserError(
            f"--without {left_out[0]}: expected no kind beside --kinds, which names those to draw. "
            f"Fix: leave {left_out[0]} out of --without"
        )
    if set(KINDS) <= set(without):
        raise UserError("--without: expected at least one kind to be left, found none. Fix: name fewer kinds")
    return tuple(sorted(set(without)))
