"""Who hears of each step of a run: what warns, what watches on a few images, and what records and shows it."""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from semicurv_tf.config import TrainingConfig
from semicurv_tf.data.pipeline import evaluation_batches
from semicurv_tf.training.best import BestSoFar
from semicurv_tf.training.guards import CollapseWarning, FallWarning
from semicurv_tf.training.heartbeat import HEARTBEAT, Heartbeat
from semicurv_tf.training.journal import Journal
from semicurv_tf.training.monitor import WATCHED_IMAGES, WATCHED_PX, Monitor, Watched
from semicurv_tf.training.pictures import PICTURED_IMAGES, Pictures
from semicurv_tf.training.progress import LiveProgress

Listener = Callable[[dict], Any]  # called with a step's report, to which those before others may add


def listeners_of_run(
    stack: contextlib.ExitStack,
    training: TrainingConfig,
    run: Path,
    method,
    watched: Watched,
    journal: Journal,
    first_step: int,
    steps: int,
    console: Console,
    keep_best: bool,
) -> tuple[list[Listener], BestSoFar | None]:
    """The listeners of the one process that keeps a run, in the order in which they are to be called.

    Args:
        stack: entered; it ends those that must be told that the run ends.
        training: how often things are done.
        run: the run folder.
        method: its variables are made.
        watched: images to watch on; none: nothing is watched.
        journal: of the run.
        first_step: steps done before.
        steps: length of the run.
        console: for progress and warnings.
        keep_best: whether the network that is best on `watched` is to be deployed.

    Returns:
        The listeners; and that among them which keeps the best network, if any.
    """
    warn = lambda line: console.print(f"warning: {line}")
    best: BestSoFar | None = None
    listeners: list[Listener] = [stack.enter_context(Heartbeat(run / HEARTBEAT, first_step, steps))]
    listeners.append(CollapseWarning(warn))
    if watched.indices:
        batches = functools.partial(evaluation_batches, watched.store, window=WATCHED_PX)
        scored = functools.partial(batches, WATCHED_IMAGES, watched.indices)
        pictured = functools.partial(batches, PICTURED_IMAGES, watched.indices[:PICTURED_IMAGES])
        monitor = Monitor(method, scored, training.monitor_every, steps)
        pictures = Pictures(monitor.predictors, pictured, journal.pictures, training.pictures_every, steps)
        listeners += [monitor, pictures, FallWarning(warn, watched.name)]
        if keep_best:
            best = BestSoFar(run, method, monitor, first_step, warn)
            listeners.append(best)
    listeners += [journal, stack.enter_context(LiveProgress(first_step, steps, console))]
    return listeners, best
