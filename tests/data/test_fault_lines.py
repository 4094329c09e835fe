"""Faults that many masks share are one line; masks that look inverted among others are named; no network is said."""

import numpy as np
import pytest
import requests

from semicurv_tf.data.fault_lines import gathered
from semicurv_tf.data.prepare import _writing
from semicurv_tf.data.verify import verify
from semicurv_tf.errors import UserError


def smoothed(file, threshold=127):
    return (
        f"{file}: expected a two-valued mask (0 and one other value), found 9 values: 0, 3, .... Fix: save the "
        "mask without smoothing as PNG, or choose --set data.options.mask_value=V or "
        f"data.options.mask_threshold={threshold} (dataset folder)"
    )


def test_one_line_for_many():
    lines = gathered(["first", *(smoothed(f"m/{n}.png") for n in range(5)), "last"])
    assert lines[0] == "first" and lines[2:] == ["last"]
    assert lines[1].startswith("5 masks: expected two values") and "m/0.png, m/1.png, m/2.png and 2 more" in lines[1]
    assert "Fix: --set data.options.mask_threshold=127, or" in lines[1]


def test_one_mask_keeps_its_own_line():
    assert gathered(["a", smoothed("m.png"), "b"]) == ["a", smoothed("m.png"), "b"]
    assert gathered([]) == []


def test_verify_says_smoothed_masks_once(files):
    for number in range(6):
        files.photo(f"images/{number}.png")
        values = np.tile(np.arange(32, dtype=np.uint8) * 8, (32, 1))
        files.save(f"masks/{number}.png", values)
    report = verify("folder", files.root)
    assert sum("two values" in line or "two-valued" in line for line in report.errors) == 1
    assert report.errors[0].startswith("6 masks: ")
    again = verify("folder", files.root, options={"mask_threshold": 127})
    assert not again.errors


def test_label_volumes_are_said_once_and_the_remedies_work(files):
    cells = np.repeat([[1, 2, 0, 3]], 8, axis=1).repeat(32, axis=0).astype(np.uint16)  # 0, a quarter, between cells
    for number in range(3):
        files.photo(f"images/{number}.png")
        files.save(f"masks/{number}.png", cells)
    (line, *_) = verify("folder", files.root).errors
    assert line.startswith("3 masks: expected two values, found labels up to 3, as of classes or of cells: ")
    for options in ({"mask_value": 2}, {"mask_threshold": 0, "mask_invert": True}):
        assert all(f"data.options.{key}={'V' if key == 'mask_value' else str(value).lower()}" in line
                   for key, value in options.items())  # fmt: skip
        report = verify("folder", files.root, options=options)
        assert not report.errors
        assert [row.positive_percent for row in report.splits] == [25.0]


def test_verify_names_one_inverted_mask_among_many(files):
    for number in range(8):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png", columns=30 if number == 3 else 4)
    warnings = verify("folder", files.root).warnings
    (line,) = [line for line in warnings if "inverted" in line]
    assert line.startswith("1 mask of 8 is more than half positive, the others 12.5 % (median): 3.")


def test_wide_masks_among_wide_ones_are_not_named(files):
    for number in range(8):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png", columns=17 if number == 3 else 14)
    assert not [line for line in verify("folder", files.root).warnings if "more than half positive, the" in line]


@pytest.mark.parametrize(
    "error", [requests.exceptions.ConnectionError("no route to host"), ConnectionRefusedError(111, "refused")]
)
def test_no_network_is_no_full_disk(tmp_path, error):
    with pytest.raises(UserError, match="no way to download them .*Fix: --data-dir FOLDER") as said, _writing(tmp_path):
        raise error
    assert "free space" not in str(said.value)
