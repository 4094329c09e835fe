"""Whether the images that `semicurv-tf next` chooses teach more than random ones: python scripts/check_next.py --help.

From two random images on, a strategy chooses the next ones, the default recipe learns all of them from the start, and
hidden training images, whose masks no network sees, score it (docs/protocol.md: never the test set).
"""

import itertools
import json
import time
from pathlib import Path

import click
import numpy as np
from hidden_bench import Bench

CROP_PX = 128
SCORED = {"crackforest": 24}  # whole photographs of nine times the pixels of a crop
SCORED_OTHERS = 40
STRATEGIES = {
    "disagreement": "as semicurv-tf next --by disagreement",
    "coverage": "as semicurv-tf next --by coverage",
    "diverse": "the built-in network's features farthest from those of a labelled image (k-centre)",
    "random": "at random",
}


@click.group()
def main():
    """Measure chosen against random label sets of the same size."""


@main.command()
@click.option("--data", "data", multiple=True, required=True, help="NAME=DIR: a dataset with its folder; repeated")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="a JSON file per dataset and seed")
@click.option("--seeds", default=3, show_default=True, help="label seeds per dataset")
@click.option("--sizes", default="2,6,20", show_default=True, help="labelled images; the first are random")
@click.option("--steps", default=480, show_default=True)
@click.option("--precision", default="auto", show_default=True)
@click.option("--strategies", default=",".join(STRATEGIES), show_default=True)
def run(data, output, seeds, sizes, steps, precision, strategies):
    """Train and score; what is in OUTPUT already is not done again."""
    output.mkdir(parents=True, exist_ok=True)
    counts = [int(size) for size in sizes.split(",")]
    benches: dict[str, Bench] = {}
    for seed in range(seeds):
        for pair in data:
            name, _, folder = pair.partition("=")
            path = output / f"{name}-seed{seed}.json"
            done = json.loads(path.read_text()) if path.exists() else {"dataset": name, "seed": seed, "steps": steps}
            chosen = strategies.split(",")
            whole = [f"{strategy} {size}" for strategy in chosen for size in counts[1:]]
            if all(key in done.get("trained", {}) for key in whole):
                continue
            if name not in benches:
                benches[name] = Bench(name, folder, steps, CROP_PX, SCORED.get(name, SCORED_OTHERS), precision)
            _measure(benches[name], done, path, seed, counts, chosen)


def _measure(bench: Bench, done: dict, path: Path, seed: int, counts: list[int], strategies: list[str]):
    """All strategies of a dataset and seed, kept in `path` after each training."""
    from semicurv_tf.data.split import choose_labelled

    trained = done.setdefault("trained", {})

    def learn(key, labels):
        """Trains; scores what has no score yet."""
        bench.train(labels, seed)
        if key not in trained:
            trained[key] = {"labels": sorted(labels), "each": bench.score()}
            path.write_text(json.dumps(done))
            mean = 100 * np.mean(list(trained[key]["each"].values()))
            click.echo(f"{time.strftime('%H:%M:%S')} {done['dataset']} seed {seed}: {key}, IoU {mean:.1f}")

    first = list(choose_labelled(bench.pool, counts[0], seed))
    for strategy in strategies:
        labels = first
        if f"start {counts[0]}" not in trained or (
            strategy == "disagreement" and f"disagreement {counts[1]}" not in trained
        ):
            learn(f"start {counts[0]}", labels)
        for place, size in enumerate(counts[1:], 1):
            key = f"{strategy} {size}"
            labels = (
                trained[key]["labels"]
                if key in trained
                else labels + _choose(strategy, bench, labels, size - len(labels), seed)
            )
            # The next choice by disagreement asks this very network: it is trained again where a stop lost it.
            asked = strategy == "disagreement" and any(
                f"disagreement {later}" not in trained for later in counts[place + 1 :]
            )
            if key not in trained or asked:
                learn(key, labels)


def _choose(strategy: str, bench: Bench, labels: list[str], count: int, seed: int) -> list[str]:
    """So many further images of the pool."""
    from semicurv_tf.acquisition.coverage import choose_covering
    from semicurv_tf.acquisition.diverse import choose_diverse
    from semicurv_tf.acquisition.features import pooled_features
    from semicurv_tf.data.split import choose_labelled

    free = [name for name in bench.pool if name not in set(labels)]
    if strategy == "random":
        return list(choose_labelled(free, count, 1000 + seed))
    read = lambda names: [bench.store.read(index) for index in bench.store.indices(names)]
    judge = bench.learner.teacher
    if strategy != "disagreement":
        judge.set_weights(bench.start)
    features = pooled_features(judge, read(free[:1])[0]["image"].shape[-1])
    known, looks = (np.stack([features(image["image"]) for image in read(names)]) for names in (labels, free))
    if strategy == "disagreement":
        taken, _ = choose_diverse(_doubts(bench, read(free)), looks, count, known)
        return [free[place] for place in taken]
    if strategy == "coverage":
        taken, _ = choose_covering(looks, count, known)
        return [free[place] for place in taken]
    nearest = np.min([np.linalg.norm(looks - one, axis=1) for one in known], axis=0)
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(looks - looks[chosen[-1]], axis=1))
    return [free[place] for place in chosen]


def _doubts(bench: Bench, images: list[dict]) -> np.ndarray:
    """Mean disagreement of student and teacher over the images' pixels, as by `semicurv-tf next`."""
    from semicurv_tf.acquisition.disagreement import committee, disagreement
    from semicurv_tf.inference.predictor import Predictor

    networks, channels = (bench.learner.student, bench.learner.teacher), images[0]["image"].shape[-1]
    predictors = [Predictor.from_network(network, channels).probability for network in networks]
    one = lambda image: disagreement(committee(predictors, image["image"], 4)) * (image["valid"][..., 0] > 0)
    return np.array([float(one(image).mean()) for image in images])


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "target", type=click.Path(path_type=Path), help="also write the scores here")
def table(folder, target):
    """Print mean IoU in percent by dataset, seed, size and strategy, and the means."""
    from semicurv_tf.whole_files import write_json

    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*-seed*.json"))]
    mean = lambda entry: round(100 * float(np.mean(list(entry["each"].values()))), 2)
    records = [
        {"dataset": one["dataset"], "seed": one["seed"], "steps": one["steps"]}
        | {"iou": {key: mean(entry) for key, entry in one["trained"].items()}}
        for one in found
    ]
    if target is not None:
        write_json(target, records)
    sizes = sorted({int(key.split()[1]) for one in records for key in one["iou"] if not key.startswith("start")})
    columns = [f"{strategy} {size}" for size in sizes for strategy in STRATEGIES]
    click.echo("| dataset | seed | start | " + " | ".join(columns) + " |")
    click.echo("|---|---|---|" + "---|" * len(columns))
    shown = lambda value: "-" if value is None else f"{value:.1f}"
    for one in records:
        first = next((value for key, value in one["iou"].items() if key.startswith("start")), None)
        cells = [shown(first), *(shown(one["iou"].get(column)) for column in columns)]
        click.echo(f"| {one['dataset']} | {one['seed']} | {' | '.join(cells)} |")
    for size in sizes:
        for first, second in itertools.combinations(STRATEGIES, 2):
            _tell_difference(records, first, second, [size])
    for first, second in itertools.combinations(STRATEGIES, 2):
        _tell_difference(records, first, second, sizes)


def _tell_difference(records: list[dict], first: str, second: str, sizes: list[int]):
    """Prints how two strategies differ over all cases that have both."""
    pairs = [
        one["iou"][f"{first} {size}"] - one["iou"][f"{second} {size}"]
        for one in records
        for size in sizes
        if {f"{first} {size}", f"{second} {size}"} <= one["iou"].keys()
    ]
    if len(pairs) > 1:
        click.echo(
            f"{first} less {second}, {' and '.join(map(str, sizes))} labels: {np.mean(pairs):+.2f} points on average "
            f"(standard error {np.std(pairs, ddof=1) / len(pairs) ** 0.5:.2f}), better in "
            f"{sum(value > 0 for value in pairs)} of {len(pairs)}"
        )


if __name__ == "__main__":
    main()
