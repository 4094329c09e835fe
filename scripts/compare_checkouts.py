"""Whether two checkouts of this project learn the same, bit for bit: a table of methods and seeds.

    python scripts/compare_checkouts.py OLD NEW [--steps 20] [--seed 0 --seed 1] [--set method.unlabelled_from=0.5]

Each checkout trains every method for some steps on a few drawn images, by its own `semicurv-tf train`, in a process
of its own with TensorFlow's operations made deterministic. Compared are all that each step reports, and all arrays
of the last checkpoint, their names included. Only what both have is used: the command, its loop over steps, and the run
folder.
Ends with exit code 1 where something differs. To be run on one machine with nothing else to decide the numbers.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from semicurv_tf.methods.registry import METHODS

CONFIG = """
data: {dataset: synthetic, labels: 0.5, crop: 32, options: {train: 8, validation: 2, test: 2}}
model: {widths: [4, 8]}
views: {flip_vertical: 0.5, photometric: 1.0, colour: 0.4}
training: {batch_labelled: 2, batch_unlabelled: 2, precision: float32, schedule: cosine, pictures_every: 0,
  checkpoint_every: 1000, monitor_every: 10}
"""

# Trains each of the runs, which come as a JSON list of arguments of `semicurv-tf`.
PROGRAM = """
import json, sys
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()
import keras
from semicurv_tf.cli.main import cli
from semicurv_tf.training import train

run_steps, steps = train.run_steps, []

def recorded(*arguments, **options):
    for report, stop in run_steps(*arguments, **options):
        steps.append({name: float(value).hex() for name, value in report.items() if name != "seconds"})
        yield report, stop

train.run_steps = recorded
for arguments in json.loads(sys.argv[1]):
    steps.clear()
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    cli(arguments, standalone_mode=False)
    with open(arguments[-1] + "/steps.json", "w") as file:
        json.dump(steps, file)
"""


@click.command()
@click.argument("old", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--steps", default=20, show_default=True)
@click.option("--seed", "seeds", multiple=True, type=int, default=(0, 1), show_default=True, help="May be repeated.")
@click.option("--method", "methods", multiple=True, default=tuple(METHODS), help="May be repeated. Default: all.")
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="For all runs; may be repeated.")
def main(old, new, steps, seeds, methods, settings):
    """Train every method in the checkouts OLD and NEW and compare their losses and weights by bits."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.yaml").write_text(CONFIG, encoding="utf-8")
        names = [(method, seed) for method in methods for seed in seeds]
        processes = [start(checkout, place, steps, names, settings) for checkout in (old, new)]
        for checkout, process in zip((old, new), processes):
            text, _ = process.communicate()
            if process.returncode:
                raise click.ClickException(f"{checkout}: the training failed\n{text[-3000:]}")
        found = {name: compare(*(place / str(number) / folder_of(*name) for number in (0, 1))) for name in names}
    print(f"{steps} steps{''.join(f', {setting}' for setting in settings)}")
    print("| method | " + " | ".join(f"seed {seed}" for seed in seeds) + " |")
    print("|---|" + "---|" * len(seeds))
    for method in methods:
        print(f"| {method} | " + " | ".join(found[method, seed] for seed in seeds) + " |")
    if any(not text.startswith("same") for text in found.values()):
        sys.exit(1)


def folder_of(method: str, seed: int) -> str:
    """The name of a run."""
    return f"{method}-seed{seed}"


def start(checkout: Path, place: Path, steps: int, names, settings) -> subprocess.Popen:
    """Begins to train all runs with a checkout's code."""
    runs = place / str(len([path for path in place.iterdir() if path.is_dir()]))
    runs.mkdir()
    common = ["--config", str(place / "config.yaml"), "--steps", str(steps)]
    common += [word for setting in settings for word in ("--set", setting)]
    commands = [
        ["train", *common, "--method", method, "--seed", str(seed), "--run", str(runs / folder_of(method, seed))]
        for method, seed in names
    ]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve()), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)],
        cwd=place,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def compare(one: Path, other: Path) -> str:
    """`same`, with how much was compared, or what differs first."""
    before, after = (json.loads((run / "steps.json").read_text(encoding="utf-8")) for run in (one, other))
    for early, late in zip(before, after, strict=True):
        changed = [key for key in {**early, **late} if early.get(key) != late.get(key)]
        if changed:
            return f"differs: {', '.join(sorted(changed))} at step {float.fromhex(early['step']):g}"
    states = [np.load(sorted((run / "checkpoints").glob("step-*"))[-1] / "state.npz") for run in (one, other)]
    if states[0].files != states[1].files:
        return "differs: names of the variables"
    changed = [name for name in states[0].files if states[0][name].tobytes() != states[1][name].tobytes()]
    if changed:
        return f"differs: {len(changed)} of {len(states[0].files)} variables"
    return f"same ({len(before)} steps, {len(states[0].files)} variables)"


if __name__ == "__main__":
    main()
