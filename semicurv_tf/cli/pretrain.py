"""`semicurv-tf pretrain`: weights that know curves before they see a photograph."""

import sys
import time
from pathlib import Path

import click


@click.command()
@click.option(
    "--run", required=True, type=click.Path(path_type=Path), help="Folder of the run; called again, it goes on."
)
@click.option("--steps", type=click.IntRange(min=1), default=12_000, show_default=True, help="Length of the whole run.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--kinds", help="Kinds of structures, separated by commas.  [default: all, in the drawing's own shares]")
@click.option("--widths", help="Channels of the network's levels.  [default: 16,32,64,128,256]")
@click.option("--dry-run", is_flag=True, help="Say what would be done, write nothing.")
def pretrain(run, steps, seed, kinds, widths, dry_run):
    """Teach a network curves on drawn images: no photograph, no label. Ctrl-C writes a checkpoint; call again to go on.

    \b
    Examples:
      semicurv-tf pretrain --run runs/curves
      semicurv-tf pretrain --run runs/vessels --kinds vessels,fibres --steps 6000 --seed 1
      semicurv-tf train --dataset folder --data-dir MY --set model.start=runs/vessels/weights.npz \\
          --set model.widths=[16,32,64,128,256] --set model.encoding=none

    \b
    The end writes RUN/weights.npz and its card RUN/weights.json. The weights that come with the package
    (--set model.start=curves) were made by this command: their card says how.
    """
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.wording import duration

    chosen = _kinds(kinds)
    with quiet_start():
        from semicurv_tf.pretraining.run import WEIGHTS, pretrain
        from semicurv_tf.pretraining.settings import PretrainingSettings
        from semicurv_tf.training.run_lock import locked
        from semicurv_tf.training.stopping import Stopped, StopRequest
    settings = PretrainingSettings(seed=seed, kinds=chosen, **({"widths": _widths(widths)} if widths else {}))
    out = console()
    out.print(f"{steps} steps on drawn images ({', '.join(chosen) or 'all kinds'}), widths {list(settings.widths)}")
    if dry_run:
        out.print("dry run: nothing was written")
        return
    pace = []

    def say(line):
        if "note" in line:
            out.print(f"warning: {line['note']}")
            return
        pace.append(line["seconds_per_step"])
        left = duration((steps - line["step"]) * sum(pace[-5:]) / len(pace[-5:]))
        out.print(
            f"{time.strftime('%H:%M:%S')} step {line['step']}/{steps}  loss {line['loss']:.3f}  "
            f"IoU on drawn images {100 * line['iou']:.1f} %  {line['seconds_per_step']:.2f} s/step  {left} left"
        )

    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--run {run}: cannot be made ({error.strerror}). Fix: another place") from None
    try:
        with locked(run), StopRequest() as asked:
            weights = pretrain(run, settings, steps, say=say, stop_requested=lambda: asked.requested)
    except Stopped as stopped:
        print(f"stopped at step {stopped.step}, checkpoint written. Go on: the same command", file=sys.stderr)
        sys.exit(130)
    out.print(f"{steps} steps done: {weights.path}. Next: semicurv-tf train --set model.start={run / WEIGHTS} ...")


def _kinds(text: str | None) -> tuple[str, ...]:
    from semicurv_tf.drawing import KINDS
    from semicurv_tf.errors import UserError

    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise UserError(
            f"--kinds {text}: expected some of {', '.join(KINDS)}, found {', '.join(unknown)}. Fix: --kinds {KINDS[0]}"
        )
    return names


def _widths(text: str) -> tuple[int, ...]:
    from semicurv_tf.errors import UserError

    try:
        widths = tuple(int(part) for part in text.split(","))
    except ValueError:
        widths = ()
    if len(widths) < 2 or min(widths) < 1:
        raise UserError(f"--widths {text}: expected at least two numbers of channels. Fix: --widths 16,32,64,128,256")
    return widths
