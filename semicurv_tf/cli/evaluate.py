"""`semicurv-tf evaluate`: the scores of a run on images with masks, and the choice of its threshold."""

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  semicurv-tf evaluate --run runs/first
  semicurv-tf evaluate --run runs/first --metrics all --page report.html
  semicurv-tf evaluate --run runs/roads --metrics iou,completeness,correctness,quality --tolerance-px 3
  semicurv-tf evaluate --run runs/first --split validation --choose-threshold
  semicurv-tf evaluate --run runs/first --metrics all --threshold chosen
  semicurv-tf evaluate --run runs/first --new          # images with masks that came since it was trained

\b
Metrics: iou, f1, precision, recall, average_precision, aiu, ods, ois, cldice, betti0_error, betti1_error,
completeness, correctness, quality, rand_error. docs/metrics.md defines each.

\b
Written: RUN/scores.json, a key per split (and threshold, where it is not 0.5); with --choose-threshold
RUN/threshold.json, which `predict` and `export` use unless told otherwise; with --page one self-contained
HTML file.
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
@click.option("--new", is_flag=True, help="Instead of a split: images with masks that came since the run began.")
@click.option("--metrics", metavar="NAMES", help="Further metrics with intervals: comma-separated names, or all.")
@click.option(
    "--tolerance-px", type=click.FloatRange(0, 100), default=2.0, show_default=True,
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
    "--choose-threshold",
    is_flag=True,
    help="Choose the threshold on validation images, or labelled ones where there are none.",
)
@click.option(
    "--choose-by", type=click.Choice(["iou", "f1"]), default="iou", show_default=True,
    help="With --choose-threshold: metric to maximise.",
)  # fmt: skip
def evaluate(
    run, data_dir, unlabelled_dir, split, new, metrics, tolerance_px, threshold, tta, page, choose_threshold, choose_by
):
    """Score a trained network: IoU and F1 at threshold 0.5, mean over images as in the paper, and pooled.

    The network of the last step is scored (the teacher, where the method has one): no checkpoint is picked by its
    test score. The scores are printed as a table and written to RUN/scores.json.

    The split is the one that the run was trained with (RUN/manifest.jsonl), whatever came to the folder since; images
    that changed or are gone are named.
    """
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.metrics.catalogue import parse_metrics

    names = parse_metrics("all" if metrics is None else metrics) if metrics is not None or page else ()
    if choose_threshold and (names or threshold != "0.5" or tta):
        raise UserError(
            "--choose-threshold: expected no --metrics, --page, --threshold or --tta with it. "
            "Fix: choose first, then evaluate with --threshold chosen"
        )
    if new and split is not None:
        raise UserError(f"--new: expected no --split beside it, found --split {split}. Fix: leave one of them out")
    split = "new" if new else split
    if choose_threshold and split in ("test", "new"):
        raise UserError(
            f"{'--new' if new else '--split test'}: a threshold is never chosen on the images that results are "
            "reported on. Fix: --split validation or --split labelled"
        )
    if page is not None:
        from semicurv_tf.report.page import require_file

        require_file(page, "--page")
    with quiet_start():
        from semicurv_tf.evaluation import choose_threshold as choosing
        from semicurv_tf.evaluation import score_run
        from semicurv_tf.evaluation.open_run import open_run
    opened = open_run(run, data_dir, console(), unlabelled_dir, tta)
    if choose_threshold:
        print(choosing.describe(choosing.choose_threshold(opened, split, choose_by, console()), opened))
        return
    number = choosing.threshold_of(threshold, opened)
    scores = score_run.score_images(opened, split or "test", console(), names, number, tolerance_px)
    print(score_run.table(scores))
    if page is not None:
        from semicurv_tf.report.evaluation_page import write_evaluation_page

        write_evaluation_page(page, opened, scores, console())
        print(f"page: {page}")
