"""Trains what was asked for: the plan is shown before the first step, and refused where it does not fit."""

from pathlib import Path

from rich.console import Console

from semicurv_tf.planning.plan import make_plan, require_memory, show
from semicurv_tf.planning.request import Request
from semicurv_tf.training import run_folder, train
from semicurv_tf.training.task import read_task


def run_of(request: Request) -> Path:
    """The run folder where the user named none: after the folder, with a number once that is taken."""
    if request.folder is None:
        return run_folder.default_run(request.config)
    base = Path("runs") / (request.folder.resolve().name or "folder")
    if read_task().workers > 1:  # workers that look one after the other must find the same name
        return base
    tried, number = base, 2
    while tried.exists() and (not tried.is_dir() or any(tried.iterdir())):
        tried, number = base.with_name(f"{base.name}-{number}"), number + 1
    return tried


def train_request(request: Request, run: Path, console: Console, dry_run: bool = False) -> None:
    """Plans, shows the plan, and trains into a new run folder.

    Args:
        request: of `read_request`.
        run: an absent or empty folder.
        console: for the plan, progress and messages.
        dry_run: stop after the plan, with nothing written.

    Raises:
        UserError: whatever the user can put right.
        Stopped: after Ctrl-C, with a checkpoint written.
    """

    def complete(config, dataset, labelled, console):
        plan = make_plan(request, dataset, labelled, run, config)
        show(plan, console)
        require_memory(plan)
        return plan.config

    train.train(request.config, run, console, dry_run, complete)
