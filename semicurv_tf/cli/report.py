"""`semicurv-tf report`: the paper's tables and figures beside what was measured."""

from pathlib import Path

import click


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path), default="report", show_default=True, help="Folder for the report."
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    help="Folder of the run folders; adds pictures of masks next to the truth.",
)
@click.option("--data-dir", type=click.Path(), help="The dataset's folder, if it moved since the training.")
@click.option(
    "--images",
    type=click.IntRange(1, 50),
    default=6,
    show_default=True,
    help="Test images that --runs shows per dataset.",
)
def report(results, output, runs, data_dir, images):
    """Write the paper's tables and figures, with measured numbers next to the printed ones.

    RESULTS are folders made by `semicurv-tf reproduce`. OUTPUT gets index.html (one page that holds everything, for
    screen and paper), report.md, figures/ and measured.csv. What was not run is shown as not run; a damaged or
    foreign file is named and left out.

    With --runs the report shows images of the dataset: check its terms before you share it.

    \b
    Examples:
      semicurv-tf report results/table3 --output report
      semicurv-tf report results/table3 results/figure8a --runs runs/reproduce --output report
    """
    from semicurv_tf.cli.console import console, quiet_start

    with quiet_start():
        from semicurv_tf.report.build import build_report
    build_report(results, output, runs, data_dir, images, console())
