"""TF_CONFIG, equal shares, and what a lost worker becomes."""

import json

import pytest
import tensorflow as tf

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.training.devices import Devices, require_equal_shares
from semicurv_tf.training.faults import broken_step, unreadable_images
from semicurv_tf.training.task import Task, read_task


def config_of(cluster, job, index):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": job, "index": index}})}


def test_without_tf_config_one_process_does_it_all():
    for environment in ({}, {"TF_CONFIG": " "}):
        task = read_task(environment)
        assert (task.workers, task.worker, task.chief) == (1, 0, True)


def test_workers_are_counted_from_the_chief_on():
    workers = {"worker": ["a:1", "b:2", "c:3"]}
    assert read_task(config_of(workers, "worker", 0)).chief
    task = read_task(config_of(workers, "worker", 2))
    assert (task.workers, task.worker, task.chief) == (3, 2, False)
    task = read_task(config_of({"chief": ["a:1"], "worker": ["b:2"]}, "worker", 0))
    assert (task.jobs, task.addresses, task.worker, task.chief) == (("chief 0", "worker 0"), ("a:1", "b:2"), 1, False)
    assert task.name() == "worker 0 (b:2)" and task.name(0) == "chief 0 (a:1)"


@pytest.mark.parametrize(
    "environment",
    [{"TF_CONFIG": "{"}, {"TF_CONFIG": "[]"}, {"TF_CONFIG": "{}"}, config_of({"worker": ["a:1"]}, "worker", 1)]
    + [config_of({"worker": ["a:1"]}, "evaluator", 0), config_of({"worker": ["a:1"]}, "worker", "x")]
    + [config_of({"worker": [place, "b:2"]}, "worker", 0) for place in ("a", "a:b", ":1", "b:2")],
)
def test_unusable_tf_config_is_named(environment):
    with pytest.raises(UserError, match="TF_CONFIG: .*Fix: TF_CONFIG="):
        read_task(environment)


def test_replicas_number_on_over_the_workers():
    devices = Devices(None, Task(("worker 0", "worker 1"), ("a:1", "b:2"), 1), local=4)
    assert devices.replicas == 8 and list(devices.mine) == [4, 5, 6, 7]


def test_batches_that_cannot_be_shared_equally_are_refused_together():
    training = load_config(None, {"training.batch_labelled": 4, "training.batch_unlabelled": 8}).training
    require_equal_shares(training, True, 4)
    require_equal_shares(training, False, 2)
    with pytest.raises(UserError) as caught:
        require_equal_shares(training, True, 3)
    assert ["batch_labelled=6" in caught.value.lines[0], "batch_unlabelled=9" in caught.value.lines[1]] == [True, True]
    with pytest.raises(
        UserError, match="batch_labelled: expected a multiple of the 8 devices, found 4.*together 1, 2, 4; .*=8"
    ):
        require_equal_shares(training, True, 8)


UNHEALTHY = (
    "Collective ops is aborted by: Error reported from /job:worker/task:{}: "
    "The following tasks are unhealthy:\n{}The tasks have"
)


@pytest.mark.parametrize("reporter, unhealthy", [(1, 1), (0, 1), (2, 1)])
def test_lost_worker_is_named_with_its_address(reporter, unhealthy):
    task = Task(("worker 0", "worker 1", "worker 2"), ("a:1", "b:2", "c:3"), 0)
    message = UNHEALTHY.format(reporter, f"/job:worker/replica:0/task:{unhealthy}\n")
    line = str(broken_step(tf.errors.UnavailableError(None, None, message), 7, task))
    assert "step 7: worker 1 (b:2) is gone, so worker 0 (a:1) stops too" in line and "--resume" in line
    assert broken_step(tf.errors.UnavailableError(None, None, message), 7, Task()) is None


def test_worker_that_the_message_does_not_name_is_the_other_one_of_two():
    reset = tf.errors.UnavailableError(None, None, "recvmsg: Connection reset by peer")
    assert "worker 1 (b:2) is gone" in str(broken_step(reset, 7, Task(("worker 0", "worker 1"), ("a:1", "b:2"))))
    assert "another worker is gone" in str(
        broken_step(reset, 7, Task(("worker 0", "worker 1", "worker 2"), ("a:1", "b:2", "c:3")))
    )


def test_full_memory_and_unreadable_images_are_lines():
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    assert "step 3: the device's memory is full" in str(broken_step(error, 3, Task()))
    error = tf.errors.UnknownError(
        None, None, "{{node}} OSError: [Errno 5] Input/output error\nTraceback (most recent call last):\n"
    )
    assert "step 3: an image cannot be read (OSError: [Errno 5] Input/output error)" in str(unreadable_images(error, 3))
