"""Waits for the other workers of a run before TensorFlow does: says who is missing, gives up in time, heeds Ctrl-C.

TensorFlow itself waits for an hour, silently, and deaf to signals. So the workers meet here first: the chief listens at
its own address of TF_CONFIG, the others call until it answers, and it lets all go at once. Then TensorFlow takes that
address over. A worker that a scheduler restarts calls until the chief, too, was restarted.
"""

import contextlib
import json
import selectors
import socket
import time
from collections.abc import Callable

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.training.task import Task

LOOK_SECONDS = 0.2
FIRST_WORD_SECONDS = 10.0  # workers never start at the same moment: a few seconds are no news
WORD_SECONDS = 60.0
GO = b"go\n"


def gather_workers(task: Task, minutes: float, say: Callable[[str], None]):
    """Returns once all workers of a run are here.

    Args:
        task: of `read_task`; with one worker nothing is done.
        minutes: how long to wait at most.
        say: called now and then with a line that names those who are missing.

    Raises:
        UserError: naming those still missing, or an address of this worker's where it cannot listen.
    """
    if task.workers == 1:
        return
    patience = _Patience(task, minutes, say)
    with _listen(task) as server:
        if task.chief:
            _receive(task, server, patience)
            return
    # That was a look whether TensorFlow will find the port free.
    _call(task, patience)


class _Patience:
    """Says what is waited for, ever less often, and raises when it is enough."""

    def __init__(self, task: Task, minutes: float, say):
        self._task, self._minutes, self._say = task, minutes, say
        self._start, self._next_word = time.monotonic(), FIRST_WORD_SECONDS

    def wait(self, missing: str):
        passed = time.monotonic() - self._start
        if passed >= 60.0 * self._minutes:
            raise RetryLater(
                f"TF_CONFIG: expected {self._task.workers} workers within {self._minutes:g} minutes, "
                f"missing: {missing}. "
                "Fix: start all of them with the same addresses, or a larger training.wait_minutes"
            )
        if passed >= self._next_word:
            self._next_word = passed + WORD_SECONDS
            self._say(f"{self._task.name()} waits for {missing}")


def _listen(task: Task) -> socket.socket:
    port = int(task.addresses[task.worker].rpartition(":")[2])
    dual = socket.has_dualstack_ipv6()
    try:
        return socket.create_server(("", port), family=socket.AF_INET6 if dual else socket.AF_INET, dualstack_ipv6=dual)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"TF_CONFIG: {task.name()} cannot listen there ({reason}). Fix: a free port of this machine"
        ) from None


def _greeting(task: Task) -> bytes:
    """What a worker says first; of another run it is not taken for one of ours."""
    return json.dumps({"worker": task.worker, "addresses": task.addresses}).encode() + b"\n"


def _receive(task: Task, server: socket.socket, patience: _Patience):
    """The chief's part: keeps those who called waiting on the line until all are there."""
    expected = {_greeting(task._replace(worker=worker)): worker for worker in range(1, task.workers)}
    here: dict[int, socket.socket] = {}
    heard: dict[socket.socket, bytes] = {}  # so far
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as connections:
        selector.register(server, selectors.EVENT_READ)
        while len(here) < task.workers - 1:
            patience.wait(", ".join(task.name(worker) for worker in range(1, task.workers) if worker not in here))
            for key, _ in selector.select(LOOK_SECONDS):
                if key.fileobj is server:
                    connection = connections.enter_context(server.accept()[0])
                    heard[connection] = b""
                    selector.register(connection, selectors.EVENT_READ, connection)
                    continue
                caller = key.data
                part = _received(caller)
                heard[caller] += part
                worker = expected.get(heard[caller])
                if not part:  # it ended while it waited, or is none of ours
                    selector.unregister(caller)
                    caller.close()
                    here = {number: connection for number, connection in here.items() if connection is not caller}
                elif worker is not None:
                    here[worker] = caller
        for connection in here.values():
            with contextlib.suppress(OSError):
                connection.sendall(GO)
                connection.settimeout(5.0)
                connection.recv(1)  # until the worker hangs up: who does so first keeps the port busy for a while


def _call(task: Task, patience: _Patience):
    """The others' part: calls the chief until it lets go."""
    host, _, port = task.addresses[0].rpartition(":")
    while True:
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=5.0) as connection:
                connection.sendall(_greeting(task))
                connection.settimeout(LOOK_SECONDS)
                answer = b""
                while answer != GO:
                    try:
                        part = connection.recv(64)
                    except TimeoutError:
                        patience.wait(f"those that {task.name(0)} misses")
                        continue
                    answer += part
                    if not part or not GO.startswith(answer):
                        raise OSError("it answers, but not as the chief of this run")
                return
        except OSError as error:
            patience.wait(f"{task.name(0)}: {error.strerror or error}")
            time.sleep(LOOK_SECONDS)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except OSError:
        return b""
