"""Images of a run's dataset for an export: to calibrate int8, and to compare the answers of two engines."""

from pathlib import Path

import numpy as np
from rich.console import Console

from semicurv_tf.export.conversion import RealImages
from semicurv_tf.training import run_folder
from semicurv_tf.training.run_data import moved, open_run_dataset

CALIBRATION, COMPARED = 64, 64  # images at most, evenly spread
LARGEST_PX = 768  # of larger images the middle


def images_of_run(run: str | Path, data_dir: str | None, console: Console) -> RealImages:
    """Training images, and validation images with their masks (labelled training images where there are none).

    Args:
        run: the run folder.
        data_dir: in place of the configuration's, or None.
        console: for progress and warnings.

    Raises:
        UserError: the dataset cannot be opened.
    """
    dataset = open_run_dataset(Path(run), moved(run_folder.read_config(Path(run)), data_dir), console)
    store, what = dataset.validation, "validation images"
    if store is None or not any(store.labelled):
        store, what = dataset.train, "labelled training images"
    labelled = [index for index in range(len(store)) if store.labelled[index]]
    compared = [_middle(store.read(index)) for index in _spread(labelled, COMPARED)]
    calibration = [
        _middle(dataset.train.read(index))["image"] for index in _spread(range(len(dataset.train)), CALIBRATION)
    ]
    return RealImages(tuple(calibration), tuple(compared), what)


def _spread(indices, most: int) -> list[int]:
    indices = list(indices)
    return indices[:: max(1, -(-len(indices) // most))]


def _middle(example: dict) -> dict:
    """`image`, `mask` and `valid` of an example, cut to the middle where they are larger than `LARGEST_PX`."""
    height, width = example["image"].shape[:2]
    rows, columns = (
        slice(max(0, (side - LARGEST_PX) // 2), max(0, (side - LARGEST_PX) // 2) + LARGEST_PX)
        for side in (height, width)
    )
    cut = {name: np.ascontiguousarray(example[name][rows, columns]) for name in ("image", "mask", "valid")}
    return {**cut, "valid": (cut["valid"] == 1).astype(np.uint8)}  # 2: the image is sound, its label unknown
