"""`semicurv-tf study`: recipes trained and compared on the same labelled images."""

from pathlib import Path

import click

from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.onednn import take_onednn
from semicurv_tf.recipes import recipe_or_file

RUN_EXAMPLES = """
\b
Examples:
  semicurv-tf study run drive128_supervised drive128_best --data-dir DIR \\
      --runs runs/study --output results/drive128_1pct --seed 0 --seed 1 --seed 2
  semicurv-tf study run configs/methods_synthetic.yaml --method supervised --method semicurv \\
      --runs runs/methods --output results/methods
  semicurv-tf study run mine/*.yaml --runs RUNS --output RESULTS --development --dry-run

\b
Per recipe and seed: a run folder RUNS/RECIPE-seedN (RECIPE-METHOD-seedN with --method) and
OUTPUT/RECIPE-seedN.json with configuration, curve, scores of the last step on the test images, versions, processor
and training time. OUTPUT/table.md has a row for each, and mean and spread where a recipe ran with several seeds.
No image is written.

\b
Recipes are chosen with --development, by the masks of the unlabelled training images, which are hidden from the
training; never by test scores (docs/protocol.md).
"""

# Of training, after which the second table of `study table` shows the IoU.
MINUTES = (1, 2, 3, 4, 5, 7, 10, 20, 40)


@click.group()
def study():
    """Train and compare recipes on the same labelled images, resumably."""


@study.command(epilog=RUN_EXAMPLES)
@click.argument("recipes", nargs=-1, required=True)
@click.option("--data-dir", type=click.Path(), help="The folder with the dataset's published files.")
@click.option("--runs", required=True, type=click.Path(path_type=Path), help="Folder for the run folders.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder for the records and the table.")
@click.option("--seed", "seeds", multiple=True, type=int, default=(0,), show_default=True, help="May be repeated.")
@click.option(
    "--method", "methods", multiple=True, help="Run each recipe with this method instead of its own; may be repeated."
)
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="For all recipes; may be repeated.")
@click.option(
    "--share",
    type=click.IntRange(min=1),
    help="Train this many steps, in which all recipes must do the same, once; the others branch off there.",
)
@click.option("--development", is_flag=True, help="Do not open the test set.")
@click.option("--dry-run", is_flag=True, help="List the runs with their state and the time forecast, run nothing.")
def run(recipes, data_dir, runs, output, seeds, methods, settings, share, development, dry_run):
    """Train and score RECIPES: names from `semicurv-tf recipes`, or YAML files.

    It can be killed at any time: the same command resumes where it stopped.
    """
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.config import parse_setting

    values = dict(map(parse_setting, settings))
    crop = values.get("data.crop")
    take_onednn(pixels=crop**2 if isinstance(crop, int) else 0)
    with quiet_start():
        from semicurv_tf.study.run_recipes import listing, plan_recipes, run_recipes
    planned = plan_recipes([recipe_or_file(text) for text in recipes], runs, seeds, methods, data_dir, values)
    if dry_run:
        click.echo(listing(planned, output))
        return
    with ends_when_stopped(of="a run"):
        click.echo(run_recipes(planned, output, data_dir, console(), share, development))


@study.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def table(folders):
    """Print the tables of all records in FOLDERS: test scores over label seeds, and IoU by training time.

    FOLDERS are those of `semicurv-tf study run`, with the test set opened. Recipes named NAME_best are the column
    `best`; those of methods supervised and semicurv are the columns next to it, with the paper's numbers.

    \b
    Example:
      semicurv-tf study table results/recipes/drive128_1pct results/recipes/em128_5pct
    """
    from semicurv_tf.cli.console import quiet_start

    with quiet_start():
        from semicurv_tf.study.recipe_table import recipe_table, time_table
        from semicurv_tf.study.run_recipes import read_recipe_records
    records = read_recipe_records(folders, tested=True)
    click.echo(recipe_table(records))
    click.echo(time_table(records, MINUTES), nl=False)
