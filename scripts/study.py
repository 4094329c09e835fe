"""Trains and scores several recipes on the same labelled images, and keeps what was measured.

    python scripts/study.py --data-dir ~/data --runs runs/study --results results/drive128_1pct \
        configs/drive128_supervised.yaml configs/drive128_mean_teacher.yaml configs/drive128.yaml

For each recipe and seed: a run folder RUNS/RECIPE-seedN; with --method RUNS/RECIPE-METHOD-seedN, to compare methods that
share all other settings (configs/methods_synthetic.yaml). Called again, it goes on where it was: finished runs are
not trained again, stopped ones are resumed. RESULTS/RECIPE-seedN.json holds the configuration, the curve, the
scores of the last step on the test images, versions, processor and training time; RESULTS/table.md the table,
with mean and spread where a recipe ran with several seeds (--seed 0 --seed 1 --seed 2).
No image is written. With --development the test set stays closed and the table shows the IoU on the masks of the
unlabelled training images, which are hidden from the training: recipes are chosen by these, never by test scores
(docs/protocol.md). With --share N the first recipe trains the first N steps for all: the others go on from its checkpoint
and are what they would have been, as long as they differ in nothing before (`method.unlabelled_from`).
"""

import itertools
import json
from pathlib import Path

import click

from semicurv_tf.cli.console import console, quiet_start
from semicurv_tf.cli.main import run as run_command
from semicurv_tf.config import load_config, load_shared_config, parse_setting
from semicurv_tf.whole_files import write_json

with quiet_start():
    from semicurv_tf.reproduce.branch import branch
    from semicurv_tf.reproduce.measure import measurement, test_scores, train_to_the_end
    from semicurv_tf.reproduce.study_table import study_table


@click.command()
@click.argument("recipes", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--data-dir", type=click.Path(), help="The folder with the dataset's published files.")
@click.option("--runs", required=True, type=click.Path(path_type=Path), help="Folder for the runs.")
@click.option("--results", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--seed", "seeds", multiple=True, type=int, default=(0,), show_default=True, help="May be repeated.")
@click.option(
    "--method", "methods", multiple=True, help="Run each recipe by this method instead of its own; may be repeated."
)
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="For all recipes; may be repeated.")
@click.option(
    "--share",
    type=click.IntRange(min=1),
    help="Train so many steps, which are the same for all recipes, only with the first of them.",
)
@click.option("--development", is_flag=True, help="Do not open the test set.")
def main(recipes, data_dir, runs, results, seeds, methods, settings, share, development):
    """Train and score RECIPES (configuration files), resumably, and write their results."""
    messages = console()
    runs.mkdir(parents=True, exist_ok=True)
    results.mkdir(parents=True, exist_ok=True)
    common = {"training.monitor": "hidden", **dict(parse_setting(setting) for setting in settings)}
    if data_dir is not None:
        common["data.data_dir"] = data_dir
    first = {}
    for seed, recipe, method in itertools.product(seeds, recipes, methods or (None,)):
        run = runs / "-".join([recipe.stem, *([method] if method else []), f"seed{seed}"])
        own = {"training.seed": seed, **({"method.name": method} if method else {})}
        # One recipe for several methods: each takes what it has of it.
        load = load_shared_config if method else load_config
        config = load(recipe, {**common, **own})
        if share and not run.exists() and seed in first:
            branch(first[seed], share, run, config)
        first.setdefault(seed, run)
        train_to_the_end(config, run, messages)
        scores = None if development else test_scores(run, data_dir, messages)
        write_json(results / f"{run.name}.json", _record(recipe, run, scores))
        table = study_table([json.loads(file.read_text()) for file in sorted(results.glob("*.json"))])
        (results / "table.md").write_text(table)
    print(table)


def _record(recipe, run, scores):
    kept = lambda line: line["step"] % 50 == 0 or "monitor_student_iou" in line
    return {"recipe": recipe.name, **measurement(run, scores, kept)}


if __name__ == "__main__":
    run_command(main)
