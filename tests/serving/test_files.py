"""The files of serving/: what can be checked of them without the server."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from semicurv_tf.export.models_config import read_models_config
from semicurv_tf.export.warmup import batch_sizes

SERVING = Path(__file__).resolve().parents[2] / "serving"


def test_models_config_has_both_labels():
    (model,) = read_models_config(SERVING / "models.config")
    assert model["base_path"] == "/models/semicurv" and set(model["labels"]) == {"stable", "canary"}


def test_batch_sizes_are_those_of_the_warmup_requests():
    text = re.sub(r"#.*", "", (SERVING / "batching.config").read_text())
    largest = int(re.search(r"max_batch_size \{ value: (\d+) \}", text)[1])
    assert [int(size) for size in re.findall(r"allowed_batch_sizes: (\d+)", text)] == batch_sizes(largest)

    from semicurv_tf.cli.export import export

    assert {option.name: option.default for option in export.params}["max_batch"] == largest


def test_every_config_of_the_command_is_in_the_image():
    dockerfile = (SERVING / "Dockerfile").read_text()
    for name in re.findall(r"/config/(\w+\.config)", dockerfile):
        assert (SERVING / name).is_file() and re.search(rf"COPY .*\b{re.escape(name)}\b", dockerfile)


def test_the_containers_are_confined():
    services = yaml.safe_load((SERVING / "compose.yaml").read_text())["services"]
    assert services.keys() == {"serving", "proxy", "prometheus"}
    for service in services.values():
        assert (
            service["read_only"]
            and service["cap_drop"] == ["ALL"]
            and "no-new-privileges:true" in service["security_opt"]
        )
        assert service["mem_limit"] == service["memswap_limit"] and service["pids_limit"] and service["cpus"]
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}
        assert all("size=" in mount and "noexec" in mount for mount in service["tmpfs"])
    serving = services["serving"]
    assert all(volume["read_only"] for volume in serving["volumes"]) and not serving["user"].startswith("0")
    assert all(port.startswith("127.0.0.1:") for port in serving["ports"])  # the proxy alone is open to the network


@pytest.mark.parametrize(("mode", "code"), [("serve", 0), ("loading", 1)])
def test_health_is_the_models_state(start_server, mode, code):
    port = start_server(mode)["http"].rsplit(":", 1)[1]
    done = subprocess.run(
        ["sh", str(SERVING / "healthy.sh")], env={"PATH": "/usr/bin:/bin", "REST_PORT": port}, check=False
    )
    assert done.returncode == code
