"""What a server can do to its client: nothing but a line."""

import base64
import io
import json
import subprocess

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.serving_client.client import connect
from semicurv_tf.serving_client.transport import ServerLost, ServerRefused
from tests.peak_memory import peak_bytes, reset_peak
from tests.serving.hostile_server import drip, listening, reply

IMAGE = encode_png(np.zeros((20, 30, 3), np.uint8))


def png(width, height, mode="L", value=0):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), value).save(buffer, "PNG")
    return buffer.getvalue()


def masks_answer(*rows):
    predictions = [
        {"mask_bytes": {"b64": base64.b64encode(mask).decode()}, "foreground_fraction": f} for mask, f in rows
    ]
    return reply(json.dumps({"predictions": predictions}).encode())


def always(content):
    return lambda connection, request, number: connection.sendall(content)


GOOD = masks_answer((png(30, 20), 0.0))


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_dripping_server_ends_at_the_deadline(begin):
    def answer(connection, request, number):
        connection.sendall(begin)
        drip(connection, b"1" * 10)

    with listening(answer) as url:
        # The server never ends by itself: that the call returns is what the deadline does.
        with pytest.raises(ServerLost, match="no answer within 0.6 s"):
            connect(url, deadline_s=0.6).masks([IMAGE])


@pytest.mark.parametrize("announced", [True, False])
def test_an_endless_answer_is_bounded_in_bytes(announced):
    def answer(connection, request, number):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 2000000000\r\n" if announced else b"") + b"\r\n")
        while True:
            connection.sendall(bytes(1 << 20))

    reset_peak()
    before = peak_bytes()
    with listening(answer) as url, pytest.raises(ServerRefused, match="more than 8 MB.*--max-message-mb"):
        connect(url, deadline_s=20, max_message_mb=8).transport.state()
    assert (peak_bytes() - before) / 2**20 < 60


def test_a_cut_answer_is_asked_for_again():
    def answer(connection, request, number):
        connection.sendall(GOOD if number == 2 else GOOD[: len(GOOD) - 7 * (number + 1)])

    with listening(answer) as url:
        (mask,) = connect(url, deadline_s=20).masks([IMAGE])
    assert mask.shape == (20, 30)


@pytest.mark.parametrize(
    "content",
    [
        reply(b""), reply(b"nothing"), reply(b"[]"), reply(b"[" * 100_000), reply(b'{"predictions": 3}'),
        reply(b'{"predictions": []}'),
        reply(b'{"predictions": [[]]}'), reply(b'{"predictions": [{"mask_bytes": "x", "foreground_fraction": 0}]}'),
        reply(b'{"predictions": [{"mask_bytes": {"b64": "!"}, "foreground_fraction": 0}]}'),
        reply(b'{"predictions": [{"mask_bytes": {"b64": ""}, "foreground_fraction": {}}]}'),
        reply(b'{"predictions": [{"foreground_fraction": 0}]}'), reply(b"\xff\x00 \x1b[31m", "404 Not Found"),
        masks_answer((png(30, 20)[:40], 0.1)), masks_answer((b"%!PS-Adobe-3.0 EPSF-3.0\n", 0.1)),
        masks_answer((png(31, 20), 0.1)), masks_answer((png(30, 20, "RGB"), 0.1)),
        masks_answer((png(30, 20, "L", 7), 0.1)),
        masks_answer((png(30, 20), 0.1), (png(30, 20), 0.1)),
    ],
)  # fmt: skip
def test_a_malformed_answer_is_one_line_of_its_image(content):
    with listening(always(content)) as url:
        (refused,) = connect(url, deadline_s=20).masks([IMAGE])
        assert isinstance(refused, ServerRefused) and len(refused.lines) == 1 and refused.lines[0].isprintable()
        assert url in str(refused) and len(str(refused)) < 800


@pytest.mark.parametrize(
    "content", [b"[]", b"{}", b'{"model_version_status": []}', b'{"model_version_status": [{"state": 1}]}']
)
def test_a_malformed_state_is_one_line(content):
    with (
        listening(always(reply(content))) as url,
        pytest.raises(ServerRefused, match="not as TensorFlow Serving|refused"),
    ):
        connect(url, deadline_s=20).describe()


def test_a_mask_of_a_billion_pixels_is_not_decoded():
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = lambda name, body: struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )
    reset_peak()
    before = peak_bytes()
    with listening(always(masks_answer((bomb, 0.1)))) as url:
        (refused,) = connect(url, deadline_s=20).masks([IMAGE])
    assert "60000" in str(refused) or "damaged" in str(refused)
    assert (peak_bytes() - before) / 2**20 < 60


def test_too_many_pixels_in_one_request_go_one_by_one():
    def answer(connection, request, number):
        count = len(json.loads(request.partition(b"\r\n\r\n")[2])["instances"])
        rows = [(png(30, 20), 0.0)] + [(b"", -3.0)] * (count - 1)
        connection.sendall(masks_answer(*rows))

    with listening(answer) as url:
        assert [mask.shape for mask in connect(url, deadline_s=20).masks([IMAGE] * 3)] == [(20, 30)] * 3


def test_a_folder_goes_on_where_one_answer_is_malformed(tmp_path):
    """By the installed command: state and metadata are right, the second prediction is not."""
    status = reply(b'{"model_version_status": [{"version": "4", "state": "AVAILABLE"}]}')
    dims = [{"size": str(size)} for size in (-1, -1, -1, 3)]
    signature = {"serving_default": {"inputs": {"image": {"tensor_shape": {"dim": dims}}}}}
    metadata = reply(json.dumps({"metadata": {"signature_def": {"signature_def": signature}}}).encode())
    probability = io.BytesIO()
    Image.fromarray(np.full((20, 30), 65535, np.uint16)).save(probability, "PNG")
    good = reply(json.dumps({"predictions": [{"b64": base64.b64encode(probability.getvalue()).decode()}]}).encode())
    seen = []

    def answer(connection, request, number):
        if b'"value_range"' in request:  # which an older export does not have
            connection.sendall(reply(b'{"error": "no such signature"}'))
        elif request.startswith(b"POST"):
            seen.append(request)
            connection.sendall(reply(b'{"predictions": [{"b64": "AAAA"}]}') if len(seen) == 2 else good)
        else:
            connection.sendall(metadata if b"/metadata " in request else status)

    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / f"{name}.png").write_bytes(IMAGE)
    (tmp_path / "token").write_text("secret-word\n")
    with listening(answer) as url:
        done = subprocess.run(
            ["semicurv-tf", "predict", "--server", url, "--label", "canary", "--token-file", tmp_path / "token",
             "--input", tmp_path / "in", "--output", tmp_path / "out"],
            capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 2 and "2 predicted, 0 finished before, 1 failed" in done.stdout, done
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    # The next image is read while the server computes: which of them asks second is not settled.
    lost = {name for name in "abc" if not (tmp_path / "out" / f"{name}.png").exists()}
    assert len(errors) == len(lost) == 1 and f"{lost.pop()}.png" in errors[0] and "Traceback" not in done.stderr
    assert b"/v1/models/semicurv/labels/canary:predict" in seen[0] and b"Authorization: Bearer secret-word" in seen[0]


def test_a_server_that_is_not_there_is_worth_another_try(tmp_path):
    (tmp_path / "a.png").write_bytes(IMAGE)
    arguments = [
        "--server",
        "http://127.0.0.1:9",
        "--deadline",
        "0.3",
        "--input",
        tmp_path / "a.png",
        "--output",
        tmp_path / "out",
    ]
    done = subprocess.run(["semicurv-tf", "predict", *arguments], capture_output=True, text=True)
    assert done.returncode == 75 and "no answer within 0.3 s" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://user:secret@127.0.0.1:1", "--token-file"), ("grpc://secret@127.0.0.1:1", "--token-file"),
        ("http://127.0.0.1:99999", "expected"), ("http://127.0.0.1:x", "expected"), ("http://[::1", "expected"),
        ("http://a b:1", "expected"), ("grpc://127.0.0.1", "expected grpc://host:port"),
        ("http://127.0.0.1:1?x=1", "expected"),
    ],
)  # fmt: skip
def test_addresses_that_are_none(url, said):
    with pytest.raises(UserError, match=said) as raised:
        connect(url)
    assert "secret" not in str(raised.value) and len(raised.value.lines) == 1


HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


def test_an_answer_cut_without_a_length_is_asked_for_again():
    body = GOOD.partition(b"\r\n\r\n")[2]

    def answer(connection, request, number):
        connection.sendall(HEAD + (body if number == 2 else body[: len(body) // 2]))

    with listening(answer) as url:
        (mask,) = connect(url, deadline_s=20).masks([IMAGE])
    assert mask.shape == (20, 30)
    with listening(always(HEAD + b'{"predictions": [')) as url, pytest.raises(ServerLost, match="cut after 17 bytes"):
        connect(url, deadline_s=0.5).masks([IMAGE])


def redirect(location):
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (reply(b"<html>\x1b[31m hello</html>"), r"not as TensorFlow Serving does \(HTTP 200, <html> .*Fix: check the"),
        (reply(b"", "204 No Content"), r"not as TensorFlow Serving does \(HTTP 204, an empty answer\). Fix"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
            r"not as TensorFlow Serving does \(HTTP 200, encoded by gzip\). Fix",
        ),
        (redirect("https://b.example/v1/models/semicurv"), r"sends on to https://b.example. Fix: --server https://b.example$"),
        (redirect("file:///etc/passwd"), r"not as TensorFlow Serving does \(HTTP 302 to file:///etc/passwd\)"),
        (reply(b'{"error": "none"}', "404 Not Found"), r"HTTP 404: none. Fix: --model-name, --model-version"),
        (reply(b"no", "401 Unauthorized"), r"HTTP 401: no. Fix: --token-file"),
        (reply(b"no", "403 Forbidden"), r"HTTP 403: no. Fix: --token-file"),
        (reply(json.dumps({"model_version_status": [{"state": "AVAILABLE", "version": "9" * 4000}]}).encode()),
         "a version beyond 64 bits"),
        (reply(b'{"model_version_status": [{"state": "\\u001b[2JX\\n\\nY", "version": "1"}]}'), r"found \[2JX Y. Fix"),
    ],
)  # fmt: skip
def test_answers_of_others_name_what_to_do(content, said):
    with listening(always(content)) as url, pytest.raises(UserError, match=said) as raised:
        connect(url, deadline_s=5).describe()
    assert len(raised.value.lines) == 1 and raised.value.lines[0].isprintable() and len(str(raised.value)) < 700


@pytest.mark.parametrize("channels", [0, -1, 65, 10**12])
def test_channels_that_no_model_has_are_refused(channels):
    client = connect("http://127.0.0.1:9")
    client.transport.state = lambda: ("AVAILABLE", 1)
    client.transport.input_shape = lambda: [-1, -1, -1, channels]
    with pytest.raises(UserError, match=rf"1 to 64 channels.*, {channels}\]. Fix"):
        client.describe()


@pytest.mark.parametrize(
    "row",
    [
        '{"mask_bytes": null, "foreground_fraction": -1}', '{"mask_bytes": 5, "foreground_fraction": 0}',
        '{"mask_bytes": {"b64": ""}, "foreground_fraction": NaN}',
        '{"mask_bytes": {"b64": ""}, "foreground_fraction": 0.5}',
        '{"mask_bytes": {"b64": ""}, "foreground_fraction": null}', "null",
    ],
)  # fmt: skip
def test_nothing_in_place_of_a_mask_has_no_invented_cause(row):
    content = reply(f'{{"predictions": [{row}]}}'.encode())
    with listening(always(content)) as url:
        client = connect(url, deadline_s=5)
        (refused,) = client.masks([IMAGE])
        assert "not as TensorFlow Serving does" in str(refused)
        with pytest.raises(ServerRefused, match="not as TensorFlow Serving does"):
            client.probability(np.zeros((1, 20, 30, 3), np.uint8))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("413 Request Entity Too Large", "HTTP 413: .*Fix: a smaller --tile or --batch"),
        ("405 Method Not Allowed", "HTTP 405: .*Fix: check the address"),
    ],
)
def test_what_stands_before_a_server_refuses_with_a_remedy(status, said):
    with listening(always(reply(b"<html>no</html>", status))) as url, pytest.raises(ServerRefused, match=said):
        connect(url, deadline_s=5).describe()


def test_the_port_of_grpc_is_told_at_once():
    """What a gRPC server sends first, whatever it is asked: the head of an HTTP/2 frame."""
    with (
        listening(always(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x7f\xff")) as url,
        pytest.raises(ServerRefused, match="answered, but not by HTTP. Fix: the port of REST"),
    ):
        connect(url, deadline_s=20).describe()


@pytest.mark.parametrize(("told", "asked"), [(4, 7), (-3, 1)])
def test_another_version_than_the_one_asked_for_is_refused(told, asked):
    client = connect("http://127.0.0.1:9", version=asked)
    client.transport.state = lambda: ("AVAILABLE", told)
    with pytest.raises(UserError, match=f"expected version {asked}, the server tells of {told}. Fix: "):
        client.describe()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("UNAUTHENTICATED", "Fix: --token-file with"), ("PERMISSION_DENIED", "Fix: --token-file with"),
        ("NOT_FOUND", "Fix: --model-name"), ("UNIMPLEMENTED", "Fix: check the address"),
    ],
)  # fmt: skip
def test_a_refusal_by_grpc_has_a_remedy(code, remedy):
    grpc = pytest.importorskip("grpc")

    class Refusal(grpc.RpcError):
        def code(self):
            return grpc.StatusCode[code]

        def details(self):
            return "no\x1b[31m red\n\x07line"

    def refuse(request, **_):
        raise Refusal

    client = connect("grpc://127.0.0.1:9", deadline_s=5)
    client.transport._models.GetModelStatus = refuse
    with pytest.raises(ServerRefused, match=rf"refused with {code}: no \[31m red line. {remedy}") as caught:
        client.describe()
    assert caught.value.lines[0].isprintable()
