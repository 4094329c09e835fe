"""Inputs that failed once, each of its own folder in ../shared/data/trouble: verified as training reads them."""

import shutil

import numpy as np
import pytest

from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.verify import verify
from semicurv_tf.images.header import read_header

# Folder: options, (labelled training images, percent of their pixels that are positive), words of a warning.
CASES = {
    "exif-square-mask": ({}, (2, 8.50), "turned by their orientation tag"),
    "image-12bit": ({"channels": 1}, (4, 10.66), "stretched to 8 bit"),
    "list-utf16": ({}, (2, 7.07), None),
    "mask-alpha": ({}, (2, 7.07), None),
    "mask-class-per-file": ({}, (2, 6.67), "masks differ in what is positive"),
    "mask-other-format-unlabelled": ({}, (2, 7.23), "1 file passed over: 1 .json"),
    "mask-palette-order": ({}, (3, 7.03), None),
    "mask-suffix-case": ({}, (2, 7.07), None),
    "mask-uint16-mixed": ({}, (2, 6.58), None),
    "names-nfd-nfc": ({}, (2, 7.07), None),
    "nodata-in-training": ({}, (2, 5.76), None),
    "side-by-side-_mask": ({}, (4, 10.33), None),
    "split-subfolders": ({}, (2, 5.03), None),
    "tiff-16bit-3band": ({}, (2, 10.57), None),
    "tiff-5band-train": ({"channels": 5}, (2, 13.98), None),
}


@pytest.fixture
def trouble(shared_data):
    folder = shared_data / "trouble"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/data/trouble beside the project")
    return folder


@pytest.mark.parametrize("case", CASES)
def test_read_right_or_named(trouble, tmp_path, case):
    options, (labelled, percent), words = CASES[case]
    shutil.copytree(trouble / case, tmp_path / case)
    report = verify("folder", tmp_path / case, options=options)
    assert report.errors == ()
    train = report.splits[0]
    assert (train.labelled, round(train.positive_percent, 2)) == (labelled, percent)
    if words:
        assert any(words in line for line in report.warnings)
    assert train.no_data_percent == (50 if case == "nodata-in-training" else 0)


@pytest.mark.parametrize(("channels", "used"), [(1, 3), (2, 2), (3, 3), (4, 4)])
def test_bands_that_are_not_read_are_said(trouble, channels, used):
    """As `predict` says it, before training."""
    report = verify("folder", trouble / "tiff-5band-train", options={"channels": channels})
    (line,) = (line for line in report.warnings if "bands" in line)
    assert line.startswith(f"folder: only the first {used} of 5 bands used: c0, c1. Fix")
    assert "--set data.options.channels=5" in line
    header = read_header(trouble / "tiff-5band-train" / "images" / "c0.tif")
    assert f"only the first {used} of 5 bands used" in header.conversions(channels)


def test_12_bit_images_keep_their_grey_levels(trouble, tmp_path):
    dataset = load_dataset("folder", trouble / "image-12bit", cache_dir=tmp_path, options={"channels": 1})
    for index in range(len(dataset.train)):
        assert len(np.unique(dataset.train.read(index)["image"])) > 60  # of the high byte there are 2 to 8
