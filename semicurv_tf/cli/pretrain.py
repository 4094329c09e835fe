"""`semicurv-tf pretrain`: a network learns curves from drawn images, without a photograph."""

import collections
from pathlib import Path

import click

from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.onednn import take_onednn

STEPS = 12_000  # of a new run

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
images; and checkpoints, from which --run RUN alone goes on after a stop, to the same weights.
"""


@click.command(epilog=EXAMPLES)
@click.option("--run", required=True, metavar="RUN", help="Folder of the pre-training; created, or resumed.")
@click.option("--steps", type=click.IntRange(min=1), help="Length of the whole run.  [default: 12000]")
@click.option("--seed", type=click.IntRange(min=0), help="Of weights, drawings and views.  [default: 0]")
@click.option("--kinds", metavar="NAME,NAME", help="Kinds of structures in equal shares.  [default: all]")
@click.option(
    "--without",
    metavar="NAME,NAME",
    help="Kinds that are not drawn, and parts that no image has: grit, stones, patches, light, views, camera, things, "
    "built, cells, enlarged, empty.",
)
@click.option(
    "--from", "start", metavar="NAME|FILE", help="Weights to start from: curves, or the start.npz of another run."
)
@click.option("--widths", help="Channels of the network's levels.  [default: 16,32,64,128,256]")
def pretrain(run, steps, seed, kinds, without, start, widths):
    """Train a network on drawn images of curves, as a start for others.

    Options that are left out are those that RUN began with, where it has begun: --run RUN alone goes on with it.
    """
    from semicurv_tf.cli.console import quiet_start

    begun = Path(run, "pretraining.json").is_file()
    take_onednn(Path(run) if begun else None, file="pretraining.json")
    with quiet_start():
        from semicurv_tf.pretraining.facts import begun_with
        from semicurv_tf.pretraining.run import pretrain as train
        from semicurv_tf.pretraining.settings import PretrainingSettings
        from semicurv_tf.training.stopping import StopRequest
    settings, length = begun_with(Path(run)) or (PretrainingSettings(), STEPS)
    settings = _changed(settings, begun, seed, kinds, without, start, widths)
    steps = steps or length
    with ends_when_stopped(), StopRequest() as asked:
        train(Path(run), settings, steps, say=_teller(steps), stop_requested=lambda: asked.requested)


def _changed(settings, begun, seed, kinds, without, start, widths):
    """The settings with what the user gave; `begun`: whether they are those of a run that goes on."""
    from dataclasses import replace

    from semicurv_tf.pretraining.settings import GOING_ON, checked_kinds, checked_start, checked_without

    changes = {} if seed is None else {"seed": seed}
    if widths is not None:
        changes["widths"] = _channels(widths)
    if kinds is not None:
        changes["kinds"] = checked_kinds("--kinds", kinds)
    settings = replace(settings, **changes)
    if without is not None:
        settings = replace(settings, without=checked_without(without, settings.kinds))
    if start is not None and not (begun and start == settings.start):
        settings = replace(settings, start=checked_start(start, settings.widths), **GOING_ON)
    return settings


def _channels(text: str) -> tuple[int, ...]:
    from semicurv_tf.errors import UserError

    try:
        channels = tuple(int(width) for width in text.split(","))
        if len(channels) < 2 or min(channels) < 1:
            raise ValueError
    except ValueError:
        raise UserError(
            f"--widths: expected at least two whole numbers above 0, found {text!r}. Fix: --widths 16,32,64,128,256"
        ) from None
    return channels


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
