"""Whether the interval of `semicurv-tf advise` holds: python scripts/check_advice.py --help.

`ladders` trains networks on nested label sets of 1, 2, 4, ... images and scores each on hidden training images, whose
masks no network sees (docs/protocol.md: never the test set). `table` lets the fit see the lower rungs of such ladders
and counts how often the next rung, twice the labels, lies in the interval that it foretold.
"""

import json
import time
from pathlib import Path

import click
import numpy as np
from hidden_bench import Bench

CROP_PX = 64
SCORED = {"crackforest": 12}  # its images are whole photographs of nine times the pixels of a crop
SCORED_OTHERS = 20


@click.group()
def main():
    """Measure ladders of nested label sets, and what the fit of `advise` says of them."""


@main.command()
@click.option("--data", "data", multiple=True, required=True, help="NAME=DIR: a dataset with its folder; repeated")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="a JSON file per ladder")
@click.option("--seeds", default=6, show_default=True, help="label seeds per dataset")
@click.option("--rungs", default="1,2,4,8,16,32", show_default=True)
@click.option("--steps", default=60, show_default=True)
def ladders(data, output, seeds, rungs, steps):
    """Train and score one ladder per dataset and seed; what is in OUTPUT already is not done again."""
    output.mkdir(parents=True, exist_ok=True)
    sizes = [int(size) for size in rungs.split(",")]
    benches: dict[str, Bench] = {}
    # Seeds outside, datasets inside: whenever it stops, all datasets have about as many ladders.
    for seed in range(seeds):
        for pair in data:
            name, _, folder = pair.partition("=")
            path = output / f"{name}-seed{seed}.json"
            done = json.loads(path.read_text()) if path.exists() else {"dataset": name, "seed": seed, "steps": steps}
            if all(str(size) in done.get("rungs", {}) for size in sizes):
                continue
            if name not in benches:
                benches[name] = Bench(name, folder, steps, CROP_PX, SCORED.get(name, SCORED_OTHERS))
            for size in sizes:
                if str(size) not in done.setdefault("rungs", {}):
                    done["rungs"][str(size)] = rung(benches[name], size, seed)
                    path.write_text(json.dumps(done))
                    mean = np.mean(list(done["rungs"][str(size)]["each"].values()))
                    click.echo(f"{time.strftime('%H:%M:%S')} {name} seed {seed}: {size} labels, IoU {100 * mean:.1f}")


def rung(bench: Bench, size: int, seed: int) -> dict:
    """Trains on `size` images of the seed, scores the hidden ones: {"labels": names, "each": {name: IoU}}."""
    from semicurv_tf.data.split import choose_labelled

    labels = choose_labelled(bench.pool, size, seed)
    bench.train(labels, seed)
    return {"labels": list(labels), "each": bench.score()}


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--chosen-on", default="0,1", show_default=True, help="seeds by which the constants of the fit were chosen"
)
@click.option("--together", default=1, show_default=True, help="ladders of a dataset that stand for the folds of a run")
@click.option("--json", "target", type=click.Path(path_type=Path), help="also write the ladders and cases here")
def table(folder, chosen_on, together, target):
    """Count how often twice the labels scored inside the interval that the ladders of FOLDER up to there foretold."""
    from semicurv_tf.advice.learning_curve import LEVEL
    from semicurv_tf.whole_files import write_json

    ladders = [read_ladder(path) for path in sorted(folder.glob("*-seed*.json"))]
    development = {int(seed) for seed in chosen_on.split(",")}
    cases = [case for group in groups(ladders, together, development) for case in cases_of(group)]
    for case in cases:
        case["half"] = "chosen" if set(case["seeds"]) <= development else "checked"
    click.echo("| dataset | seeds | fitted on | foretold | now | expected | 80 % interval | measured | inside |")
    click.echo("|---|---|---|---|---|---|---|---|---|")
    for case in cases:
        interval, inside = f"{case['low']:.1f} to {case['high']:.1f}", "yes" if case["inside"] else "no"
        numbers = [f"{case[key]:.1f}" for key in ("now", "expected")]
        lists = [", ".join(map(str, case[key])) for key in ("seeds", "fitted_on")]
        cells = [case["dataset"], *lists, str(case["labels"]), *numbers, interval, f"{case['measured']:.1f}", inside]
        click.echo(f"| {' | '.join(cells)} |")
    for half in ("chosen", "checked"):
        own = [case for case in cases if case["half"] == half]
        if own:
            inside, widths = sum(case["inside"] for case in own), [case["high"] - case["low"] for case in own]
            errors = [abs(case["measured"] - case["expected"]) for case in own]
            click.echo(
                f"{half}: {inside} of {len(own)} inside an interval of {100 * LEVEL:.0f} %, {np.mean(widths):.1f} "
                f"points wide on average; off by {np.mean(errors):.1f} points on average"
            )
    if target is not None:
        write_json(target, {"ladders": ladders, "cases": cases})


def read_ladder(path: Path) -> dict:
    """A ladder's mean IoU in percent by number of labels."""
    content = json.loads(path.read_text())
    scores = {
        size: round(100 * float(np.mean(list(rung["each"].values()))), 2) for size, rung in content["rungs"].items()
    }
    return {**{key: content[key] for key in ("dataset", "seed", "steps")}, "iou": scores}


def groups(ladders: list[dict], together: int, development: set[int]) -> list[list[dict]]:
    """Ladders of one dataset and one half, so many at a time."""
    found = []
    for name in sorted({ladder["dataset"] for ladder in ladders}):
        for inside in (True, False):
            own = [one for one in ladders if one["dataset"] == name and (one["seed"] in development) == inside]
            found += [own[begin : begin + together] for begin in range(0, len(own) - together + 1, together)]
    return found


def cases_of(group: list[dict]) -> list[dict]:
    """What up to three rungs foretell of the next one, for each window of a group of ladders."""
    from semicurv_tf.advice.learning_curve import LearningCurve, Score

    sizes = sorted(set.intersection(*({int(size) for size in ladder["iou"]} for ladder in group)))
    cases = []
    for last in range(1, len(sizes) - 1):
        fitted, twice = sizes[max(0, last - 2) : last + 1], sizes[last + 1]
        if twice != 2 * sizes[last]:
            continue
        scores = [Score(one["seed"], size, one["iou"][str(size)]) for one in group for size in fitted]
        curve = LearningCurve(scores, sizes[last])
        foretold = curve.foretold(twice)
        measured = float(np.mean([one["iou"][str(twice)] for one in group]))
        cases.append(
            {"dataset": group[0]["dataset"], "seeds": [one["seed"] for one in group], "fitted_on": fitted}
            | {"labels": twice, "now": round(curve.at(sizes[last]).expected, 2), "measured": round(measured, 2)}
            | {key: round(value, 2) for key, value in foretold._asdict().items()}
            | {"inside": foretold.low <= measured <= foretold.high}
        )
    return cases


if __name__ == "__main__":
    main()
