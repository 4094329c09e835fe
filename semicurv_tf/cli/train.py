"""`semicurv-tf train`: trains a network into a run folder, or resumes one."""

from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteFloat
from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.config.networks import NETWORKS
from semicurv_tf.errors import UserError
from semicurv_tf.methods.names import METHOD_NAMES
from semicurv_tf.onednn import take_onednn
from semicurv_tf.wording import typed


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--dataset", help="A name from `semicurv-tf datasets list`. Default: synthetic, generated on the fly.")
@click.option("--data-dir", type=click.Path(), help="The folder with the dataset's published files.")
@click.option("--unlabelled-dir", type=click.Path(), help="A second folder with unlabelled images.")
@click.option(
    "--labels",
    help="Labelled training images: a count (3), a fraction (0.05), or `all`. 1 is one image, 1.0 all.  "
    "[default: all of a folder, 0.05 of other datasets]",
)
@click.option("--method", help=f"Instead of the default recipe: one of {', '.join(METHOD_NAMES)}.")
@click.option("--model", help=f"Instead of the default recipe: one of {', '.join(NETWORKS)}.")
@click.option(
    "--recipe",
    help="A name from `semicurv-tf recipes`: a configuration that comes with the package.  "
    "[default: default; none with --config, --method or --model]",
)
@click.option("--config", "config_file", type=click.Path(), help="A YAML file of your own; not with --recipe.")
@click.option(
    "--from", "start", type=click.Path(), metavar="RUN|FILE",
    help="Begin with the network of another run, or with a file of weights (.npz).",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="Override one key; may be repeated."
)
@click.option("--steps", type=int, help="Short for --set training.steps=N.")
@click.option(
    "--budget-minutes",
    type=FiniteFloat(),
    metavar="N",
    help="Plan the length so that the run ends within N minutes here.",
)
@click.option("--seed", type=int, help="Short for --set training.seed=N.")
@click.option("--devices", type=int, help="GPUs that share each step, or parts of the processor. Default: 1.")
@click.option("--precision", help="auto (default), float32, bfloat16, or float16 with loss scaling.")
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="A new folder for the run. Default: runs/FOLDER, or runs/DATASET-METHOD-LABELS-seedN.",
)
@click.option("--resume", type=click.Path(path_type=Path), help="Resume this run from its last checkpoint.")
@click.option("--quiet", is_flag=True, help="Print warnings and faults alone.")
@click.option("--json", "as_json", is_flag=True, help="Progress and messages as one JSON object per line.")
@click.option(
    "--dry-run", is_flag=True, help="Load and check everything, say what would be done and how long it takes."
)
def train(
    folder,
    dataset,
    data_dir,
    unlabelled_dir,
    labels,
    method,
    model,
    recipe,
    config_file,
    start,
    settings,
    steps,
    budget_minutes,
    seed,
    devices,
    precision,
    run,
    resume,
    quiet,
    as_json,
    dry_run,
):
    """Train a network from few labelled and many unlabelled images.

    FOLDER holds images/ and, for some of them, masks/ of the same names. Crop and length are chosen from what is there;
    a table says so before the first step. All else is in the options.

    Options override --set, --set overrides --recipe or --config, and these override the defaults. Ctrl-C finishes
    the step and writes a checkpoint. Under TF_CONFIG several machines train together: see docs/training_at_scale.md.

    \b
    Examples:
      semicurv-tf train photos/
      semicurv-tf train photos/ --dry-run                       # the plan and the time, nothing else
      semicurv-tf train photos/ --labels 3 --run runs/three
      semicurv-tf train photos/ --budget-minutes 20             # as many steps as that allows
      semicurv-tf train more_photos/ --from runs/photos         # starts from your own network
      semicurv-tf train photos/ --recipe crackforest_best --run runs/cracks
      semicurv-tf train --dataset synthetic --steps 300 --run runs/first
      semicurv-tf train --dataset drive128 --labels 0.01 --data-dir ~/data/drive128 --recipe paper
      semicurv-tf train --dataset em128 --labels 0.05 --data-dir ~/data/em128 --method cutmix
      semicurv-tf train --dataset em128 --labels all --data-dir ~/data/em128 --method supervised --model unet
      semicurv-tf train --recipe drive128_best --data-dir ~/data/drive128 --seed 1 --run runs/seed1
      semicurv-tf train --dataset drive128 --labels 0.05 --data-dir ~/data/drive128 --devices 2
      semicurv-tf train --resume runs/seed1
      semicurv-tf train --resume runs/seed1 --set training.epochs=2000
      semicurv-tf train --resume runs/seed1 --data-dir /new/place
    """
    from semicurv_tf.config import parse_setting

    values = dict(parse_setting(setting) for setting in settings)
    options = {
        "data.dataset": dataset,
        "data.data_dir": data_dir,
        "data.unlabelled_dir": unlabelled_dir,
        "data.labels": labels,
        "method.name": method,
        "model.name": model,
        "training.steps": steps,
        "training.seed": seed,
        "training.devices": devices,
        "training.precision": precision,
    }
    values |= {key: value for key, value in options.items() if value is not None}
    from semicurv_tf.cli.console import console, quiet_start

    shown = console(quiet, as_json)
    if resume is not None:
        if budget_minutes is not None:
            raise UserError(
                f"--resume {resume}: takes no --budget-minutes, its rate follows a length that is fixed. Fix: --steps N"
            )
        _resume(resume, run, folder or recipe or config_file or start, values, dry_run, shown)
        return

    from semicurv_tf.planning.request import read_request

    request = read_request(
        folder,
        recipe=recipe,
        config_file=config_file,
        start=start,
        settings=values,
        budget_minutes=budget_minutes,
    )
    take_onednn(pixels=request.largest_pixels)
    with quiet_start():
        from semicurv_tf.planning.train import run_of, train_request
    run = run or run_of(request)
    with ends_when_stopped(_resuming(run)):
        train_request(request, run, shown, dry_run)


def _resume(run, other_run, other_config, values, dry_run, shown):
    if other_run is not None or other_config is not None or dry_run:
        raise UserError(
            f"--resume {run}: takes no folder, --run, --recipe, --config, --from or --dry-run, the run has its own. "
            "Fix: leave them out"
        )
    from semicurv_tf.cli.console import quiet_start
    from semicurv_tf.config import load_stored_config

    take_onednn(run)
    with quiet_start():
        from semicurv_tf.training import run_folder
        from semicurv_tf.training import train as training
    run_folder.read_config(run)
    changed = load_stored_config(run / run_folder.CONFIG, values) if values else None
    with ends_when_stopped(_resuming(run)):
        training.resume(run, changed, shown)


def _resuming(run):
    return f"semicurv-tf train --resume {typed(run)}"
