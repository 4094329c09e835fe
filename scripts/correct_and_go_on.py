"""Corrects ten predictions and goes on training from them: IoU before and after on the same test photographs.

    python scripts/correct_and_go_on.py --data-dir data/crackforest --work WORK

WORK/MY is a folder as a user has it, of photographs of CrackForest: two with a mask, ten without, and the eleven test
photographs of the released split. Run A learns from the two. The ten are predicted; each is then "corrected" to its
true mask and saved by what the page of `semicurv-tf review` saves with. Run B begins from A and learns from all twelve.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
from PIL import Image


def make_folder(data_dir: str, folder: Path, seed: int) -> tuple[list[str], dict[str, np.ndarray]]:
    """Writes MY, and returns the names of the ten to correct with their true masks."""
    from semicurv_tf.data.load import load_dataset

    dataset = load_dataset("crackforest", data_dir)
    order = np.random.default_rng(seed).permutation(len(dataset.train))[:12]
    shown = [(dataset.train, int(index), number < 2) for number, index in enumerate(order)]
    shown += [(dataset.test, index, True) for index in range(len(dataset.test))]
    truth = {}
    for store, index, labelled in shown:
        arrays, name = store.read(index), store.names[index]
        save(folder / "images" / f"{name}.png", arrays["image"])
        if labelled:
            save(folder / "masks" / f"{name}.png", arrays["mask"][..., 0] * np.uint8(255))
        else:
            truth[name] = arrays["mask"][..., 0] > 0
    (folder / "splits").mkdir()
    for split, stores in (("train", dataset.train), ("test", dataset.test)):
        names = [store.names[index] for store, index, _ in shown if store is stores]
        (folder / "splits" / f"{split}.txt").write_text("\n".join(names) + "\n")
    return sorted(truth), truth


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def call(*words) -> None:
    print("$ semicurv-tf " + " ".join(map(str, words)), flush=True)
    subprocess.run([str(Path(sys.executable).with_name("semicurv-tf")), *map(str, words)], check=True)


def score(run: Path) -> tuple[float, list[float]]:
    """Mean IoU of the test photographs in percent, and that of each."""
    call("evaluate", "--run", run)
    test = json.loads((run / "scores.json").read_text())["test"]
    return 100 * test["mean"]["iou"], [100 * one["iou"] for one in test["each"].values()]


@click.command()
@click.option("--data-dir", required=True, help="The folder of CrackForest.")
@click.option("--work", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--seed", default=0, show_default=True, help="Which photographs are labelled and corrected.")
@click.option("--steps", type=int, help="Of each run.  [default: as planned]")
def main(data_dir, work, seed, steps):
    """IoU on held photographs before and after ten corrections."""
    from semicurv_tf.review.saving import save_corrected

    if work.exists():
        raise click.UsageError(f"--work {work}: exists already")
    folder = work / "MY"
    names, truth = make_folder(data_dir, folder, seed)
    length = [] if steps is None else ["--steps", steps]
    call("train", folder, "--run", work / "A", *length)
    found = {"A": score(work / "A")}
    (work / "todo").mkdir()
    for name in names:
        shutil.copy(folder / "images" / f"{name}.png", work / "todo")
    call("predict", "--run", work / "A", "--input", work / "todo", "--output", work / "predicted")
    changed = []
    for name in names:
        predicted = np.asarray(Image.open(work / "predicted" / f"{name}.png")) > 0
        changed.append(100 * (predicted != truth[name]).mean())
        image = folder / "images" / f"{name}.png"
        save_corrected(truth[name], image, folder, folder / "masks" / f"{name}.png", None)
    print(f"ten corrections: {np.mean(changed):.2f} % of the pixels changed on average")
    call("train", folder, "--from", work / "A", "--run", work / "B", *length)
    found["B"] = score(work / "B")
    said = {"A": "2 photographs", "B": "A, then 2 + 10 corrected"}
    for run, (mean, each) in found.items():
        better = sum(after > before for before, after in zip(found["A"][1], each))
        print(f"{run}  {said[run]:<24} test IoU {mean:.1f} %, better than A on {better} of {len(each)}")


if __name__ == "__main__":
    main()
