"""The trainings of an advice: for each fold of a run's masks, a network per nested label set, each a run of its own.

RUN/advice/folds-3-steps-160/fold-1/set-1/    all labelled photographs of fold 1
RUN/advice/folds-3-steps-160/fold-1/set-2/    half of them; set-3: a quarter
"""

import json
import math
import socket
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from semicurv_tf.advice.label_sets import largest_set, nested_sets
from semicurv_tf.config import Config
from semicurv_tf.config.load import load_config
from semicurv_tf.data.load import Dataset
from semicurv_tf.evaluation.folds import Fold, config_of_fold, known_scores, require_same, split_folds
from semicurv_tf.methods.settings import LEARN
from semicurv_tf.planning.choose import share_of_start
from semicurv_tf.planning.forecast import START_SECONDS, seconds_of_run, step_pixels
from semicurv_tf.recipes import DEFAULT, recipe_or_file
from semicurv_tf.training import run_folder
from semicurv_tf.training.heartbeat import HEARTBEAT, read_heartbeat
from semicurv_tf.training.journal import read_log
from semicurv_tf.training.train import OpenImages

ADVICE = "advice"
FOLDS = 3  # every mask is scored once, and a network still learns from two thirds of them
# Networks of 60 steps scored below their start on cracks (results/advice): they had forgotten and not learned yet.
SHORTEST_STEPS = 120
SHORTER = 3  # times than the run: nine networks of a third of its length take three times as long as it took


class Training(NamedTuple):
    """One network.

    Attributes:
        fold: number, from 1.
        level: see `LabelSet`.
        images: what it learns from, and what it is scored on.
        config: its configuration.
        folder: its run folder.
    """

    fold: int
    level: int
    images: Fold
    config: Config
    folder: Path


def default_steps(run_steps: int) -> int:
    """The length of each network: a third of the run's, but no less than teaches something.

    >>> default_steps(480), default_steps(60), default_steps(12)
    (160, 60, 12)
    """
    return min(run_steps, max(SHORTEST_STEPS, math.ceil(run_steps / SHORTER)))


def plan_trainings(
    run: Path, config: Config, dataset: Dataset, learned: Sequence[str], folds: int, steps: int
) -> list[Training]:
    """The trainings, fold by fold, the largest label set first; nothing is written.

    Args:
        run: the run folder.
        config: the run's, with its folders as they are now.
        dataset: of the run.
        learned: names of the images whose masks the run learned from.
        folds: how many.
        steps: length of each.

    Raises:
        UserError: fewer photographs than folds; or one there is of another recipe, or of other images.
    """
    parts = split_folds(dataset, learned, folds)
    place = run / ADVICE / f"folds-{folds}-steps-{steps}"
    trainings = []
    for number, part in enumerate(parts, 1):
        names = part.images.labelled
        train = part.images.dataset.train
        sources = [train.sources[index] for index in train.indices(names)]
        sets = nested_sets(names, sources, learned, largest_set(len(learned)), config.training.seed, number)
        for one in sets:
            images = Fold(OpenImages(part.images.dataset, one.names), part.held)
            own = _own_config(config, images, len(learned), steps)
            folder = place / f"fold-{number}" / f"set-{one.level + 1}"
            trainings.append(Training(number, one.level, images, own, folder))
    for training in trainings:  # all before the first: what does not fit is said before hours are spent
        if training.folder.exists():
            require_same(training.folder, training.config, training.images, remedy(run))
    return trainings


def remedy(run: Path) -> str:
    """What to do about an advice of another recipe."""
    return f"remove {run / ADVICE}, or choose another --steps"


def photographs_with_masks(dataset: Dataset, learned: Sequence[str]) -> int:
    """How many photographs of a run have a mask to learn from or to score.

    Args:
        dataset: of the run.
        learned: names of the training images whose masks the run learned from; other training images do not count.
    """
    stores = [(dataset.train, dataset.train.indices(learned))]
    stores += [(store, list(range(len(store)))) for store in (dataset.validation, dataset.test) if store is not None]
    return len({store.sources[index] for store, indices in stores for index in indices if store.labelled[index]})


def seconds_of(training: Training, run: Path) -> float | None:
    """How long a training and its scores will take; 0 where they are there, None where nobody knows.

    Args:
        training: one of `plan_trainings`.
        run: the run folder: a run of this machine tells how long its steps took.
    """
    if known_scores(training.folder) is not None:
        return 0.0
    config, dataset = training.config, training.images.images.dataset.shrunk(training.config.data.times_smaller)
    sizes = [shape[:2] for shape in dataset.train.shapes]
    pixels = step_pixels(config, max(sizes, key=math.prod))
    steps = config.training.steps or 0
    precision = run_folder.read_facts(run).get("precision", {}).get("name", "float32")
    step_seconds = _measured_step(run)
    if step_seconds is None:
        whole = seconds_of_run(config, steps, pixels, precision)
        if whole is None:
            return None
        step_seconds = (whole - START_SECONDS) / max(1, steps)
    passes = LEARN * config.training.batch_labelled + config.method.passes * config.training.batch_unlabelled
    scored = sum(math.prod(shape[:2]) for shape in dataset.test.shapes) if dataset.test is not None else 0
    return START_SECONDS + step_seconds * (steps + scored / pixels / passes)


def _own_config(config: Config, images: Fold, learned: int, steps: int) -> Config:
    values = config_of_fold(config, images).model_dump()
    # Curves and pictures of TensorBoard would cost more than they tell here.
    values["training"] |= {"steps": steps, "monitor_every": steps, "pictures_every": 0, "checkpoints_kept": 1}
    most = load_config(recipe_or_file(DEFAULT)).start_share
    if config.start_share and config.start_share == share_of_start(most, learned):
        # As `train` would choose it for so many labels; a share that the user chose stays.
        values["method"]["start_share"] = share_of_start(most, len(images.images.labelled))
    return Config.model_validate(values)


def _measured_step(run: Path) -> float | None:
    """Seconds of a step of the run, where it was trained on this machine."""
    if (read_heartbeat(run / HEARTBEAT) or {}).get("host") != socket.gethostname():
        return None
    try:
        seconds = [line["seconds"] for line in read_log(run / run_folder.LOG) if "seconds" in line]
    except (OSError, json.JSONDecodeError):
        return None
    return statistics.median(seconds) if seconds else None
