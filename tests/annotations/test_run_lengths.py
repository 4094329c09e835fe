"""Run-length codes: by hand, against the tools' own packages where they are installed, and damaged."""

import numpy as np
import pytest

from semicurv_tf.annotations.run_lengths import coco_counts, decode_counts, decode_label_studio

# 2 pixels: red, green, blue 10, alpha 255, then four zeros: a literal run of 4 values and a repeated run of 4.
BITS = (
    f"{8:032b}" + f"{7:05b}" + f"{2:04b}{3:04b}{7:04b}{15:04b}"
    + "0" + "00" + f"{3:03b}" + f"{10:08b}{10:08b}{10:08b}{255:08b}"
    + "1" + "00" + f"{3:03b}" + f"{0:08b}"
)  # fmt: skip
BRUSH = [int(BITS[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(BITS), 8)]


def test_runs_by_row_and_by_column():
    expected = np.array([[0, 1, 1], [1, 0, 0]], bool)
    assert (decode_counts([1, 3, 2], 2, 3, "C") == expected).all()
    assert (decode_counts([1, 2, 1, 1, 1], 2, 3, "F") == expected).all()
    assert decode_counts([0, 6], 2, 3, "C").all()


@pytest.mark.parametrize("counts", [[1, 3], [1, -3, 8], [1, 3, 2.0], [10**30], ["a"], [[6]]])
def test_runs_that_do_not_fill_the_image_are_refused(counts):
    with pytest.raises((ValueError, OverflowError, TypeError)):
        decode_counts(counts, 2, 3, "C")


def test_sizes_that_nobody_draws_are_refused_before_memory_is_taken():
    with pytest.raises(ValueError, match="at most"):
        decode_counts([10**12], 10**6, 10**6, "F")


def test_compressed_runs_by_hand():
    # 5 is "5" (48 + 5); 40 is 8 + 32 to go on, then 1: "X1"; the third run is 3: "3"; the fourth 38 less 40: -2, "N".
    assert coco_counts("5X13N") == [5, 40, 3, 38]


@pytest.mark.parametrize("text", ["X", "\x00", "é", "XXXXXXXXXXXXXXX1"])
def test_damaged_compressed_runs(text):
    with pytest.raises(ValueError, match="COCO"):
        coco_counts(text)


def test_compressed_runs_of_pycocotools():
    coco = pytest.importorskip("pycocotools.mask", reason="pip install pycocotools: COCO's own encoder")
    random = np.random.default_rng(0)
    for share in (0.01, 0.5, 0.99):
        for _ in range(20):
            mask = random.random(random.integers(1, 300, 2)) < share
            code = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
            assert (decode_counts(coco_counts(code["counts"].decode()), *mask.shape, "F") == mask).all()


def test_brush_by_hand():
    assert (decode_label_studio(BRUSH, 1, 2) == [[True, False]]).all()


@pytest.mark.parametrize(
    "code, match", [(BRUSH[:-2], "breaks off"), (BRUSH[:3], "breaks off"), ([300], "bytes"), ("no", "bytes")]
)
def test_damaged_brush(code, match):
    with pytest.raises(ValueError, match=match):
        decode_label_studio(code, 1, 2)
    with pytest.raises(ValueError):
        decode_label_studio(BRUSH, 5, 5)


def test_brush_of_label_studio_converter():
    brush = pytest.importorskip("label_studio_converter.brush", reason="pip install label-studio-converter")
    random = np.random.default_rng(0)
    for share in (0.02, 0.5):
        mask = random.random((17, 23)) < share
        code = brush.encode_rle(np.repeat(mask.ravel().astype(np.uint8) * 255, 4))
        assert (decode_label_studio(code, 17, 23) == mask).all()
    long = np.zeros((200, 100), bool)
    long[30:, :] = True  # a run beyond 2**16 values
    code = brush.encode_rle(np.repeat(long.ravel().astype(np.uint8) * 255, 4))
    assert (decode_label_studio(code, 200, 100) == long).all()
