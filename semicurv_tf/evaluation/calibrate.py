"""Calibration of a run: a temperature fitted on validation images, kept in RUN/temperature.json.

From then on the run's network gives calibrated probabilities wherever it is used: `predict`, `evaluate`, exports, and
`deployed.keras`. A threshold that was chosen before is carried over, so that masks stay as they are.
"""

from rich.console import Console
from rich.table import Table

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.choose_threshold import FEWEST, require_no_test
from semicurv_tf.evaluation.open_run import OpenRun
from semicurv_tf.metrics.reliability import Reliability, at_temperature
from semicurv_tf.training import run_folder
from semicurv_tf.whole_files import write_json, written_whole
from semicurv_tf.wording import counted


def calibrate(opened: OpenRun, split: str | None, console: Console | None) -> dict:
    """Fits the temperature and writes RUN/temperature.json and `deployed.keras`.

    Args:
        opened: the run; as it is now, thus calibrated before, perhaps.
        split: "validation" or None. Images that the network was trained on would say that it is always sure.
        console: for progress.

    Returns:
        What was written: "temperature" of the logits as trained, "images", "split", "step"; "before" and "after", each
        with "calibration_error", "cross_entropy" and "bins" (see `Reliability`).

    Raises:
        UserError: another split, too few validation images, or a run whose predictions are averaged.
    """
    require_no_test(split)
    found = 0 if opened.dataset.validation is None else len(opened.images("validation").indices)
    if split == "labelled" or found < FEWEST:
        raise UserError(
            f"--choose calibration: expected at least {FEWEST} validation images with masks, found {found}; on images "
            "that it was trained on a network is always sure. Fix: name more images as validation in splits/"
        )
    if opened.tta != "none":
        raise UserError(
            f"--choose calibration: expected a run that predicts without averaging, found model.tta={opened.tta}. "
            "Fix: a run trained with --set model.tta=none"
        )
    reliability = Reliability()
    for image in opened.predictions(opened.images("validation"), console, "validation images"):
        reliability.add(image.target, image.probability, image.valid)
    if not reliability.images:
        raise UserError("--split validation: expected images with valid pixels, found none. Fix: other masks")
    more = reliability.temperature()
    step = opened.facts["step"]
    chosen = {
        "temperature": run_folder.temperature(opened.folder, step) * more,
        "images": reliability.images,
        "split": "validation",
        "step": step,
        "before": _told(reliability, 1.0),
        "after": _told(reliability, more),
    }
    _carry_over(opened, more)
    write_json(opened.folder / run_folder.TEMPERATURE, chosen)
    network, _ = run_folder.load_deployed(opened.folder)
    with written_whole(opened.folder / run_folder.DEPLOYED) as part:
        network.save(part)
    return chosen


def _told(reliability: Reliability, temperature: float) -> dict:
    return {
        "calibration_error": reliability.expected_calibration_error(temperature),
        "cross_entropy": reliability.cross_entropy(temperature),
        "bins": reliability.bins(temperature),
    }


def _carry_over(opened: OpenRun, temperature: float) -> None:
    """Rewrites a chosen threshold, and the lower one of a hysteresis, for logits divided by `temperature`."""
    choice = run_folder.read_choice(opened.folder)
    if choice is None:
        return
    choice["threshold"] = at_temperature(choice["threshold"], temperature)
    steps = choice.get("postprocessing") or {}
    if steps.get("hysteresis_low"):
        steps["hysteresis_low"] = at_temperature(steps["hysteresis_low"], temperature)
    write_json(opened.folder / run_folder.THRESHOLD, choice)


def table(chosen: dict) -> Table:
    """Before and after, bin by bin, for a terminal."""
    shown = Table(title="share of foreground where the network says ...")
    for heading in ("before: says", "is", "of pixels", "after: says", "is", "of pixels"):
        shown.add_column(heading, justify="right")
    sides = [
        [[f"{100 * row[key]:.1f} %" for key in ("probability", "foreground", "weight")] for row in chosen[when]["bins"]]
        for when in ("before", "after")
    ]
    for place in range(max(map(len, sides))):
        shown.add_row(*[cell for side in sides for cell in (side[place] if place < len(side) else ["", "", ""])])
    return shown


def describe(chosen: dict, opened: OpenRun) -> str:
    """The outcome as text for a terminal."""
    before, after = (100 * chosen[when]["calibration_error"] for when in ("before", "after"))
    return (
        f"temperature {chosen['temperature']:.3f}, fitted on {counted(chosen['images'], 'validation image')}: mean "
        f"distance of probability and truth {before:.2f} % before, {after:.2f} % after; written to "
        f"{opened.folder / run_folder.TEMPERATURE}. Masks stay as they are; export again what is served"
    )
