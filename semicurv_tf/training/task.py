"""Which of the processes of a run this is, as TF_CONFIG says."""

import json
import os
from typing import NamedTuple

from semicurv_tf.errors import UserError

EXAMPLE = (
    """TF_CONFIG='{"cluster": {"worker": ["host0:12345", "host1:12345"]}, "task": {"type": "worker", "index": 0}}'"""
)


class Task(NamedTuple):
    """One of the processes that train together."""

    jobs: tuple[str, ...] = ("",)  # of all workers, e.g. "worker 1"
    addresses: tuple[str, ...] = ("",)  # likewise, e.g. "host1:12345"
    worker: int = 0

    @property
    def workers(self) -> int:
        """Number of processes."""
        return len(self.addresses)

    @property
    def chief(self) -> bool:
        """Whether this process writes the run; the others only compute."""
        return self.worker == 0

    def name(self, worker: int | None = None) -> str:
        """For the user, e.g. "worker 1 (host1:12345)"; of this worker by default."""
        number = self.worker if worker is None else worker
        return f"{self.jobs[number]} ({self.addresses[number]})"


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
        jobs = {job: [str(address) for address in cluster.get(job, [])] for job in ("chief", "worker")}
        number = int(task["index"]) + (len(jobs["chief"]) if task["type"] == "worker" else 0)
        length = len(jobs[task["type"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"TF_CONFIG: cannot be read ({type(error).__name__}: {error}), found {text}. Fix: {EXAMPLE}"
        ) from None
    if not 0 <= int(task["index"]) < length:
        raise UserError(f"TF_CONFIG: expected a task index below {length}, found {task['index']}. Fix: {EXAMPLE}")
    named = [(f"{job} {place}", address) for job, addresses in jobs.items() for place, address in enumerate(addresses)]
    bad = [
        address for _, address in named if not address.rpartition(":")[0] or not address.rpartition(":")[2].isdigit()
    ]
    twice = sorted({address for _, address in named if [every for _, every in named].count(address) > 1})
    faults = [f"TF_CONFIG: expected host:port, found {address}. Fix: {EXAMPLE}" for address in bad]
    faults += [
        f"TF_CONFIG: expected an address for each worker, found {address} twice. Fix: {EXAMPLE}" for address in twice
    ]
    if faults:
        raise UserError(faults)
    kinds, addresses = zip(*named)
    return Task(tuple(kinds), tuple(addresses), number)
