"""The loop over steps, the same for one device and for many: batches in, reports out."""

import time
from collections.abc import Iterable, Iterator

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.training.devices import Devices
from semicurv_tf.training.faults import broken_step, unreadable_images


def run_steps(
    method, batches: Iterable, devices: Devices, first_step: int, stop_requested=lambda: False
) -> Iterator[tuple[dict, bool]]:
    """Does a step for each batch and yields what it reports.

    Args:
        method: compiled, made in the scope of the devices' strategy.
        batches: of `training_batches`: a share for each replica of this process in turn, step after step.
        devices: what computes a step.
        first_step: steps done before.
        stop_requested: whether this process was asked to stop; with several workers, all learn of it at the same step.

    Yields:
        For each step its scalars as numbers, `step`, the losses of the whole batch, `learning_rate` and `seconds`;
        and whether some worker was asked to stop.

    Raises:
        UserError: an image cannot be read any more, the device's memory is full, or a worker is gone.
    """
    strategy, local = devices.strategy, devices.local

    def replica_step(batch, stop):
        reports = method.train_step(batch)
        return reports, replicas.total(stop)

    @tf.function(reduce_retracing=True, jit_compile=False, autograph=False)
    def step(batch, stop):
        reports, stop = strategy.run(replica_step, args=(batch, stop))
        first = lambda value: strategy.experimental_local_results(value)[0]
        return tf.nest.map_structure(first, reports), first(stop)

    done, iterator = first_step, iter(batches)
    while True:
        start = time.perf_counter()
        try:
            shares = [share for _, share in zip(range(local), iterator)]
        except tf.errors.OpError as error:
            raise unreadable_images(error, done + 1) from None
        if len(shares) < local:
            return
        batch = shares[0]
        if devices.replicas > 1:
            batch = strategy.experimental_distribute_values_from_function(
                lambda context, shares=shares: shares[context.replica_id_in_sync_group % local]
            )
        try:
            reports, stop = step(batch, tf.constant(float(stop_requested())))
        except tf.errors.OpError as error:
            raise broken_step(error, done + 1, devices.task) or error from None
        done += 1
        report = {"step": done, **{name: float(value) for name, value in reports.items()}}
        report["learning_rate"] = float(tf.convert_to_tensor(method.optimizer.learning_rate))
        report["seconds"] = time.perf_counter() - start
        yield report, bool(stop > 0)
