import subprocess
import sys
from pathlib import Path

import pytest

from semicurv_tf.export.from_run import export_network
from tests.export.conftest import CARD, random_network

pytest.importorskip("tensorflow_serving", reason="needs the extra: pip install 'semicurv-tf[serving]'")


# A program that forbids itself to import this package, and whoever imports it.
collect_ignore = ["loopback_server.py"]


@pytest.fixture(scope="session")
def served_network():
    return random_network(3)


@pytest.fixture(scope="session")
def version(served_network, tmp_path_factory):
    models = tmp_path_factory.mktemp("served") / "semicurv"
    card = {**CARD, "channels": 3, "max_batch": 18, "value_range": "uint16=600.0:1110.0"}
    return export_network(served_network, models, card).version


@pytest.fixture(scope="session")
def start_server(version):
    """Starts the loopback server in a mode; returns {"grpc": url, "http": url}; each mode once."""
    running, urls = [], {}

    def start(mode="serve"):
        if mode not in urls:
            process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("loopback_server.py")), str(version), mode],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )  # fmt: skip
            running.append(process)
            _, grpc_port, rest_port = process.stdout.readline().split()
            urls[mode] = {"grpc": f"grpc://127.0.0.1:{grpc_port}", "http": f"http://127.0.0.1:{rest_port}"}
        return urls[mode]

    yield start
    for process in running:
        process.kill()
        process.communicate()  # closes its pipes, too


@pytest.fixture(params=["grpc", "http"])
def scheme(request):
    return request.param
