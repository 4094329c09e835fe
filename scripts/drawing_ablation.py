"""Which drawing matters: short pre-trainings without one kind or part each: python scripts/drawing_ablation.py --help.

Each is `semicurv-tf pretrain --without NAME`, scored without a label by `scripts/zero_label.py`, on hidden TRAINING
masks.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np

ALL = "all"
TWICE = "twice-the-widths"  # of the network, with all drawings


@click.group()
def main():
    """Pre-train without one kind or part at a time, and compare."""


@main.command()
@click.option(
    "--data", "data", multiple=True, required=True, help="NAME=DIR[=MOST]: images to score on, at most so many"
)
@click.option("--output", type=click.Path(path_type=Path), required=True, help="a folder of a pre-training each")
@click.option("--steps", default=2000, show_default=True)
@click.option(
    "--only",
    help=f"comma-separated: all, all-1, all-2 (other seeds), kinds, parts, {TWICE}; in order  [default: each]",
)
def run(data, output, steps, only):
    """Pre-train and score each; what is done already is not done again, what was stopped goes on."""
    from semicurv_tf.drawing import KINDS, PARTS

    for name in only.split(",") if only else (ALL, *KINDS, *PARTS, "all-1", "all-2", TWICE):
        folder = output / name
        if (folder / "scores.jsonl").exists():
            continue
        seed = name.removeprefix("all-") if name.startswith("all-") else "0"
        other = [] if name.split("-")[0] == ALL else ["--without", name]
        if name == TWICE:
            other = ["--widths", "32,64,128,256,512"]
        command = Path(sys.executable).with_name("semicurv-tf")
        call = [command, "pretrain", "--run", folder / "run", "--steps", str(steps), "--seed", seed, *other]
        click.echo(name)
        subprocess.run(call, check=True)
        part = folder / "scores.part"
        part.unlink(missing_ok=True)
        for each in data:
            images, place, *most = each.split("=")
            subprocess.run(
                [sys.executable, Path(__file__).with_name("zero_label.py"), folder / "run" / "start.npz"]
                + ["--data", f"{images}={place}", "--most", *(most or ["40"]), "--scales", "1", "--json", part]
                + [word for threshold in ("0.5", "0.6", "0.7") for word in ("--threshold", threshold)],
                check=True,
            )
        part.rename(folder / "scores.jsonl")
        shutil.rmtree(folder / "run" / "drawn")  # 65 KB an image


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--threshold", default=0.5, show_default=True)
@click.option("--json", "target", type=click.Path(path_type=Path), help="also write the scores here")
def table(folder, threshold, target):
    """Print IoU with all drawings by seed, and what a kind or part left out changes against their mean, in points."""
    from semicurv_tf.whole_files import write_json

    scores = {path.parent.name: _read(path) for path in sorted(folder.glob("*/scores.jsonl"))}
    if target is not None:
        write_json(target, scores)
    names = list(next(iter(scores.values())))
    value = lambda variant, images: scores[variant][images][str(threshold)]["iou"]
    seeds = [name for name in scores if name.split("-")[0] == ALL]
    cells = lambda numbers, form: " | ".join(format(number, form) for number in numbers)
    click.echo(f"| | {' | '.join(names)} | mean |")
    click.echo("|---|" + "---|" * (len(names) + 1))
    every = np.array([[value(seed, images) for images in names] for seed in seeds])
    every = np.concatenate([every, every.mean(1, keepdims=True)], axis=1)
    for seed, row in zip(seeds, every):
        click.echo(f"| {seed} | {cells(row, '.1f')} |")
    for variant in scores:
        if variant not in seeds:
            row = np.array([value(variant, images) for images in names])
            said = variant if variant == TWICE else f"without {variant}"
            click.echo(f"| {said} | {cells(np.append(row, row.mean()) - every.mean(0), '+.1f')} |")


def _read(path: Path) -> dict:
    """{images: {threshold: {"iou", "precision", "recall"}}}."""
    found: dict[str, dict] = {}
    for line in map(json.loads, path.read_text().splitlines()):
        kept = {key: line[key] for key in ("iou", "precision", "recall")}
        found.setdefault(line["dataset"], {})[str(line["threshold"])] = kept
    return found


if __name__ == "__main__":
    main()
