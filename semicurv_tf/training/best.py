"""Keeps the best network of a run, so that one which training made worse is not what comes out.

While the run goes on, `RUN/best/` holds the best network so far on validation images, its start included. At the end it
becomes `RUN/kept/`, which is then what is deployed, where it beats the last step's by more than chance; else it goes.
"""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.json_files import is_number, read_object
from semicurv_tf.training import checkpoints
from semicurv_tf.training.monitor import Monitor
from semicurv_tf.training.run_folder import KEPT
from semicurv_tf.whole_files import write_json

BEST, SCORES = "best", "iou.json"
LEAST_IMAGES = 2  # one image says nothing about chance


class BestSoFar:
    """Saves the network to deploy whenever it is better than at each step watched before.

    Args:
        run: the run folder.
        method: of the run; its variables are made.
        monitor: of validation images.
        step: steps done when the run begins or goes on.
        warn: called with a line for each network that can no longer be compared, and is given up.
    """

    def __init__(self, run: Path, method, monitor: Monitor, step: int, warn: Callable[[str], None] = lambda line: None):
        self._folder, self._kept, self._method, self._monitor = run / BEST, run / KEPT, method, monitor
        if self._kept.is_dir():
            shutil.rmtree(self._folder, ignore_errors=True)  # of a copy: what is kept was decided later
            self._kept.rename(self._folder)
        for checkpoint in checkpoints.all_checkpoints(self._folder):
            # Those after `step` are done again, perhaps at another rate; one without scores was cut off.
            if checkpoints.step_of(checkpoint) > step or not (checkpoint / SCORES).is_file():
                shutil.rmtree(checkpoint)
            elif reason := self._unfit(checkpoint):
                warn(f"{checkpoint}: no longer the best network of this run: {reason}")
                shutil.rmtree(checkpoint)
        best = checkpoints.newest(self._folder)
        self._mean = -math.inf if best is None else float(np.mean(_scores(best)))
        if best is None:
            self._watch(step)

    def _unfit(self, checkpoint: Path) -> str:
        """Why a network cannot be compared with those that come, or be deployed; "" where it can."""
        try:
            checkpoints.require_whole(checkpoint)
            then, now = len(_scores(checkpoint)), len(self._monitor.last_deployed())
        except UserError as error:
            return error.lines[0].partition(" Fix: ")[0]
        return "" if then == now else f"it was scored on {then} validation images, now there are {now}"

    def __call__(self, report: dict):
        if self._monitor.watches(report["step"]):
            self._watch(report["step"])

    def _watch(self, step: int):
        scores = self._monitor.last_deployed()
        if float(np.mean(scores)) > self._mean:
            self._mean = float(np.mean(scores))
            # The one before stays: a run that goes on from an earlier checkpoint forgets what came after it.
            saved = checkpoints.save(self._folder, self._method, step, kept=2)
            write_json(saved / SCORES, {"iou": [float(score) for score in scores]})

    def finish(self) -> str:
        """Decides what is deployed, at the end of the run; returns a line for the user."""
        best, last = checkpoints.newest(self._folder), self._monitor.last_deployed()
        if best is None or not better_than_chance(_scores(best), last):
            shutil.rmtree(self._folder, ignore_errors=True)
            return f"deployed is the last step's network: IoU {100 * last.mean():.1f} % on validation images"
        for older in checkpoints.all_checkpoints(self._folder)[:-1]:
            shutil.rmtree(older)
        self._folder.rename(self._kept)
        step = checkpoints.step_of(best)
        return (
            f"deployed is the network of {f'step {step}' if step else 'the start'}: IoU {100 * self._mean:.1f} % on "
            f"validation images, {100 * last.mean():.1f} % at the last step"
        )


def better_than_chance(first, second) -> bool:
    """Whether one network beats another by more than the standard error of their difference over images.

    Args:
        first, second: IoU of each image, in one order, `(images,)`.
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if difference.size < LEAST_IMAGES:
        return False
    return bool(difference.mean() > difference.std(ddof=1) / math.sqrt(difference.size))


def _scores(checkpoint: Path) -> np.ndarray:
    """IoU of each image, float64 `(images,)`.

    Raises:
        UserError: the file is damaged.
    """
    scores = read_object(checkpoint / SCORES, f"delete {checkpoint}").get("iou")
    if not isinstance(scores, list) or not scores or not all(is_number(each) and 0 <= each <= 1 for each in scores):
        raise UserError(
            f"{checkpoint / SCORES}: expected an IoU in [0, 1] per image, found others. Fix: delete the folder"
        )
    return np.asarray(scores, np.float64)
