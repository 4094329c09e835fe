"""The batches of a run: of labelled images alone until `method.unlabelled_from`, then of both kinds."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import tensorflow as tf
from rich.console import Console

from semicurv_tf.config import Config
from semicurv_tf.data.pipeline import training_batches
from semicurv_tf.data.store import ImageStore
from semicurv_tf.methods.schedule import first_unlabelled_step
from semicurv_tf.training import run_folder
from semicurv_tf.training.devices import Devices
from semicurv_tf.training.transplant_picture import write_transplants


def batches_of_run(
    config: Config,
    store: ImageStore,
    labelled: Sequence[int],
    unlabelled: Sequence[int],
    first_step: int,
    steps: int,
    devices: Devices,
) -> Iterator[dict]:
    """The batches from `first_step` on, those of this process's devices; see `training_batches`.

    Args:
        config: of the run.
        store: the training images.
        labelled, unlabelled: their positions in the store.
        first_step: steps done before.
        steps: length of the run.
        devices: what computes a step.

    Raises:
        UserError: images of either kind are missing, or differ in size; also where the unlabelled ones come later.
    """
    training, method = config.training, config.method
    both_from = max(first_step, first_unlabelled_step(method, steps)) if method.reads_unlabelled else steps
    part = functools.partial(_part, config, store, labelled, unlabelled, replicas=devices.replicas, mine=devices.mine)
    # All are made before the first step: what is wrong with the unlabelled images is said at once.
    parts = [part(0, first_step, both_from)] if first_step < both_from else []
    if both_from < steps:
        parts.append(part(training.batch_unlabelled, both_from, steps))
    return itertools.chain.from_iterable(parts)


def show_transplants(
    config: Config,
    run: Path,
    store: ImageStore,
    labelled: Sequence[int],
    unlabelled: Sequence[int],
    console: Console,
) -> None:
    """Writes a picture of transplants, of the images that one worker would get first, and says where it is.

    Raises:
        UserError: an image cannot be read.
    """
    first = _part(config, store, labelled, unlabelled, config.training.batch_unlabelled, 0, 1)
    write_transplants(run / run_folder.TRANSPLANTS, first)
    console.print(f"a picture of transplants: {run / run_folder.TRANSPLANTS}")


def _part(
    config: Config,
    store: ImageStore,
    labelled: Sequence[int],
    unlabelled: Sequence[int],
    batch_unlabelled: int,
    begin: int,
    end: int,
    *,
    replicas: int = 1,
    mine: range = range(1),
) -> tf.data.Dataset:
    """The batches of steps `begin` to `end - 1`."""
    return training_batches(
        store,
        labelled,
        unlabelled,
        batch_labelled=config.training.batch_labelled,
        batch_unlabelled=batch_unlabelled,
        crop=config.data.crop,
        seed=config.training.seed,
        first_step=begin,
        steps=end - begin,
        replicas=replicas,
        mine=mine,
    )
