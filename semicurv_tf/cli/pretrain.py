"""`semicurv-tf pretrain`: a network learns curves from drawn images, without a photograph."""

import collections
from pathlib import Path

import click

from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.onednn import take_onednn

EXAMPLES = """
\b
Examples:
  semicurv-tf pretrain --run runs/curves
  semicurv-tf pretrain --run runs/vessels --kinds vessels,fibres --steps 3000
  semicurv-tf pretrain --run runs/walls --without vessels,membranes,views,cells
  semicurv-tf pretrain --run runs/curves --steps 20000      # goes on with runs/curves, to 20,000 steps
  semicurv-tf pretrain --run runs/longer --from curves      # starts from the built-in weights

\b
Written: RUN/start.npz with its card start.json, for train --set model.start=RUN/start.npz; RUN/journal.jsonl; the drawn
images; and checkpoints, from which the same command goes on after a stop, to the same weights.
"""


@click.command(epilog=EXAMPLES)
@click.option("--run", required=True, metavar="RUN", help="Folder of the pre-training; created, or resumed.")
@click.option("--steps", default=12000, show_default=True, type=click.IntRange(min=1), help="Length of the whole run.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of weights, drawings and views."
)
@click.option("--kinds", default="", metavar="NAME,NAME", help="Kinds of structures in equal shares.  [default: all]")
@click.option(
    "--without",
    default="",
    metavar="NAME,NAME",
    help="Kinds that are not drawn, and parts that no image has: grit, stones, patches, light, views, camera, things, "
    "built, cells, enlarged, empty.",
)
@click.option(
    "--from", "start", metavar="NAME|FILE", help="Weights to start from: curves, or the start.npz of another run."
)
@click.option("--widths", default="16,32,64,128,256", show_default=True, help="Channels of the network's levels.")
def pretrain(run, steps, seed, kinds, without, start, widths):
    """Train a network on drawn images of curves, as a start for others."""
    from semicurv_tf.cli.console import quiet_start
    from semicurv_tf.errors import UserError

    begun = Path(run, "pretraining.json").is_file()
    take_onednn(Path(run) if begun else None, file="pretraining.json")
    with quiet_start():
        from semicurv_tf.pretraining.run import pretrain as train
        from semicurv_tf.pretraining.settings import (
            GOING_ON,
            PretrainingSettings,
            checked_kinds,
            checked_start,
            checked_without,
        )
        from semicurv_tf.training.stopping import StopRequest
    try:
        channels = tuple(int(width) for width in widths.split(","))
        if len(channels) < 2 or min(channels) < 1:
            raise ValueError
    except ValueError:
        raise UserError(
            f"--widths: expected at least two whole numbers above 0, found {widths!r}. Fix: --widths 16,32,64,128,256"
        ) from None
    chosen = checked_kinds("--kinds", kinds)
    left_out = checked_without(without, chosen)
    going_on = {} if start is None else {"start": checked_start(start, channels), **GOING_ON}
    settings = PretrainingSettings(seed=seed, kinds=chosen, without=left_out, widths=channels, **going_on)
    with ends_when_stopped(), StopRequest() as asked:
        train(Path(run), settings, steps, say=_teller(steps), stop_requested=lambda: asked.requested)


def _teller(steps):
    """Says how far it is, with the time left at the pace of the last lines."""
    from semicurv_tf.wording import duration

    pace = collections.deque(maxlen=5)

    def say(line):
        if isinstance(line, str):
            click.echo(line)
            return
        pace.append(line["seconds_per_step"])
        left = duration((steps - line["step"]) * sum(pace) / len(pace))
        click.echo(
            f"step {line['step']}/{steps}: loss {line['loss']:.3f}, IoU on drawn images {100 * line['iou']:.1f} %, "
            f"{line['seconds_per_step']:.2f} s per step, {left} left"
        )

    return say
