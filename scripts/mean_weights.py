"""The mean of several files of weights, as a start of its own: python scripts/mean_weights.py --help.

The mean of networks that went on from one another is often as good as the better of them, and lies in a flatter place
(Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization"). Measured on hidden masks:
results/pretraining/README.md.
"""

import shlex
import sys
from pathlib import Path

import click

from semicurv_tf.errors import UserError


@click.command()
@click.argument("weights", nargs=-1, required=True)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="the .npz to write, with its card")
def main(weights, output):
    """Writes the mean of WEIGHTS: names of built-in weights, or files of `semicurv-tf pretrain`."""
    from semicurv_tf.file_names import require_suffix
    from semicurv_tf.weights.builtin import read_weights, write_weights

    require_suffix("--output", output, (".npz",))
    found = [read_weights(name) for name in weights]
    first, *others = found
    for other in others:
        if other.widths != first.widths:
            raise UserError(
                f"{other.path}: expected widths {first.widths} as of {first.path}, found {other.widths}. "
                "Fix: leave one of them out"
            )
    means = [sum(arrays) / len(found) for arrays in zip(*(each.arrays for each in found), strict=True)]
    told = ("command", "seed", "steps", "drawing_version", "settings", "sha256")
    card = {
        "widths": list(first.widths),
        "command": shlex.join(["python", "scripts/mean_weights.py", *weights, "--output", str(output)]),
        "mean_of": [{key: each.card[key] for key in told if key in each.card} for each in found],
        "licence": first.card["licence"],
        "images": first.card["images"],
    }
    write_weights(output, means, card)
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        for line in error.lines:
            click.echo(f"error: {line}", err=True)
        sys.exit(error.exit_code)
