"""The advice itself: scores by number of labels, what is foretold, and the sentence that follows."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from semicurv_tf.advice.label_sets import LEVELS
from semicurv_tf.advice.learning_curve import LEVEL, Interval, LearningCurve, Score
from semicurv_tf.wording import counted

WORTH_POINTS = 1.0  # of IoU: what twice the labels must bring to be worth drawing
# A curve that falls by more than this says that its networks were too short to learn what more labels teach.
FALLING_POINTS = 0.25


class Advice(NamedTuple):
    """What was measured, what is expected, what to do.

    Attributes:
        scores: of each network, mean IoU over its fold's held-out images.
        levels: of each network, 0 for all labels of its fold, 1 for half, 2 for a quarter.
        images: held-out images per fold.
        labels: masks that the run learned from.
        steps, run_steps: length of each network, and of the run.
        curve: the fit.
        command: what finds the images to label next; None where the run has no unlabelled ones.
        longer: what trains networks of the run's length; None where they are.
    """

    scores: tuple[Score, ...]
    levels: tuple[int, ...]
    images: dict[int, int]
    labels: int
    steps: int
    run_steps: int
    curve: LearningCurve
    command: str | None
    longer: str | None = None

    @property
    def now(self) -> Interval:
        """The curve at today's labels, in percent."""
        return self.curve.at(self.labels)

    @property
    def twice(self) -> Interval:
        """What is expected at twice the labels, in percent."""
        return self.curve.foretold(2 * self.labels)


def summarise_advice(
    networks: Sequence[tuple[int, int, int]],
    found: Sequence[dict],
    *,
    labels: int,
    steps: int,
    run_steps: int,
    command: str | None,
    longer: str | None = None,
) -> Advice:
    """Fits the curve.

    Args:
        networks: fold, level and number of masks of each.
        found: of each, what `score_run` returned.
        labels, steps, run_steps, command, longer: see `Advice`.
    """
    scores = tuple(
        Score(fold, masks, 100 * scored["mean"]["iou"])
        for (fold, _, masks), scored in zip(networks, found, strict=True)
    )
    images = {fold: scored["images"] for (fold, _, _), scored in zip(networks, found, strict=True)}
    curve = LearningCurve(scores, labels, images)
    return Advice(
        scores, tuple(level for _, level, _ in networks), images, labels, steps, run_steps, curve, command, longer
    )


def sentence(advice: Advice) -> str:
    """Label more, label these, or enough; unsure where the score falls and longer networks may tell."""
    now, twice, gain = advice.now.expected, advice.twice, advice.curve.gain.expected
    more = f"{counted(advice.labels, 'more mask')} to learn from"
    if gain < -FALLING_POINTS and advice.longer is not None:
        return (
            f"unsure: networks of {advice.steps} steps score lower with more labels (IoU {now:.1f} now, "
            f"{twice.expected:.1f} expected at twice), as too short ones do; surer: {advice.longer}"
        )
    if gain < WORTH_POINTS:
        return (
            f"enough: twice the labels are expected to bring less than {WORTH_POINTS:.0f} point "
            f"({more}: IoU from {now:.1f} to {twice.expected:.1f}, {twice.low:.0f} to {twice.high:.0f})"
        )
    expected = (
        f"{more} {'is' if advice.labels == 1 else 'are'} expected to bring IoU from {now:.0f} to "
        f"{twice.expected:.0f} ({twice.low:.0f} to {twice.high:.0f})"
    )
    if advice.command is None:
        return f"label more: {expected}"
    return f"label these: {expected}; which: {advice.command}"


def table(advice: Advice) -> str:
    """The scores for a terminal, what is expected, and the sentence last."""
    folds = sorted(advice.images)
    head = "".join(f"{f'fold {fold}':>9}" for fold in folds)
    lines = [f"{'masks':<10}{head}{'mean IoU':>10}"]
    weights = [advice.images[fold] for fold in folds]
    for level in sorted(set(advice.levels), reverse=True):
        of_fold = {one.fold: one for one, at in zip(advice.scores, advice.levels) if at == level}
        sizes = sorted({one.labels for one in of_fold.values()})
        cells = [f"{of_fold[fold].percent:.1f}" if fold in of_fold else "-" for fold in folds]
        whole = len(of_fold) == len(folds)
        mean = f"{np.average([of_fold[fold].percent for fold in folds], weights=weights):.1f}" if whole else "-"
        name = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        lines.append(f"{name:<10}{''.join(f'{cell:>9}' for cell in cells)}{mean:>10}")
    before = 9 * len(folds) + 10
    lines.append(f"{f'{advice.labels}, now':<10}{advice.now.expected:>{before}.1f}  by the curve")
    twice = advice.twice
    lines.append(
        f"{f'{2 * advice.labels}, twice':<10}{twice.expected:>{before}.1f}  by the curve, {100 * LEVEL:.0f} % interval "
        f"{twice.low:.1f} to {twice.high:.1f}"
    )
    images = counted(sum(weights), "image")
    note = f"IoU in percent on the run's {images} with a mask, each scored by networks that never saw it"
    if advice.steps != advice.run_steps:
        note += (
            f";\nthe networks are {advice.steps} steps long, the run {advice.run_steps}: its score may lie elsewhere "
            f"(--steps {advice.run_steps} measures at its length)"
        )
    if len(set(advice.levels)) < LEVELS:
        note += (
            ";\nso few photographs make two sizes of label sets alone, of which the interval tends to be too narrow "
            "(results/advice)"
        )
    return "\n".join([*lines, note, sentence(advice)])


def as_dict(advice: Advice) -> dict:
    """For RUN/advice.json; percent."""
    interval = lambda one: {key: round(value, 3) for key, value in one._asdict().items()}
    return {
        "sentence": sentence(advice),
        "next": None if advice.command is None else shlex.split(advice.command),
        "level": LEVEL,
        "labels": advice.labels,
        "now": interval(advice.now),
        "twice": interval(advice.twice),
        "gain": interval(advice.curve.gain),
        "noise_points": round(advice.curve.noise_points, 3),
        "steps": advice.steps,
        "run_steps": advice.run_steps,
        "images": {str(fold): images for fold, images in advice.images.items()},
        "scores": [
            {"fold": one.fold, "labels": one.labels, "iou": round(one.percent, 3)} for one in advice.scores
        ],
    }  # fmt: skip
