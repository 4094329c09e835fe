"""The devices that share a step: one, several of this machine, or those of several machines under TF_CONFIG."""

import json
import os
from typing import NamedTuple

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.config import TrainingConfig
from semicurv_tf.errors import UserError

EXAMPLE = """TF_CONFIG='{"cluster": {"worker": ["host0:12345", "host1:12345"]}, "task": {"type": "worker", "index": 0}}'"""


class Task(NamedTuple):
    """Which of the processes of a run this is."""

    addresses: tuple[str, ...] = ("",)  # of all workers, e.g. "worker 1 (host1:12345)"
    worker: int = 0

    @property
    def workers(self) -> int:
        """Number of processes."""
        return len(self.addresses)

    @property
    def chief(self) -> bool:
        """Whether this process writes the run; the others only compute."""
        return self.worker == 0


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


def read_task(environment=os.environ) -> Task:
    """Which worker TF_CONFIG says this process is; the only one where it is not set.

    Raises:
        UserError: TF_CONFIG cannot be read.
    """
    text = environment.get("TF_CONFIG", "").strip()
    if not text:
        return Task()
    try:
        content = json.loads(text)
        cluster, task = content["cluster"], content["task"]
        # In TensorFlow's order: it makes the first of them its chief.
        jobs = {job: list(cluster.get(job, [])) for job in ("chief", "worker")}
        number = int(task["index"]) + (len(jobs["chief"]) if task["type"] == "worker" else 0)
        length = len(jobs[task["type"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"TF_CONFIG: cannot be read ({type(error).__name__}: {error}), found {text}. Fix: {EXAMPLE}") from None
    if not 0 <= int(task["index"]) < length:
        raise UserError(f"TF_CONFIG: expected a task index below {length}, found {task['index']}. Fix: {EXAMPLE}")
    return Task(tuple(f"{job} {place} ({address})" for job, places in jobs.items() for place, address in enumerate(places)), number)


def require_equal_shares(training: TrainingConfig, unlabelled: bool, replicas: int):
    """Refuses a batch that the replicas cannot share equally.

    Args:
        training: the batch sizes.
        unlabelled: whether the method takes unlabelled images.
        replicas: number of devices in all.

    Raises:
        UserError: a line for each batch size that does not fit.
    """
    sizes = {"batch_labelled": training.batch_labelled} | ({"batch_unlabelled": training.batch_unlabelled} if unlabelled else {})
    faults = [
        f"training.{key}: expected a multiple of the {replicas} devices, found {size}. "
        f"Fix: --set training.{key}={-(-size // replicas) * replicas}, or fewer --devices"
        for key, size in sizes.items()
        if size % replicas
    ]
    if faults:
        raise UserError(faults)


def require_same_step(devices: Devices, step: int):
    """Refuses workers that found different checkpoints; waits for all of them.

    Raises:
        UserError: naming the steps.
    """
    if devices.task.workers == 1:
        return

    @tf.function(autograph=False)
    def gather():
        return devices.strategy.run(lambda: replicas.gather(tf.constant([step])))

    steps = devices.strategy.experimental_local_results(gather())[0].numpy()[:: devices.local].tolist()
    if len(set(steps)) > 1:
        raise UserError(
            f"the workers found checkpoints of different steps: {steps}. Fix: give all of them the same run folder, on a shared disk"
        )


def open_devices(wanted: int, task: Task = Task()) -> Devices:
    """Claims the devices of a run; to be called before TensorFlow does anything else.

    GPUs where there are any; logical devices that share the processor where there is none.

    Args:
        wanted: devices of this process.
        task: of `read_task`; with several workers, waits for all of them.

    Raises:
        UserError: fewer GPUs than wanted, or several devices under several workers without GPUs.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and wanted > len(gpus):
        raise UserError(f"--devices {wanted}: this machine has {len(gpus)} GPUs. Fix: --devices {len(gpus)}")
    if task.workers > 1:
        if not gpus and wanted > 1:
            raise UserError(f"--devices {wanted}: a worker without GPUs has one device. Fix: --devices 1, and more workers")
        if gpus:
            tf.config.set_visible_devices(gpus[:wanted], "GPU")
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
        raise UserError(f"--devices {wanted}: TensorFlow has started with fewer. Fix: ask for them in a new process") from None
