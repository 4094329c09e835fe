"""The devices that share a step: one, several of this machine, or those of several machines under TF_CONFIG."""

import contextlib
import json
import math
import signal
import threading
import zlib
from typing import NamedTuple

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.config import TrainingConfig
from semicurv_tf.errors import UserError
from semicurv_tf.training.task import Task


class Devices(NamedTuple):
    """What computes a step."""

    strategy: tf.distribute.Strategy
    task: Task = Task()
    local: int = 1  # replicas of this process

    @property
    def replicas(self) -> int:
        """Devices of all processes."""
        return self.task.workers * self.local

    @property
    def mine(self) -> range:
        """Numbers of this process's replicas."""
        return range(self.task.worker * self.local, (self.task.worker + 1) * self.local)

    @property
    def description(self) -> str:
        """For the user; empty where one device does it all."""
        if self.replicas == 1:
            return ""
        kind = "GPUs" if tf.config.list_physical_devices("GPU") else "CPU devices"
        hosts = f" of {self.task.workers} workers" if self.task.workers > 1 else ""
        return f"{self.replicas} {kind}{hosts}"


def require_equal_shares(training: TrainingConfig, unlabelled: bool, replicas: int):
    """Refuses a batch that the replicas cannot share equally.

    Args:
        training: the batch sizes.
        unlabelled: whether the method takes unlabelled images.
        replicas: number of devices in all.

    Raises:
        UserError: a line for each batch size that does not fit.
    """
    sizes = {"batch_labelled": training.batch_labelled} | (
        {"batch_unlabelled": training.batch_unlabelled} if unlabelled else {}
    )
    common = math.gcd(*sizes.values())
    fitting = ", ".join(str(number) for number in range(1, common + 1) if common % number == 0)
    faults = [
        f"training.{key}: expected a multiple of the {replicas} devices, found {size}. "
        f"Fix: devices of all workers together {fitting}; or, in a new run, --set "
        f"training.{key}={-(-size // replicas) * replicas}"
        for key, size in sizes.items()
        if size % replicas
    ]
    if faults:
        raise UserError(faults)


def require_same_run(devices: Devices, step: int, parts: dict):
    """Refuses workers that found different checkpoints or were started with different options; waits for all of them.

    Args:
        devices: of `open_devices`.
        step: of the checkpoint that this worker found.
        parts: what must be the same everywhere, JSON values by a name for the user.

    Raises:
        UserError: naming the steps, or the parts and the workers whose parts are not the first one's.
    """
    if devices.task.workers == 1:
        return
    sums = [zlib.crc32(json.dumps(part, sort_keys=True).encode()) for part in parts.values()]
    mine = tf.constant([[step, *sums]], tf.int64)

    @tf.function(autograph=False)
    def gather():
        return devices.strategy.run(lambda: replicas.gather(mine))

    found = devices.strategy.experimental_local_results(gather())[0].numpy()[:: devices.local]
    faults = []
    if len(set(found[:, 0])) > 1:
        steps = ", ".join(f"{devices.task.name(worker)} step {step}" for worker, step in enumerate(found[:, 0]))
        faults.append(
            f"the workers found checkpoints of different steps: {steps}. Fix: give all of them the same run folder, on "
            "a shared disk"
        )
    for column, name in enumerate(parts, start=1):
        others = [devices.task.name(worker) for worker, row in enumerate(found) if row[column] != found[0, column]]
        if others:
            faults.append(
                f"{name}: not the same on {', '.join(others)} as on {devices.task.name(0)}. "
                "Fix: start all workers with the same options and data"
            )
    if faults:
        raise UserError(faults)


def open_devices(wanted: int, task: Task = Task()) -> Devices:
    """Claims the devices of a run; to be called before TensorFlow does anything else.

    GPUs where there are any; logical devices that share the processor where there is none.

    Args:
        wanted: devices of this process.
        task: of `read_task`; with several workers, all must be about to call this: see `gather_workers`.

    Raises:
        UserError: fewer GPUs than wanted, or several devices under several workers without GPUs.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and wanted > len(gpus):
        raise UserError(f"--devices {wanted}: this machine has {len(gpus)} GPUs. Fix: --devices {len(gpus)}")
    if task.workers > 1:
        if not gpus and wanted > 1:
            raise UserError(
                f"--devices {wanted}: a worker without GPUs has one device. Fix: --devices 1, and more workers"
            )
        if gpus:
            tf.config.set_visible_devices(gpus[:wanted], "GPU")
        # TensorFlow waits for the others where Python's own handler of Ctrl-C is not heard.
        with _ended_by_ctrl_c():
            return Devices(tf.distribute.MultiWorkerMirroredStrategy(), task, wanted)
    if wanted == 1:
        return Devices(tf.distribute.get_strategy())
    if gpus:
        return Devices(tf.distribute.MirroredStrategy([f"GPU:{number}" for number in range(wanted)]), local=wanted)
    _split_processor(wanted)
    return Devices(tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(wanted)]), local=wanted)


def _split_processor(wanted: int):
    (processor, *_) = tf.config.list_physical_devices("CPU")
    configured = tf.config.get_logical_device_configuration(processor)
    if configured is not None and len(configured) >= wanted:
        return
    try:
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * wanted)
    except RuntimeError:
        raise UserError(
            f"--devices {wanted}: TensorFlow has started with fewer. Fix: ask for them in a new process"
        ) from None


@contextlib.contextmanager
def _ended_by_ctrl_c():
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
