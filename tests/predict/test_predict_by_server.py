"""Batches to a server that is stood in for: who goes in which request, what the server refuses, what goes by tiles."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.images.encoded import encode_png
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.predict.plan_files import Outputs, plan_jobs
from semicurv_tf.predict.predict_by_server import predict_by_server
from semicurv_tf.serving_client.client import Client
from semicurv_tf.serving_client.transport import ServerLost, ServerRefused


class Server:
    """Foreground where red exceeds 100; refuses batches with an image of 21 pixels in width."""

    server = "grpc://server"

    def __init__(self):
        self.requests = []

    def predict_bytes(self, signature, encoded):
        images = [np.asarray(Image.open(io.BytesIO(each))) for each in encoded]
        self.requests.append([image.shape[1] for image in images])
        if any(image.shape[1] == 21 for image in images):
            raise ServerRefused("grpc://server: no such width")
        masks = [np.where(image[..., :1] > 100, 255, 0).astype(np.uint8) for image in images]
        return {"mask_bytes": list(map(encode_png, masks)), "foreground_fraction": [0.0] * len(masks)}


@pytest.fixture
def server():
    return Server()


def write(folder, **widths):
    """Images of 16 rows, their left eight columns red 150."""
    folder.mkdir()
    for name, width in widths.items():
        pixels = np.zeros((16, width, 3), np.uint8)
        pixels[:, :8, 0] = 150
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def predicted(server, folder, output, tile=None, **options):
    # By tiles the threshold is this predictor's: 150 / 255 is below it.
    own = Predictor(lambda image: (image[..., :1] / 255).astype(np.float32), 3, threshold=0.9, tile=tile)
    return list(predict_by_server(Client(server), own, plan_jobs(folder, output, Outputs()), **options))


def test_requests_hold_so_many_images_and_masks_are_the_servers_own(server, tmp_path):
    folder, shares = write(tmp_path / "in", a=16, b=32, c=40), []
    outcomes = predicted(server, folder, tmp_path / "out", batch=2, advance=shares.append)
    assert server.requests == [[16, 32], [40]] and shares == [1.0, 1.0, 1.0]
    assert [outcome.foreground for outcome in outcomes] == [8 / 16, 8 / 32, 8 / 40]
    mask = np.asarray(Image.open(tmp_path / "out" / "b.png"))
    assert mask.shape == (16, 32) and np.all(mask[:, :8] == 255) and np.all(mask[:, 8:] == 0)


def test_bad_files_and_refused_ones_are_named_and_the_others_done(server, tmp_path):
    folder = write(tmp_path / "in", a=16, c=21, d=24)
    (folder / "b.png").write_bytes(b"nothing")
    outcomes = predicted(server, folder, tmp_path / "out", batch=8)
    assert [bool(outcome.faults) for outcome in outcomes] == [False, True, True, False]
    assert "b.png" in outcomes[1].faults[0]
    assert outcomes[2].faults == (f"{folder / 'c.png'}: grpc://server: no such width",)
    assert server.requests == [[16, 21, 24], [16], [21], [24]]


def test_larger_than_a_tile_goes_by_tiles(server, tmp_path):
    folder = write(tmp_path / "in", a=16, b=100)
    outcomes = predicted(server, folder, tmp_path / "out", tile=64, batch=8)
    assert server.requests == [[16]] and [outcome.foreground for outcome in outcomes] == [0.5, 0.0]


def test_a_stack_goes_page_by_page(server, tmp_path):
    folder = write(tmp_path / "in", a=16)
    tifffile.imwrite(folder / "b.tif", np.full((2, 20, 20), 255, np.uint8), photometric="minisblack")
    outcomes = predicted(server, folder, tmp_path / "out", batch=8)
    assert not outcomes[1].faults and outcomes[1].foreground == 1.0 and server.requests == [[16]]
    with tifffile.TiffFile(tmp_path / "out" / "b.tif") as masks:
        assert len(masks.pages) == 2


def test_a_mask_that_cannot_be_written_is_a_fault_of_its_image(server, tmp_path):
    folder = write(tmp_path / "in", a=16, b=16)
    (tmp_path / "out" / "a.png" / "taken").mkdir(parents=True)
    outcomes = predicted(server, folder, tmp_path / "out", batch=8)
    assert "cannot be written" in outcomes[0].faults[0] and not outcomes[1].faults


def test_a_lost_server_ends_the_call_and_keeps_what_is_written(server, tmp_path, monkeypatch):
    folder = write(tmp_path / "in", a=16, b=32)
    answer = server.predict_bytes

    def once(signature, encoded):
        if server.requests:
            raise ServerLost("gone")
        return answer(signature, encoded)

    monkeypatch.setattr(server, "predict_bytes", once)
    with pytest.raises(ServerLost):
        predicted(server, folder, tmp_path / "out", batch=1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_a_huge_image_is_refused_by_the_reader_with_a_remedy(server, tmp_path):
    (tmp_path / "in").mkdir()
    Image.new("1", (12000, 12000)).save(tmp_path / "in" / "huge.png")
    (outcome,) = predicted(server, tmp_path / "in", tmp_path / "out", batch=8)
    assert "huge.png" in outcome.faults[0] and "12000x12000" in outcome.faults[0] and "Fix: cut" in outcome.faults[0]


def test_16_bit_images_are_stretched_by_the_range_that_the_server_tells(server, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    values = np.full((16, 20, 3), 600, np.uint16)
    values[:, :8, 0] = 1000
    tifffile.imwrite(folder / "a.tif", values, photometric="rgb")
    sent = []
    tell = {"uint16=0:2550": [b"uint16=0:2550"], "nothing": [b""]}

    def predict_bytes(signature, encoded):
        if signature == "value_range":
            return {"value_range_bytes": tell[told]}
        sent.extend(np.asarray(Image.open(io.BytesIO(each))) for each in encoded)
        return Server.predict_bytes(server, signature, encoded)

    server.predict_bytes = predict_bytes
    for told in tell:
        value_range = Client(server).value_range()
        own = Predictor(lambda image: image[..., :1] / np.float32(255), 3, value_range=value_range)
        jobs = plan_jobs(folder, tmp_path / told, Outputs())
        (outcome,) = predict_by_server(Client(server), own, jobs, batch=2)
        assert not outcome.faults
    assert sent[0].max() == 100 and sent[0].min() == 60 and sent[1].max() == 255


def test_a_server_that_tells_no_range_or_nonsense(server):
    def older(signature, encoded):
        raise ServerRefused("grpc://server: no such signature")

    server.predict_bytes = older
    assert Client(server).value_range() is None
    server.predict_bytes = lambda signature, encoded: {"value_range_bytes": [b"from here to there"]}
    with pytest.raises(ServerRefused, match="not as TensorFlow Serving"):
        Client(server).value_range()
