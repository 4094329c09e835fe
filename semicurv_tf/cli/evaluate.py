"""`semicurv-tf evaluate`: IoU and F1 of a run on its test images."""

from pathlib import Path

import click


@click.command()
@click.option("--run", required=True, type=click.Path(path_type=Path), help="A folder made by `semicurv-tf train`.")
@click.option("--data-dir", type=click.Path(), help="Where the dataset is, if it moved since the training.")
@click.option(
    "--split", type=click.Choice(["test", "validation"]), default="test", show_default=True, help="Which images to score."
)
def evaluate(run, data_dir, split):
    """Score a trained network: IoU and F1 at threshold 0.5, mean over images as in the paper, and pooled.

    The scores are of the last teacher (or student, where the method has no teacher): no checkpoint is picked by
    its test score. They are printed as a table and written to RUN/scores.json.

    \b
    Example:
      semicurv-tf evaluate --run runs/first
    """
    from semicurv_tf.cli.console import console, quiet_start

    with quiet_start():
        from semicurv_tf.training import score_run
    scores = score_run.score_run(run, split, data_dir, console())
    print(score_run.table(scores))
