"""`semicurv-tf reproduce`: the cells of one of the paper's tables or figures, one after another."""

from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteFloat
from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.errors import UserError
from semicurv_tf.onednn import take_onednn


@click.command()
@click.argument("target", required=False)
@click.option("--list", "list_targets", is_flag=True, help="List tables, figures, datasets and systems.")
@click.option("--dataset", help="crackforest, crack500, gaps384, mitroad, em128, drive128; or synthetic, to try it.")
@click.option("--data-dir", type=click.Path(), help="The folder with the dataset's published files.")
@click.option(
    "--labels", multiple=True, help="Labelled fraction, or `all`; may be repeated. Default: the paper's budgets."
)
@click.option("--methods", help="Comma-separated systems of the table. Default: all of them.")
@click.option("--seeds", type=int, default=1, show_default=True, help="Number of seeds: 3 runs seeds 0, 1 and 2.")
@click.option(
    "--budget", type=FiniteFloat(), help="Length of a run as a share of the paper's 1000 epochs. Default: 1.0."
)
@click.option("--steps", type=int, help="The same number of steps for all cells, instead of --budget.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="A YAML file that all cells start from.")
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="For all cells; may be repeated.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the results, one JSON file per cell.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs/reproduce",
    show_default=True,
    help="Folder for the run folders.",
)
@click.option("--dry-run", is_flag=True, help="List the cells with their state and the time forecast, run nothing.")
def reproduce(
    target,
    list_targets,
    dataset,
    data_dir,
    labels,
    methods,
    seeds,
    budget,
    steps,
    config_file,
    settings,
    output,
    runs,
    dry_run,
):
    """Train and score the cells of one of the paper's tables or figures.

    A cell is a system, a dataset, a label budget and a seed. It can be killed at any time: the same command
    resumes where it stopped. Budget 1.0 is the paper's 1000 epochs; an epoch cycles the labelled images once,
    four to a batch, so it is 1000 * ceil(labelled / 4) steps. The test set is opened once per finished cell.

    \b
    Examples:
      semicurv-tf reproduce --list
      semicurv-tf reproduce table3 --dataset drive128 --labels 0.01 --data-dir DIR --output results/table3 --dry-run
      semicurv-tf reproduce table3 --dataset drive128 --labels 0.01 --seeds 3 --data-dir DIR --output results/table3
      semicurv-tf reproduce table5 --dataset em128 --budget 0.1 --data-dir DIR --output results/table5 \\
          --set method.ema_alpha=0.99
      semicurv-tf reproduce figure8a --dataset drive128 --data-dir DIR --output results/figure8a \\
          --methods mean_teacher,semicurv
      semicurv-tf report results/table3 --output report
    """
    from semicurv_tf.study.targets import TARGETS, find_target, overview

    if list_targets:
        print(overview())
        return
    if target is None:
        raise UserError(f"reproduce: no table or figure given. Fix: one of {', '.join(TARGETS)}")
    find_target(target)
    if output is None and not dry_run:
        raise UserError("reproduce: no --output given. Fix: --output results/NAME, a folder for the results")
    from semicurv_tf.config import parse_setting
    from semicurv_tf.study.plan import Request, make_plan

    request = Request(
        target=target,
        dataset=dataset,
        labels=tuple(map(_fraction, labels)),
        methods=tuple(name.strip() for name in methods.split(",")) if methods else (),
        seeds=seeds,
        budget=budget,
        steps=steps,
        data_dir=data_dir,
        config_file=config_file,
        settings=dict(map(parse_setting, settings)),
    )
    cells = make_plan(request)
    from semicurv_tf.cli.console import console, quiet_start

    take_onednn(pixels=max((cell.config.data.crop or 0) ** 2 for cell in cells))
    with quiet_start():
        from semicurv_tf.study import run_plan as plan
    messages = console()
    advice = plan.slow_average(cells)
    if advice:
        messages.print(advice)
    if dry_run:
        results = output or Path("no results yet")
        print(
            plan.listing([(cell, *plan.state_of(cell, results, runs)) for cell in cells], plan.forecast_from(results))
        )
        return
    with ends_when_stopped(of="a cell"):
        plan.run_plan(cells, output, runs, data_dir, messages)


def _fraction(text):
    if text == "all":
        return 1.0
    try:
        return float(text)
    except ValueError:
        raise UserError(f"--labels {text}: expected a fraction in (0, 1] or `all`. Fix: --labels 0.05") from None
