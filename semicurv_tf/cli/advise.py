"""`semicurv-tf advise`: whether more labels would pay, after a run."""

from pathlib import Path

import click

from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.onednn import take_onednn

EXAMPLES = """
\b
Examples:
  semicurv-tf advise runs/mine --dry-run       # what would be trained, and how long it takes
  semicurv-tf advise runs/mine
  semicurv-tf advise runs/mine --folds 5 --steps 480      # slower and surer
  semicurv-tf next --run runs/mine --input others/ --count 20 --output next/     # which of other images to label

\b
Written: RUN/advice.json, RUN/advice.png (the curve), and a run per network in RUN/advice. Ctrl-C, and the same
command goes on where it stopped. RUN's own network stays as it is. docs/advise.md explains curve and interval.
"""


@click.command(epilog=EXAMPLES)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--folds", type=click.IntRange(min=2), default=3, show_default=True,
    help="Parts of the masks; each is scored by networks that learned from the others.",
)  # fmt: skip
@click.option(
    "--steps", type=click.IntRange(min=1), help="Length of each network.  [default: a third of the run's, from 120 on]"
)
@click.option("--data-dir", type=click.Path(), help="The dataset's folder, if it moved since the training.")
@click.option("--unlabelled-dir", type=click.Path(), help="Likewise, the second folder.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained and how long it takes; write nothing.")
def advise(run, folds, steps, data_dir, unlabelled_dir, dry_run):
    """Say whether more labels would pay: the IoU expected at twice the labels of RUN, and one sentence.

    RUN is a folder made by `semicurv-tf train`. Short networks learn from all, half and a quarter of the masks as RUN
    did, and score masks that they never saw; a curve through the scores tells the rest. By default it takes about
    three times as long as the training.
    """
    from semicurv_tf.cli.console import console, quiet_start

    take_onednn(run)
    with quiet_start():
        from semicurv_tf.advice import outcome as texts
        from semicurv_tf.advice.advise import PICTURE, TABLE
        from semicurv_tf.advice.advise import advise as ask
    with ends_when_stopped():
        found = ask(run, console(), folds, steps, data_dir, unlabelled_dir, dry_run)
    if found is not None:
        print(texts.table(found))
        print(f"written: {run / TABLE}, {run / PICTURE}")
