"""`semicurv-tf evaluate`: the scores of a run on images with masks, and the choice of its threshold."""

from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteRange
from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.onednn import take_onednn
from semicurv_tf.threads import one_layer_at_a_time

EXAMPLES = """
\b
Examples:
  semicurv-tf evaluate --run runs/first
  semicurv-tf evaluate --run runs/first --metrics all --page report.html
  semicurv-tf evaluate --run runs/roads --metrics iou,completeness,correctness,quality --tolerance-px 3
  semicurv-tf evaluate --run runs/first --split validation --choose-threshold
  semicurv-tf evaluate --run runs/first --metrics all --threshold chosen
  semicurv-tf evaluate --run runs/first --choose postprocessing --choose-by cldice
  semicurv-tf evaluate --run runs/first --metrics all --postprocessing chosen
  semicurv-tf evaluate --run runs/first --choose calibration
  semicurv-tf evaluate --run runs/first --new          # images with masks that came since it was trained
  semicurv-tf evaluate --run runs/first --folds 5      # few masks: five networks, every mask scored once

\b
Metrics: iou, f1, precision, recall, average_precision, aiu, ods, ois, cldice, betti0_error, betti1_error,
completeness, correctness, quality, rand_error. docs/metrics.md defines each.

\b
Written: RUN/scores.json, a key per split (and threshold, where it is not 0.5); with --choose
RUN/threshold.json, which `predict` and `export` use unless told otherwise, or with calibration
RUN/temperature.json, which sets the network's probabilities right; with --page one self-contained HTML file;
with --folds 5 RUN/folds-5.json, and a run per fold in RUN/folds-5.
"""


class _Threshold(click.ParamType):
    name = "number|chosen"

    def convert(self, value, param, ctx):
        if value == "chosen":
            return value
        try:
            fits = 0 < float(value) < 1
        except ValueError:
            fits = False
        if not fits:
            self.fail(
                f"expected a number in (0, 1), or `chosen` for that of RUN/threshold.json, found {value!r}", param, ctx
            )
        return str(value)


@click.command(epilog=EXAMPLES)
@click.option("--run", required=True, type=click.Path(path_type=Path), help="A folder made by `semicurv-tf train`.")
@click.option("--data-dir", type=click.Path(), help="The dataset's folder, if it moved since the training.")
@click.option("--unlabelled-dir", type=click.Path(), help="Likewise, the second folder.")
@click.option(
    "--split", type=click.Choice(["test", "validation", "labelled"]),
    help="Which images; labelled: those whose masks were trained on.  [default: test]",
)  # fmt: skip
@click.option(
    "--folds", type=click.IntRange(min=2), metavar="N",
    help="Instead of a split: train N networks as RUN was, each without an N-th of all masks, and score it on those. "
    "Resumes where it stopped.",
)  # fmt: skip
@click.option("--new", is_flag=True, help="Instead of a split: images with masks that came since the run began.")
@click.option("--metrics", metavar="NAMES", help="Further metrics with intervals: comma-separated names, or all.")
@click.option(
    "--tolerance-px", type=FiniteRange(0, 100), default=2.0, show_default=True,
    help="For matching centrelines (ods, ois) and for buffers (completeness, correctness, quality).",
)  # fmt: skip
@click.option(
    "--threshold", type=_Threshold(), default="0.5", show_default=True, help="Foreground above this probability."
)
@click.option(
    "--tta", type=click.Choice(["none", "d4", "scales", "all"]),
    help="How predictions are averaged, see `predict --help`.  [default: the run's model.tta]",
)  # fmt: skip
@click.option(
    "--page", type=click.Path(path_type=Path), metavar="FILE",
    help="Also write an HTML page with all scores; without --metrics, of all metrics.",
)  # fmt: skip
@click.option(
    "--postprocessing", type=click.Choice(["none", "chosen"]), default="none", show_default=True,
    help="chosen: score masks at the threshold and after the steps of --choose postprocessing.",
)  # fmt: skip
@click.option(
    "--choose", type=click.Choice(["threshold", "postprocessing", "calibration"]),
    help="Choose the threshold on validation images, or labelled ones where there are none; or with it the smallest "
    "component, hysteresis and the bridging of gaps; or the temperature at which probabilities mean what they say.",
)  # fmt: skip
@click.option("--choose-threshold", is_flag=True, help="Short for --choose threshold.")
@click.option(
    "--choose-by", type=click.Choice(["iou", "f1", "cldice"]), default="iou", show_default=True,
    help="With --choose: metric to maximise, its mean over images; cldice with postprocessing alone.",
)  # fmt: skip
def evaluate(
    run, data_dir, unlabelled_dir, split, folds, new, metrics, tolerance_px, threshold, tta, page, postprocessing,
    choose, choose_threshold, choose_by,
):  # fmt: skip
    """Score a trained network: IoU and F1 at threshold 0.5, mean over images as in the paper, and pooled.

    The network of the last step is scored (the teacher, where the method has one): no checkpoint is picked by its
    test score. The scores are printed as a table and written to RUN/scores.json.

    The split is the one that the run was trained with (RUN/manifest.jsonl), whatever came to the folder since; images
    that changed or are gone are named.
    """
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.metrics.catalogue import metrics_of

    names = metrics_of(metrics, page is not None)
    _require_compatible(
        split, folds, new, names, threshold, tta, page, postprocessing, choose, choose_threshold, choose_by
    )  # fmt: skip
    if folds is not None:
        _score_folds(run, folds, data_dir, unlabelled_dir)
        return
    if page is not None:
        from semicurv_tf.report.page import require_file

        require_file(page, "--page")
    one_layer_at_a_time()
    with quiet_start():
        from semicurv_tf.evaluation.open_run import open_run
    opened = open_run(run, data_dir, console(), unlabelled_dir, tta)
    split = "new" if new else split
    if choose_threshold or choose == "threshold":
        _choose_threshold(opened, split, choose_by)
    elif choose == "postprocessing":
        _choose_postprocessing(opened, split, choose_by)
    elif choose == "calibration":
        _calibrate(opened, split)
    else:
        asked_for_all = (metrics or "").strip().lower() == "all"
        _score(opened, split, names, asked_for_all, threshold, tolerance_px, postprocessing, page)


def _require_compatible(
    split, folds, new, names, threshold, tta, page, postprocessing, choose, choose_threshold, choose_by
):  # fmt: skip
    """Refuses options that have no effect beside each other, and a choice on the images that results are of."""
    from semicurv_tf.errors import UserError

    if choose is not None and choose_threshold:
        raise UserError(f"--choose-threshold: expected no --choose {choose} beside it. Fix: leave one of them out")
    option = "--choose-threshold" if choose_threshold else f"--choose {choose}"
    choose = "threshold" if choose_threshold else choose
    if choose and (names or threshold != "0.5" or postprocessing != "none" or tta):
        after = "" if choose == "calibration" else f" with --{choose} chosen"
        raise UserError(
            f"{option}: expected no --metrics, --page, --threshold, --tta or --postprocessing with it. "
            f"Fix: choose first, then evaluate{after}"
        )
    if choose == "calibration" and choose_by != "iou":
        raise UserError(f"--choose-by {choose_by}: a calibration has no metric. Fix: leave it out")
    if choose == "threshold" and choose_by == "cldice":
        raise UserError("--choose-by cldice: is for --choose postprocessing. Fix: --choose-by iou or f1")
    if postprocessing == "chosen" and (threshold not in ("0.5", "chosen") or page is not None):
        raise UserError(
            "--postprocessing chosen: expected no --page, and no --threshold but the one chosen with it. "
            "Fix: leave them out"
        )
    if folds is not None:
        given = {"--split": split, "--new": new, "--metrics": names, "--page": page, "--tta": tta, "--choose": choose}
        given |= {"--threshold": threshold != "0.5", "--postprocessing": postprocessing != "none"}
        beside = [name for name, value in given.items() if value]
        if beside:
            raise UserError(f"--folds {folds}: expected no {beside[0]} beside it, found one. Fix: leave it out")
    if new and split is not None:
        raise UserError(f"--new: expected no --split beside it, found --split {split}. Fix: leave one of them out")
    if choose and (new or split == "test"):
        raise UserError(
            f"{'--new' if new else '--split test'}: a threshold is never chosen on the images that results are "
            "reported on. Fix: --split validation or --split labelled"
        )


def _score_folds(run, folds, data_dir, unlabelled_dir):
    from semicurv_tf.cli.console import console, quiet_start

    take_onednn(run)
    with quiet_start():
        from semicurv_tf.evaluation import folds as scoring
    with ends_when_stopped():
        print(scoring.table(scoring.score_folds(run, folds, console(), data_dir, unlabelled_dir), run))


def _choose_threshold(opened, split, choose_by):
    from semicurv_tf.cli.console import console
    from semicurv_tf.evaluation.choose_threshold import choose_threshold, describe

    print(describe(choose_threshold(opened, split, choose_by, console()), opened))


def _choose_postprocessing(opened, split, choose_by):
    from semicurv_tf.cli.console import console
    from semicurv_tf.evaluation.choose_postprocessing import choose_postprocessing, describe

    print(describe(choose_postprocessing(opened, split, choose_by, console()), opened))


def _calibrate(opened, split):
    from semicurv_tf.cli.console import console
    from semicurv_tf.evaluation.calibrate import calibrate, describe, table

    fitted = calibrate(opened, split, console())
    console().print(table(fitted))
    print(describe(fitted, opened))


def _score(opened, split, names, asked_for_all, threshold, tolerance_px, postprocessing, page):
    from semicurv_tf.cli.console import console
    from semicurv_tf.evaluation.choose_postprocessing import chosen_steps
    from semicurv_tf.evaluation.choose_threshold import threshold_of
    from semicurv_tf.evaluation.score_run import require_mask_metrics, score_images, table
    from semicurv_tf.postprocessing.settings import PostProcessing

    steps = chosen_steps(opened) if postprocessing == "chosen" else PostProcessing()
    number = threshold_of("chosen" if steps else threshold, opened)
    if steps:
        names = require_mask_metrics(names, asked_for_all)
    scores = score_images(opened, split or "test", console(), names, number, tolerance_px, steps)
    print(table(scores))
    if page is not None:
        from semicurv_tf.report.evaluation_page import write_evaluation_page

        write_evaluation_page(page, opened, scores, console())
        print(f"page: {page}")
