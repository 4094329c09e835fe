"""The client through TLS: certificates checked, its own sent, and no try wasted where they do not fit."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.serving_client.client import connect
from semicurv_tf.serving_client.security import Security
from semicurv_tf.serving_client.transport import CannotConnect
from tests.serving.tls_proxy import make_certificate, tls_before

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
IMAGE = encode_png(np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
SECURE = {"http": "https", "grpc": "grpcs"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "server": make_certificate(folder, "server"),
        "client": make_certificate(folder, "client"),
        "elsewhere": make_certificate(folder, "elsewhere", "DNS:elsewhere.example"),
    }


def port_of(urls, scheme):
    return int(urls[scheme].rpartition(":")[2])


def test_masks_through_tls_with_a_token(start_server, scheme, certificates, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    plain = connect(start_server()[scheme], deadline_s=60).masks([IMAGE])[0]
    with tls_before(port_of(start_server(), scheme), *certificates["server"]) as port:
        security = Security(ca_file=certificates["server"][0], token_file=str(tmp_path / "token"))
        client = connect(f"{SECURE[scheme]}://127.0.0.1:{port}", deadline_s=60, security=security)
        assert client.describe() == (3, 1)
        np.testing.assert_array_equal(client.masks([IMAGE])[0], plain)


@pytest.mark.parametrize("case", ["unknown", "other name", "no certificate of the client"])
def test_a_certificate_that_does_not_fit_is_no_matter_of_waiting(start_server, scheme, certificates, case):
    own = certificates["elsewhere" if case == "other name" else "server"]
    clients = certificates["client"][0] if case == "no certificate of the client" else None
    with tls_before(port_of(start_server(), scheme), *own, clients) as port:
        security = Security() if case == "unknown" else Security(ca_file=own[0])
        client = connect(f"{SECURE[scheme]}://127.0.0.1:{port}", deadline_s=60, security=security)
        with pytest.raises(CannotConnect, match="no encrypted connection .*--ca-file") as raised:
            client.describe()
        assert raised.value.exit_code == 2 and len(raised.value.lines) == 1


def test_a_certificate_of_the_client(start_server, scheme, certificates):
    with tls_before(port_of(start_server(), scheme), *certificates["server"], certificates["client"][0]) as port:
        security = Security(None, certificates["server"][0], *certificates["client"])
        client = connect(f"{SECURE[scheme]}://127.0.0.1:{port}", deadline_s=60, security=security)
        assert client.masks([IMAGE])[0].shape == (24, 32)


def test_the_command_through_tls(start_server, certificates, tmp_path):
    (tmp_path / "a.png").write_bytes(IMAGE)
    with tls_before(port_of(start_server(), "http"), *certificates["server"]) as port:
        common = ["semicurv-tf", "predict", "--server", f"https://127.0.0.1:{port}", "--input", str(tmp_path / "a.png")]
        done = subprocess.run(
            [*common, "--output", tmp_path / "one", "--ca-file", certificates["server"][0]],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and (tmp_path / "one" / "a.png").is_file(), done.stderr
        done = subprocess.run([*common, "--output", tmp_path / "two"], capture_output=True, text=True)
        assert done.returncode == 2 and "no encrypted connection" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "files", "said"),
    [
        ("http://example.org:1", {"token_file": "token"}, "would send it unencrypted.*Fix: https://example.org:1"),
        ("grpc://example.org:1", {"token_file": "token"}, "would send it unencrypted.*Fix: grpcs://example.org:1"),
        ("http://127.0.0.1:1", {"ca_file": "server"}, "--ca-file: of no use over"),
        ("https://127.0.0.1:1", {"certificate_file": "server"}, "--client-certificate: expected --client-key"),
        ("https://127.0.0.1:1", {"ca_file": "token"}, "--ca-file .*expected certificates as PEM"),
        ("grpcs://127.0.0.1:1", {"ca_file": "absent"}, "--ca-file .*cannot be read"),
        ("https://127.0.0.1:1", {"certificate_file": "server", "key_file": "token"}, "unlocked key"),
        ("http://127.0.0.1:1", {"token_file": "two"}, "expected one line with a token"),
        ("http://127.0.0.1:1", {"token_file": "absent"}, "--token-file .*cannot be read"),
    ],
)
def test_files_that_do_not_fit_are_one_line(url, files, said, certificates, tmp_path):
    (tmp_path / "token").write_text("secret")
    (tmp_path / "two").write_text("secret\nand another")
    path = {"server": certificates["server"][0]}
    with pytest.raises(UserError, match=said) as raised:
        connect(url, security=Security(**{name: path.get(file, str(tmp_path / file)) for name, file in files.items()}))
    assert len(raised.value.lines) == 1 and "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "passed"),
    [
        ("/v1/models/semicurv:predict", True), ("/v1/models/semicurv/labels/stable:predict", True),
        ("/v1/models/semicurv", True),
        ("/v1/models/semicurv/versions/3/metadata", True), ("/v1/models/semicurv:classify", False),
        ("/monitoring/prometheus/metrics", False), ("/tensorflow.serving.PredictionService/Predict", True),
        ("/tensorflow.serving.ModelService/GetModelStatus", True),
        ("/tensorflow.serving.ModelService/HandleReloadConfigRequest", False),
    ],
)  # fmt: skip
def test_the_proxy_passes_what_the_client_asks_for(path, passed):
    conf = (Path(__file__).resolve().parents[2] / "serving" / "proxy.conf").read_text()
    assert any(re.search(pattern, path) for pattern in re.findall(r"location ~ (\S+) \{", conf)) == passed
