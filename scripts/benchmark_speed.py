"""What people wait for (help, scores, a folder of photographs), in this checkout and in an earlier one, in turns.

    python scripts/benchmark_speed.py --before ../earlier --photos PHOTOS --rounds 3 --write results/speed

Every round measures each item in every checkout, one after the other, in a process of its own: what else the machine
does then falls on all alike. Shown are medians and the least, processor seconds (of all threads) and seconds, the
ratio of the medians, and the machine's load. `scripts/benchmark_all.sh` runs this and the other benchmarks.
"""

import contextlib
import datetime
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import click

PROJECT = Path(__file__).resolve().parents[1]
WHOLE = ("folder", "crops", "raster", "vectorize", "verify")  # in benchmark/whole_commands.py
ITEMS = ("help", "scores", "first_mask", "first_step", "pretraining", "step", *WHOLE)
PROGRAM = "import sys; from semicurv_tf.cli.main import main; sys.argv[0] = 'semicurv-tf'; main()"
STEPS, WARM_UP = 16, 4  # of the training, and those that do not count
TITLES = {
    "help": "`--help` of the slowest command",
    "scores": "ODS and OIS of an image of 584x565, 49 thresholds",
    "first_mask": "`predict` of one photograph of 480x320 by the built-in network, from the command to its end",
    "first_step": "the first training step of the default recipe: its graph is built, and run once",
    "pretraining": "the first step of a pre-training, alike",
    "step": "a training step of the default recipe, 4 crops of 128x128",
    "folder": "masks of a folder, after the first image",
    "crops": "masks of 500 crops of 128x128, after the first one",
    "raster": "the mask of a GeoTIFF of 6000x6000",
    "vectorize": "the lines of a mask of 4000x4000",
    "verify": "`datasets verify` of 5,000 photographs of 480x320 with masks",
}


@click.command()
@click.option("--before", type=click.Path(path_type=Path, exists=True), help="A checkout to compare with.")
@click.option("--photos", type=click.Path(path_type=Path, exists=True), help="A folder of images.  [default: drawn]")
@click.option("--rounds", default=3, show_default=True)
@click.option("--item", "items", multiple=True, type=click.Choice(ITEMS), help="May be repeated.  [default: all]")
@click.option("--write", type=click.Path(path_type=Path), help="Folder for README.md and speed.json.")
@click.option("--measure", type=click.Choice(ITEMS), hidden=True)
def main(before, photos, rounds, items, write, measure):
    """Measure in turns, print the table, write the page."""
    if measure:
        # An editable installation would fill in, from its own checkout, what another one lacks.
        sys.meta_path = [finder for finder in sys.meta_path if not finder.__module__.startswith("__editable__")]
        print(
            json.dumps(measure_whole(measure, photos) if measure in WHOLE else globals()[f"measure_{measure}"](photos))
        )
        return
    checkouts = {"now": PROJECT, **({"before": before.resolve()} if before else {})}
    begun, load = datetime.datetime.now(datetime.UTC), os.getloadavg()[0]
    found = {item: {name: [] for name in checkouts} for item in items or ITEMS}
    for number in range(rounds):
        for item, rows in found.items():
            for name, checkout in reversed(checkouts.items()) if number % 2 else checkouts.items():
                rows[name].append(in_checkout(checkout, item, photos))
                print(item, name, json.dumps(rows[name][-1]), flush=True)
    sys.path.insert(0, str(PROJECT / "scripts"))
    from benchmark.machine import describe_machine

    record = {
        "date": begun.isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "load": [load, os.getloadavg()[0]],
        "photos": photos is not None and sum(1 for _ in photos.iterdir()),
        "rounds": rounds,
        "items": found,
    }
    text = page(record)
    print(text)
    if write:
        write.mkdir(parents=True, exist_ok=True)
        (write / "speed.json").write_text(json.dumps(record, indent=2) + "\n")
        (write / "README.md").write_text(text)


def in_checkout(checkout: Path, item: str, photos: Path | None) -> dict:
    """Measures an item in a checkout's own code, by this script."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, "--measure", item, *(["--photos", str(photos)] if photos else [])]
    done = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"error: {item} in {checkout}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def measured(into: dict, children=False):
    """Adds "seconds" and "processor_seconds" of the block."""
    who = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    processor = lambda: sum(resource.getrusage(who)[:2])
    start, processor_start = time.perf_counter(), processor()
    yield
    into["seconds"] = time.perf_counter() - start
    into["processor_seconds"] = processor() - processor_start


def measure_help(photos) -> dict:
    """The slowest of all commands' `--help`, by processor time."""
    from semicurv_tf.cli.main import COMMANDS

    rows = []
    for command in COMMANDS:
        row = {"command": command}
        with measured(row, children=True):
            subprocess.run([sys.executable, "-c", PROGRAM, command, "--help"], check=True, stdout=subprocess.DEVNULL)
        rows.append(row)
    return max(rows, key=lambda row: row["processor_seconds"])


def measure_scores(photos) -> dict:
    """Per image, of three; skeletons and matching, without what is imported."""
    sys.path.insert(0, str(PROJECT / "scripts"))
    from benchmark_metrics import example

    from semicurv_tf.metrics.image import ImageToScore

    images = [ImageToScore(*example((584, 565), seed)) for seed in range(3)]
    for image in images:
        image.target_skeleton  # noqa: B018  loads what is imported at first use
    row: dict = {}
    with measured(row):
        for image in images:
            image.matches  # noqa: B018
    return {name: value / len(images) for name, value in row.items()}


def measure_first_mask(photos) -> dict:
    """Drawn noise: what the network answers does not change what it costs."""
    import numpy as np
    from PIL import Image

    row: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder, "photo.jpg")
        pixels = np.random.default_rng(0).integers(0, 256, (320, 480, 3), np.uint8)
        Image.fromarray(pixels).save(photo, quality=92)
        arguments = ("--input", str(photo), "--output", str(Path(folder, "out")))
        command = [sys.executable, "-c", PROGRAM, "predict", *arguments]
        with measured(row, children=True):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return row


def measure_first_step(photos) -> dict:
    """From a learner with its variables to the first report."""
    return _default_steps(1)[0]


def measure_step(photos) -> dict:
    """The median of 12 steps, views and averaging included, with the kernels that `train` takes in that checkout."""
    rows = _default_steps(STEPS)[WARM_UP:]
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def measure_pretraining(photos) -> dict:
    """Four crops, as they are at first."""
    _take_kernels()
    import numpy as np

    from semicurv_tf.pretraining.learner import PretrainingLearner
    from semicurv_tf.pretraining.settings import PretrainingSettings

    learner = PretrainingLearner(PretrainingSettings(), 1000)
    image = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), np.uint8)
    row: dict = {}
    with measured(row):
        float(learner.train_step(image, (image[..., :1] > 128).astype(np.uint8))["loss"])
    return row


def _take_kernels():
    with contextlib.suppress(ImportError):  # an earlier one asks for none
        from semicurv_tf.onednn import take_onednn

        take_onednn()


def _default_steps(count: int) -> list[dict]:
    """What each of so many steps took."""
    _take_kernels()
    import tensorflow as tf

    sys.path.insert(0, str(PROJECT / "scripts"))
    from benchmark.images import DrawnImages

    from semicurv_tf.config import load_config
    from semicurv_tf.data.pipeline import training_batches
    from semicurv_tf.recipes import recipe_or_file
    from semicurv_tf.training.devices import Devices
    from semicurv_tf.training.loop import run_steps
    from semicurv_tf.training.train import compiled_method

    config = load_config(recipe_or_file("default"))
    facts = {"channels": 3, "mean": [127.5], "standard_deviation": [64.0], "steps": 480}
    learner = compiled_method(config, {**facts, "precision": {"name": "float32"}})
    store, images = DrawnImages(), config.training.batch_labelled
    sizes = {"batch_labelled": images, "batch_unlabelled": 0, "crop": None}
    batches = training_batches(store, store.labelled_indices, [], **sizes, seed=0, first_step=0, steps=count)
    rows: list[dict] = []
    begun = time.perf_counter(), time.process_time()
    for _ in run_steps(learner, batches, Devices(tf.distribute.get_strategy()), 0):
        now = time.perf_counter(), time.process_time()
        rows.append({"seconds": now[0] - begun[0], "processor_seconds": now[1] - begun[1]})
        begun = now
    return rows


def measure_whole(item: str, photos) -> dict:
    """One of the items of `benchmark/whole_commands.py`."""
    sys.path.insert(0, str(PROJECT / "scripts"))
    from benchmark import whole_commands

    return getattr(whole_commands, f"measure_{item}")(photos, measured)


def page(record: dict) -> str:
    """The page, as Markdown."""
    machine, load = record["machine"], record["load"]
    lines = [
        "# Speed", "",
        "Made by `scripts/benchmark_speed.py`, in turns in one call; the figures themselves are in",
        "[speed.json](speed.json). " + f"{machine['processor']}, {machine['cores']} cores, "
        f"{', '.join(machine['instructions'])};", f"{record['date'][:10]}, {record['rounds']} rounds.", "",
        f"Load while it ran: {load[0]:.1f} at its begin, {load[1]:.1f} at its end.",
        "", *((_SHARED, "") if max(load) > 1.5 else ()),
        "| what | processor seconds: median, least | before | ratio | seconds: median | before | ratio |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for item, rows in record["items"].items():
        cells = [TITLES[item]]
        for key, least in (("processor_seconds", True), ("seconds", False)):
            values = {name: [row[key] for row in each] for name, each in rows.items()}
            middle = {name: statistics.median(each) for name, each in values.items()}
            show = lambda name, values=values, middle=middle, least=least: (
                f"{middle[name]:.2f}" + (f", {min(values[name]):.2f}" if least else "") if name in middle else "-"
            )
            ratio = f"{middle['before'] / middle['now']:.2f}x" if "before" in middle else "-"
            cells += [show("now"), show("before"), ratio]
        lines.append(f"| {' | '.join(cells)} |")
    lines += _shares(record["items"])
    left = [TITLES[item] for item in ITEMS if item not in record["items"]]
    if left:
        lines += ["", *textwrap.wrap(f"Not measured in this call: {'; '.join(left)}.", 120)]
    return "\n".join([*lines, "", _REST])


def _shares(items: dict) -> list[str]:
    """Whose time it is, a line for each item that tells."""
    lines = []
    for item, rows in items.items():
        last = rows["now"][-1]
        if "network_percent" in last:
            said = {name: statistics.median(row["network_percent"] for row in each) for name, each in rows.items()}
            shares = "; ".join(f"{name} {share:.0f} %" for name, share in said.items())
            count = f" ({last['images']} images)" if last["images"] > 1 else ""
            lines.append(f"- The network's share of {TITLES[item]}{count}: {shares}.")
        if "stages" in last:
            stages = ", ".join(f"`{name.strip('_')}` {seconds:.1f}" for name, seconds in last["stages"].items())
            said = f"Seconds of {TITLES[item]}, {last['million_pixels']:.0f} million pixels: {stages}."
            lines += textwrap.wrap(said, 120, initial_indent="- ", subsequent_indent="  ")
    return ["", *lines] if lines else []


_SHARED = "**Other programs shared the cores: processor seconds count, seconds do not.**"

_REST = """## Not on this page

| what | measured by |
|---|---|
| a training step, beside PyTorch's | `scripts/benchmark_step.py`, `--step recipe` |
| a prediction by SavedModel, Keras, PyTorch and OpenVINO, int8 among them | `scripts/benchmark_serving.py` |
| large images | `scripts/benchmark_large.py` |
| every metric | `scripts/benchmark_metrics.py` |
"""


if __name__ == "__main__":
    main()
