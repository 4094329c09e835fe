import io
import socket
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from semicurv_tf.data.image_files import encode_png
from semicurv_tf.errors import UserError
from semicurv_tf.inference.folder import Outputs, plan_jobs
from semicurv_tf.serving_client.bulk import predict_by_server
from semicurv_tf.serving_client.client import Client, connect
from semicurv_tf.serving_client.transport import NotNow, ServerLost, ServerRefused, with_retries


def pixels(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def keras_probability(network, image):
    return 1 / (1 + np.exp(-network(tf.cast(image[None], tf.float32)).numpy()[0, ..., 0]))


@pytest.fixture
def client(start_server, scheme):
    return connect(start_server()[scheme], deadline_s=60)


def test_describe(client):
    assert client.describe() == (3, 1)


def test_probability_equals_keras(client, served_network, scheme):
    image = pixels(50, 37)
    tolerance = 1e-5 if scheme == "grpc" else 2e-5  # REST: 16 bit
    np.testing.assert_allclose(
        client.probability(image[None])[0, ..., 0], keras_probability(served_network, image), atol=tolerance
    )


def test_masks_of_several_sizes_with_a_corrupt_png_among_them(client, served_network):
    images = [pixels(40, 30), pixels(20, 64, 1)]
    encoded = [encode_png(images[0]), encode_png(images[0])[:300], encode_png(images[1])]
    masks = client.masks(encoded)
    assert isinstance(masks[1], ServerRefused) and "could not decode" in str(masks[1])
    for mask, image in ((masks[0], images[0]), (masks[2], images[1])):
        np.testing.assert_array_equal(mask > 0, keras_probability(served_network, image) > 0.5)


def test_an_image_above_the_limit_does_not_fail_its_batch(client):
    masks = client.masks([encode_png(pixels(32, 32)), encode_png(pixels(400, 300))])  # the second: above 100000 pixels
    assert masks[0].shape == (32, 32)
    assert isinstance(masks[1], ServerRefused) and "does not serve images of this size" in str(masks[1])
    with pytest.raises(ServerRefused, match="does not serve images of this size|at most 100000 pixels"):
        client.probability(pixels(400, 300)[None])


def test_a_refused_batch_is_sent_one_by_one():
    class Transport:
        server = "server"

        def predict_bytes(self, signature, encoded):
            if b"bad" in encoded:
                raise ServerRefused("bad one")
            return {
                "mask_bytes": [encode_png(np.full((2, 3, 1), 255, np.uint8))] * len(encoded),
                "foreground_fraction": [1.0] * len(encoded),
            }

    good = encode_png(pixels(2, 3))
    masks = Client(Transport()).masks([good, b"bad", good])
    assert masks[0].tolist() == masks[2].tolist() == [[255] * 3] * 2 and str(masks[1]) == "bad one"


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((1, 32, 32, 3), np.float32), "uint8"),
        (np.zeros((32, 32, 3), np.uint8), "shape"),
        (np.zeros((1, 32, 32, 1), np.uint8), "shape"),
        (np.zeros((0, 32, 32, 3), np.uint8), "at least one image"),
    ],
)
def test_wrong_arrays_are_refused_with_the_servers_reason(start_server, array, said):
    client = connect(start_server()["grpc"], deadline_s=60)
    with pytest.raises(ServerRefused, match=said):
        client.transport.predict("serving_default", {"image": array})


def test_rest_takes_rows_and_columns_of_plain_numbers(start_server, served_network):
    transport = connect(start_server()["http"], deadline_s=60).transport
    image = pixels(8, 9)
    for body in ({"instances": [image.tolist()]}, {"inputs": {"image": [image.tolist()]}}):
        answer = transport._call("POST", f"{transport._path}:predict", body)
        probability = (
            answer["predictions"][0]["probability"] if "instances" in body else answer["outputs"]["probability"][0]
        )
        np.testing.assert_allclose(np.array(probability)[..., 0], keras_probability(served_network, image), atol=1e-5)
    for wrong in ([[0.5]], [image[..., 0].tolist()], []):
        with pytest.raises(ServerRefused, match="HTTP 400"):
            transport._call("POST", f"{transport._path}:predict", {"instances": wrong})


def test_an_unknown_model_and_one_that_is_loading(start_server, scheme):
    with pytest.raises(ServerRefused, match="other"):
        connect(start_server()[scheme], "other", deadline_s=60).describe()
    with pytest.raises(UserError, match="expected state AVAILABLE, found LOADING"):
        connect(start_server("loading")[scheme], deadline_s=60).describe()


def test_a_dead_server_is_said_within_the_deadline(scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(ServerLost, match=r"no answer within 1 s \([2-9] tries"):
        connect(f"{scheme}://127.0.0.1:{port}", deadline_s=1).describe()
    assert time.monotonic() - begun < 3


def test_a_hanging_server_is_said_within_the_deadline(start_server, scheme):
    client = connect(start_server("hang")[scheme], deadline_s=2)
    begun = time.monotonic()
    with pytest.raises(ServerLost, match="no answer within 2 s"):
        client.masks([encode_png(pixels(32, 32))])
    assert time.monotonic() - begun < 5


def test_a_shaky_server_is_asked_again(start_server, scheme):
    client = connect(start_server("shaky")[scheme], deadline_s=60)
    assert client.masks([encode_png(pixels(32, 32))])[0].shape == (32, 32)


def test_grpc_messages_above_4_mb_pass_and_the_limit_is_named(start_server):
    client = connect(start_server()["grpc"], deadline_s=60)
    images = np.stack([pixels(300, 300)] * 18)  # 4.9 MB there, 8.1 MB back
    assert client.transport.predict("serving_default", {"image": images})["mask"].shape == (18, 300, 300, 1)
    small = connect(start_server()["grpc"], deadline_s=60, max_message_mb=1)
    with pytest.raises(ServerRefused, match="raise --max-message-mb"):
        small.transport.predict("serving_default", {"image": images})


def test_files_with_bad_and_large_ones(client, served_network, tmp_path):
    for name, image in (("a.png", pixels(40, 30)), ("c.png", pixels(100, 130)), ("d.png", pixels(33, 60))):
        (tmp_path / name).write_bytes(encode_png(image))
    (tmp_path / "b.png").write_bytes(b"nothing")
    jobs = plan_jobs(tmp_path, tmp_path / "out", Outputs())
    outcomes = list(predict_by_server(client, jobs, channels=3, batch=3, tile=64))
    assert [bool(outcome.faults) for outcome in outcomes] == [False, True, False, False]
    mask = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    np.testing.assert_array_equal(mask > 0, keras_probability(served_network, pixels(40, 30)) > 0.5)
    assert Image.open(tmp_path / "out" / "c.png").size == (130, 100)


def test_a_huge_image_is_refused_by_the_reader_with_a_remedy(client, tmp_path):
    Image.new("1", (12000, 12000)).save(tmp_path / "huge.png")
    begun = time.monotonic()
    (outcome,) = predict_by_server(client, plan_jobs(tmp_path, tmp_path / "out", Outputs()), channels=3)
    assert "huge.png" in outcome.faults[0] and "12000x12000" in outcome.faults[0] and "Fix: cut" in outcome.faults[0]
    assert time.monotonic() - begun < 20


def test_a_huge_image_sent_all_the_same_is_refused_by_the_model(client):
    buffer = io.BytesIO()
    Image.new("L", (12000, 12000)).save(buffer, "PNG", compress_level=1)
    (mask,) = client.masks([buffer.getvalue()])
    assert isinstance(mask, ServerRefused) and "does not serve images of this size" in str(mask)


def test_pauses_double_and_end_at_the_deadline(monkeypatch):
    clock, pauses = [0.0], []
    monkeypatch.setattr("semicurv_tf.serving_client.transport.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("semicurv_tf.serving_client.transport.random.uniform", lambda low, high: 1.0)

    def sleep(seconds):
        pauses.append(seconds)
        clock[0] += seconds

    def fail(left):
        raise NotNow("busy")

    with pytest.raises(ServerLost, match="busy"):
        with_retries(fail, 20.0, "server", sleep)
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])  # 16.2 s; another 5 would pass 20


@pytest.mark.parametrize("url", ["localhost:8501", "ftp://host:1", "http://"])
def test_addresses(url):
    with pytest.raises(UserError, match="expected"):
        connect(url)


def test_the_commands(start_server, scheme, tmp_path):
    from click.testing import CliRunner

    from semicurv_tf.cli.predict import predict
    from semicurv_tf.serving_client.__main__ import main

    (tmp_path / "a.png").write_bytes(encode_png(pixels(40, 30)))
    url = start_server()[scheme]
    done = CliRunner().invoke(
        predict, ["--server", url, "--input", str(tmp_path / "a.png"), "--output", str(tmp_path / "one")]
    )
    assert done.exit_code == 0, done
    done = CliRunner().invoke(main, ["--url", url, str(tmp_path / "a.png"), "--output", str(tmp_path / "two")])
    assert done.exit_code == 0 and "version 1, 3 channels" in done.output, done
    np.testing.assert_array_equal(*(np.asarray(Image.open(tmp_path / folder / "a.png")) for folder in ("one", "two")))
