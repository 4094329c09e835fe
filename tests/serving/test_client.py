import io
import socket

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.serving_client.client import Client, connect
from semicurv_tf.serving_client.transport import NotNow, ServerLost, ServerRefused, with_retries
from tests.export.test_wide_png import values, wide_png


def pixels(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def keras_probability(network, image):
    return 1 / (1 + np.exp(-network(tf.cast(image[None], tf.float32)).numpy()[0, ..., 0]))


@pytest.fixture
def client(start_server, scheme):
    return connect(start_server()[scheme], deadline_s=60)


def test_describe(client):
    assert client.describe() == (3, 1)


def test_16_bit_png_and_the_range_that_the_server_tells(client, served_network):
    assert client.value_range() == parse_ranges("uint16=600.0:1110.0")
    stored = values(3, shape=(40, 56))
    (mask,) = client.masks([wide_png(stored)])
    read = np.rint(np.clip((stored.astype(float) - 600) / 510, 0, 1) * 255).astype(np.uint8)
    probability = keras_probability(served_network, read)
    decided = abs(probability - 0.5) > 1e-5
    np.testing.assert_array_equal((mask > 0)[decided], (probability > 0.5)[decided])


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
    with pytest.raises(ServerLost, match=r"no answer within 1 s \(\d+ tr(y|ies); the last: "):
        connect(f"{scheme}://127.0.0.1:{port}", deadline_s=1).describe()


def test_a_hanging_server_is_said_within_the_deadline(start_server, scheme):
    client = connect(start_server("hang")[scheme], deadline_s=2)
    # The server never answers: that the call returns is what the deadline does.
    with pytest.raises(ServerLost, match="no answer within 2 s"):
        client.masks([encode_png(pixels(32, 32))])


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
