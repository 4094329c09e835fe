"""What a labelled box per photograph is worth, beside photographs labelled whole: CrackForest, equal labelled pixels.

    python scripts/measure_boxes.py --data-dir ~/data/crackforest --runs runs/boxes --results results/partial_labels

Of five training photographs (chosen by --seed among the released split's 94) it labels, in turn:

    boxes      one box of 128x128 in each: 81,920 pixels
    part K     256x320 pixels of the K-th photograph alone: 81,920 pixels, K from 1 to 5
    whole K    all 153,600 pixels of the K-th photograph
    all        all five photographs whole: 768,000 pixels

All else is alike: what `train` takes where nothing else is named (the recipe `default`, which begins from the network
that knows curves), crops of 128 px, --steps steps, scores on the released 11 test photographs. A box is drawn by the
seed among those with at least 1 % crack: who labels one box puts it on a crack. A part is the 256 columns, from column
0, 112 or 224, with the most crack. Called again, it goes on where it was; RESULTS/scores.json holds what was measured,
and the table is printed.
"""

import json
from pathlib import Path

import click
import numpy as np
from PIL import Image

from semicurv_tf.cli.console import console, quiet_start
from semicurv_tf.cli.main import run as run_command
from semicurv_tf.config import load_config, parse_setting
from semicurv_tf.recipes import recipe_file
from semicurv_tf.whole_files import write_json

with quiet_start():
    from semicurv_tf.data.load import load_dataset
    from semicurv_tf.data.split import choose_labelled
    from semicurv_tf.study.measure import test_scores, train_to_the_end
    from semicurv_tf.study.record import RECIPE, make_record

PHOTOGRAPHS, BOX_PX, PART_PX, CRACK_SHARE = 5, 128, 256, 0.01


@click.command()
@click.option("--data-dir", required=True, type=click.Path(), help="The folder of CrackForest as published.")
@click.option("--runs", required=True, type=click.Path(path_type=Path), help="Folder for the data and the runs.")
@click.option("--results", required=True, type=click.Path(path_type=Path), help="Folder for scores.json.")
@click.option("--seed", default=0, show_default=True, help="Of the photographs, the boxes and the training.")
@click.option("--steps", default=240, show_default=True, help="Training steps of each run.")
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="For all runs; may be repeated.")
@click.option("--only", multiple=True, help="Arms to run, e.g. boxes; may be repeated. Default: all.")
def main(data_dir, runs, results, seed, steps, settings, only):
    """Train and score each way of labelling, resumably, and print the table."""
    messages = console()
    published = load_dataset("crackforest", data_dir)
    chosen = choose_labelled(published.train.names, PHOTOGRAPHS / len(published.train), seed)
    path = results / "scores.json"
    done = json.loads(path.read_text()) if path.exists() else {}
    for arm in only or ["boxes", *(f"part {k + 1}" for k in range(PHOTOGRAPHS)), "all", "whole 1"]:
        key = f"{arm}, seed {seed}"
        folder = runs / key.replace(", ", "-").replace(" ", "_")
        areas = labelled_areas(arm, chosen, published.train, seed)
        if not (folder / "data").exists():
            write_folder(folder / "data", published, areas)
        config = load_config(
            recipe_file("default"),
            {
                "data.dataset": "folder", "data.data_dir": str(folder / "data"), "data.labels": 1.0, "data.crop": 128,
                "training.steps": steps, "training.seed": seed, "training.monitor_every": steps // 2,
                **dict(map(parse_setting, settings)),
            },
        )  # fmt: skip
        train_to_the_end(config, folder / "run", messages)
        scores = test_scores(folder / "run", None, messages)
        record = make_record(RECIPE, {}, folder / "run", scores, lambda line: False)
        done[key] = {
            "photographs": list(areas), "labelled_pixels": sum(w * h for _, _, w, h in areas.values()),
            "steps": steps, "settings": list(settings), "iou": scores["mean"]["iou"],
            **{name: record[name] for name in ("processor", "versions", "training_minutes")},
        }  # fmt: skip
        write_json(path, done)
    print("| labelled | photographs | labelled pixels | test IoU |\n|---|---|---|---|")
    for key, one in done.items():
        print(f"| {key} | {', '.join(one['photographs'])} | {one['labelled_pixels']:,} | {100 * one['iou']:.1f} |")


def labelled_areas(arm: str, chosen, store, seed: int) -> dict[str, tuple[int, int, int, int]]:
    """Name of each labelled photograph to its labelled (x, y, width, height)."""
    kind, _, number = arm.partition(" ")
    names = chosen if not number else chosen[int(number) - 1 : int(number)]
    areas = {}
    for index, name in zip(store.indices(names), names):
        mask = store.read(index)["mask"][..., 0]
        height, width = mask.shape
        areas[name] = (0, 0, width, height)
        if kind == "boxes":
            sums = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
            inside = (
                sums[BOX_PX:, BOX_PX:] - sums[:-BOX_PX, BOX_PX:] - sums[BOX_PX:, :-BOX_PX] + sums[:-BOX_PX, :-BOX_PX]
            )
            places = np.argwhere(inside >= CRACK_SHARE * BOX_PX**2)
            y, x = places[np.random.default_rng([seed, int(name)]).integers(len(places))]
            areas[name] = (int(x), int(y), BOX_PX, BOX_PX)
        elif kind == "part":
            x = max((0, (width - PART_PX) // 2, width - PART_PX), key=lambda left: mask[:, left : left + PART_PX].sum())
            areas[name] = (x, 0, PART_PX, height)
    return areas


def write_folder(folder: Path, published, areas) -> None:
    """CrackForest as a folder of images in which only `areas` are labelled for training."""
    for part in ("images", "masks", "splits"):
        (folder / part).mkdir(parents=True)
    for split, list_name in (("train", "train"), ("validation", "val"), ("test", "test")):
        store = getattr(published, split)
        (folder / "splits" / f"{list_name}.txt").write_text("\n".join(store.names))
        for index, name in enumerate(store.names):
            arrays = store.read(index)
            Image.fromarray(arrays["image"]).save(folder / "images" / f"{name}.png", compress_level=1)
            if split != "train" or name in areas:
                Image.fromarray(255 * arrays["mask"][..., 0]).save(folder / "masks" / f"{name}.png")
    lines = [f"{name},{x},{y},{width},{height}" for name, (x, y, width, height) in areas.items()]
    (folder / "labelled_areas.csv").write_text("\n".join(["image,x,y,width,height", *lines]))


if __name__ == "__main__":
    run_command(main)
