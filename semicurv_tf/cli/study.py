"""Prints the tables of results/recipes: what the unlabelled images add, beside what the paper printed.

    python scripts/recipe_table.py results/recipes/drive128_1pct results/recipes/em128_5pct

Each folder holds results of scripts/study.py with the test set opened.
"""

import json
from pathlib import Path

import click

from semicurv_tf.cli.main import run as run_command
from semicurv_tf.errors import UserError
from semicurv_tf.study.recipe_table import recipe_table, time_table

MINUTES = (1, 2, 3, 4, 5, 7, 10, 20, 40)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folders):
    """Print the table of test scores over all results in FOLDERS, and IoU by time on hidden training masks."""
    files = sorted(file for folder in folders for file in folder.glob("*.json"))
    if not files:
        raise UserError(
            f"{', '.join(map(str, folders))}: expected results of scripts/study.py (*.json), found none. Fix: another folder"
        )
    records = {file: json.loads(file.read_text(encoding="utf-8")) for file in files}
    faults = []
    for file, record in records.items():
        if "recipe" not in record or "curve" not in record:
            faults.append(f"{file}: expected a result of scripts/study.py, found other JSON. Fix: leave its folder out")
        elif record["scores"] is None:
            faults.append(
                f"{file}: made with --development, has no test scores. Fix: leave its folder out, or run the study without it"
            )
    if faults:
        raise UserError(faults)
    records = list(records.values())
    print(recipe_table(records))
    print(time_table(records, MINUTES), end="")


if __name__ == "__main__":
    run_command(main)
