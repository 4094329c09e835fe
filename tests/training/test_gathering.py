"""Workers meet before they train: all go at once, and who is missing is named."""

import socket
import threading
import time

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.training import gathering
from semicurv_tf.training.gathering import gather_workers
from semicurv_tf.training.task import Task


@pytest.fixture
def tasks():
    """Three workers of one run, at free ports."""
    sockets = [socket.socket() for _ in range(3)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    return [Task(("worker 0", "worker 1", "worker 2"), addresses, worker) for worker in range(3)]


@pytest.fixture
def arrive():
    """Starts a worker in a thread; `outcome` has "here" or the error for each that is through."""
    outcome, threads = {}, []

    def start(task, minutes=1.0, say=lambda line: None):
        def work():
            try:
                gather_workers(task, minutes, say)
                outcome[task.worker] = "here"
            except UserError as error:
                outcome[task.worker] = str(error)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()

    start.outcome = outcome
    start.join = lambda: [thread.join(30) for thread in threads]
    return start


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_all_go_once_the_last_is_there_and_the_chief_leaves_its_port_free(tasks, arrive, order):
    for worker in order[:2]:
        arrive(tasks[worker])
    time.sleep(0.5)
    assert arrive.outcome == {}
    arrive(tasks[order[2]])
    arrive.join()
    assert arrive.outcome == {0: "here", 1: "here", 2: "here"}
    port = int(tasks[0].addresses[0].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_one_worker_alone_does_not_wait():
    gather_workers(Task(), 0.0, pytest.fail)


def test_missing_workers_are_named_and_given_up(tasks, arrive, monkeypatch):
    monkeypatch.setattr(gathering, "FIRST_WORD_SECONDS", 0.2)
    lines = []
    arrive(tasks[0], minutes=0.015, say=lines.append)
    arrive(tasks[1], minutes=0.025, say=lines.append)
    arrive.join()
    assert any(line.startswith(f"{tasks[0].name()} waits for") and tasks[0].name(2) in line for line in lines)
    assert f"missing: {tasks[0].name(2)}. Fix" in arrive.outcome[0]
    assert "missing: " in arrive.outcome[1] and tasks[0].name(0) in arrive.outcome[1]


def test_worker_that_ended_while_waiting_is_missing_again(tasks, arrive):
    host, _, port = tasks[0].addresses[0].rpartition(":")
    arrive(tasks[0], minutes=0.05)
    time.sleep(0.2)
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(gathering._greeting(tasks[1]))
        time.sleep(0.2)
    arrive.join()
    assert tasks[0].name(1) in arrive.outcome[0] and tasks[0].name(2) in arrive.outcome[0]


def test_strangers_are_not_counted(tasks, arrive):
    host, _, port = tasks[0].addresses[0].rpartition(":")
    arrive(tasks[0])
    time.sleep(0.2)
    other = Task(tasks[1].jobs, ("127.0.0.1:1", *tasks[1].addresses[1:]), 1)
    with socket.create_connection((host, int(port))) as first, socket.create_connection((host, int(port))) as second:
        first.sendall(b"GET / HTTP/1.1\r\n\r\n")
        second.sendall(gathering._greeting(other))
        arrive(tasks[1]), arrive(tasks[2])
        arrive.join()
    assert arrive.outcome == {0: "here", 1: "here", 2: "here"}


@pytest.mark.parametrize("worker", [0, 1])
def test_port_that_is_taken_is_named(tasks, worker):
    port = int(tasks[worker].addresses[worker].rpartition(":")[2])
    with socket.create_server(("", port)):
        with pytest.raises(UserError, match=f"{port}. cannot listen there .*in use.*Fix"):
            gather_workers(tasks[worker], 1.0, pytest.fail)
