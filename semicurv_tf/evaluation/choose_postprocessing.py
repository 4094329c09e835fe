"""The threshold and the steps after it, chosen together on images that no result is reported on.

One setting after another: the threshold alone first, then hysteresis, gap bridging, the smallest component and the
threshold again, until nothing gains any more. A setting is taken only where it gains at least `LEAST_GAIN`, so that
few images do not switch on what they do not need; and the choice is never below the best threshold alone.
"""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
from rich.console import Console
from rich.progress import track

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.choose_threshold import require_no_test
from semicurv_tf.evaluation.open_run import OpenRun, SplitImages
from semicurv_tf.metrics.catalogue import METRICS
from semicurv_tf.metrics.overlap import THRESHOLD
from semicurv_tf.metrics.tally import Tally
from semicurv_tf.postprocessing.finish import finished_mask
from semicurv_tf.postprocessing.settings import PostProcessing, as_dict, from_dict
from semicurv_tf.training import run_folder
from semicurv_tf.whole_files import write_json
from semicurv_tf.wording import counted, typed

CHOICES = ("iou", "f1", "cldice")
REPORTED = ("iou", "cldice", "betti0_error", "betti1_error")
LEAST_GAIN = 0.001  # of the mean over images
MOST_PIXELS = 60_000_000  # held at once, 9 bytes each; of more images some are taken, evenly spread
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
LOW_SHARES = (0.75, 0.5, 0.25, 0.1)  # of the threshold
BRIDGES_PX = (0, 4, 8, 16)
SMALLEST_PX = (0, 8, 16, 32, 64, 128, 256)
_ROUNDS = 3


@dataclasses.dataclass(frozen=True)
class Held:
    """An image to be finished in many ways: bool and float `(height, width)`."""

    name: str
    target: np.ndarray
    probability: np.ndarray
    valid: np.ndarray


@dataclasses.dataclass(frozen=True)
class Finish:
    """A threshold and the steps after it."""

    threshold: float
    steps: PostProcessing = dataclasses.field(default_factory=PostProcessing)

    def neighbours(self) -> Iterable[list["Finish"]]:
        """What else may stand in each place, place by place."""
        change = lambda **values: dataclasses.replace(self, steps=dataclasses.replace(self.steps, **values))
        yield [change(hysteresis_low=None)] + [
            change(hysteresis_low=round(share * self.threshold, 4)) for share in LOW_SHARES
        ]
        yield [change(bridge_px=px) for px in BRIDGES_PX]
        yield [change(smallest_component_px=px) for px in SMALLEST_PX]
        low = self.steps.hysteresis_low or 0.0
        yield [dataclasses.replace(self, threshold=one) for one in THRESHOLDS if one > low]


def choose_postprocessing(opened: OpenRun, split: str | None, metric: str, console: Console | None) -> dict:
    """Chooses, and writes RUN/threshold.json with the steps in it.

    Args:
        opened: the run.
        split: "validation" or "labelled"; None, or "validation" of a dataset without: validation, else labelled.
        metric: one of `CHOICES`; its mean over images is to be highest.
        console: for progress.

    Returns:
        What was written: "threshold", "postprocessing", "split", "metric", "score", "score_at_0.5", "images" (and
        "of_images" where not all were held), "step"; "before" and "after", each with the means of `REPORTED`: at the
        best threshold alone, and with the steps.

    Raises:
        UserError: the split is "test" or "new", or no image has a valid pixel.
    """
    require_no_test(split)
    if split != "labelled":
        split = "labelled" if opened.dataset.validation is None else "validation"
    images = opened.images(split)
    taken = _spread(images)
    held = [
        Held(image.name, image.target[..., 0] > 0.5, image.probability[..., 0], image.valid[..., 0] > 0.5)
        for image in opened.predictions(taken, console, f"{split} images")
        if (image.valid > 0.5).any()
    ]
    if not held:
        raise UserError(f"--split {split}: expected images with valid pixels, found none. Fix: another --split")
    before, after = search(lambda finish: mean_scores(held, finish, (metric,))[metric], console)
    reported = tuple(dict.fromkeys((metric, *REPORTED)))
    told = {name: mean_scores(held, finish, reported) for name, finish in (("before", before), ("after", after))}
    chosen = {
        "threshold": after.threshold,
        "postprocessing": as_dict(after.steps),
        "split": split,
        "metric": metric,
        "score": round(told["after"][metric], 4),
        "score_at_0.5": round(mean_scores(held, Finish(THRESHOLD), (metric,))[metric], 4),
        "images": len(held),
        **({"of_images": len(images.indices)} if len(taken.indices) < len(images.indices) else {}),
        "step": opened.facts["step"],
        "before": {"threshold": before.threshold} | {name: round(told["before"][name], 4) for name in reported},
        "after": {name: round(told["after"][name], 4) for name in reported},
    }
    write_json(opened.folder / run_folder.THRESHOLD, chosen)
    return chosen


def search(score: Callable[[Finish], float], console: Console | None = None) -> tuple[Finish, Finish]:
    """The best threshold alone, and the best finish found from there; see the module.

    Args:
        score: of a finish, to be highest.
        console: for progress; None: silent.
    """
    known: dict[Finish, float] = {}

    def scored(finish: Finish) -> float:
        if finish not in known:
            known[finish] = score(finish)
        return known[finish]

    alone = [Finish(threshold) for threshold in THRESHOLDS]
    shown = alone if console is None else track(alone, "thresholds", console=console, transient=True)
    values = np.array([scored(finish) for finish in shown])
    equal = np.flatnonzero(values >= values.max() - 1e-9)
    best = alone[min(equal, key=lambda place: abs(THRESHOLDS[place] - THRESHOLD))]
    before = best
    for _ in range(_ROUNDS):
        begun = best
        places = range(len(list(best.neighbours())))
        shown_places = places if console is None else track(places, "steps", console=console, transient=True)
        for place in shown_places:
            found = max(list(best.neighbours())[place], key=scored)
            if scored(found) >= scored(best) + LEAST_GAIN:
                best = found
        if best == begun:
            break
    return before, best


def mean_scores(held: Iterable[Held], finish: Finish, metrics: tuple[str, ...]) -> dict[str, float]:
    """Means over images of metrics of masks."""
    tally = Tally(metrics)
    for image in held:
        mask = finished_mask(image.probability, finish.threshold, finish.steps, image.valid)
        tally.add(image.name, image.target, mask.astype(np.float32), image.valid)
    return {
        name: float(np.nanmean(np.asarray(METRICS[name].score(tally.counts(METRICS[name].counts)), np.float64)))
        for name in metrics
    }


def chosen_steps(opened: OpenRun) -> PostProcessing:
    """The steps that were chosen for a run.

    Raises:
        UserError: none were, or at another step.
    """
    choice = run_folder.read_choice(opened.folder)
    if choice is None or "postprocessing" not in choice:
        raise UserError(
            f"--postprocessing chosen: {opened.folder / run_folder.THRESHOLD} holds no post-processing. "
            f"Fix: semicurv-tf evaluate --run {typed(opened.folder)} --choose postprocessing"
        )
    return run_folder.chosen_postprocessing(opened.folder, opened.facts["step"])


def describe(chosen: dict, opened: OpenRun) -> str:
    """The choice as text for a terminal; says plainly when the images were trained on."""
    path = opened.folder / run_folder.THRESHOLD
    steps = from_dict(chosen["postprocessing"], path)
    images = counted(chosen["images"], f"{chosen['split']} image")
    of = f" (of {chosen['of_images']}, evenly spread)" if "of_images" in chosen else ""
    alone = f"threshold {chosen['before']['threshold']:g} alone"
    lines = [
        f"threshold {chosen['threshold']:g}, post-processing: {steps.said()}",
        f"chosen for the highest mean {METRICS[chosen['metric']].title} on {images}{of}; written to {path}",
        f"{'mean of images':<18}{alone:>24}{'chosen':>10}",
    ]
    for name in chosen["after"]:
        percent = METRICS[name].percent
        cells = [100 * chosen[side][name] if percent else chosen[side][name] for side in ("before", "after")]
        lines.append(f"{METRICS[name].title + (' %' if percent else ''):<18}{cells[0]:>24.1f}{cells[1]:>10.1f}")
    if chosen["split"] == "labelled":
        lines.append(
            "note: these are the labelled training images, which the network knows: expect another best choice on new "
            "ones"
        )
    return "\n".join(lines)


def _spread(images: SplitImages) -> SplitImages:
    """As many of the images, evenly spread, as are held at once."""
    sizes = np.array([images.store.shapes[index][0] * images.store.shapes[index][1] for index in images.indices])
    if sizes.sum() <= MOST_PIXELS:
        return images
    count = max(1, int(MOST_PIXELS / sizes.mean()))
    places = np.linspace(0, len(sizes) - 1, count).round().astype(int)
    return SplitImages(images.store, [images.indices[place] for place in np.unique(places)])
