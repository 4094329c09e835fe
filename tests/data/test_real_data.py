"""The builders on the real files, where they are at hand: counts and ratios of the paper."""

import numpy as np
import pytest

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.split import choose_labelled


def _stores(dataset):
    stores = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {split: store for split, store in stores.items() if store is not None}


def _percent(dataset):
    stores = _stores(dataset).values()
    pixels = sum(shape[0] * shape[1] for store in stores for shape in store.shapes)
    return 100 * sum(row["positive"] for store in stores for row in store.rows) / pixels


def _open(name, folder, shared_cache, **options):
    return load_dataset(name, folder, cache_dir=shared_cache, options=options)


@pytest.mark.parametrize(
    "name, below, shape",
    [("drive128", "", (128, 128, 3)), ("drive128", "semicurv_crops/drive128", (128, 128, 3)),
     ("drive128", "drive", (128, 128, 3)), ("em128", "", (128, 128, 1)),
     ("em128", "isbi_em", (128, 128, 1)), ("crackforest", "", (320, 480, 3))],
)  # fmt: skip
def test_counts_sizes_and_table_1(shared_data, shared_cache, name, below, shape):
    dataset = _open(name, shared_data / below, shared_cache)
    info = dataset_info(name)
    assert {split: len(store) for split, store in _stores(dataset).items()} == info.counts
    assert all(set(store.shapes) == {shape} for store in _stores(dataset).values())
    assert abs(_percent(dataset) - info.positive_percent) <= 0.1


def test_crackforest_with_all_masks(shared_data, shared_cache):
    options = {"split": "seeded", "extra_unlabelled": True}
    dataset = _open("crackforest", shared_data, shared_cache, **options)
    sizes = {split: len(store) for split, store in _stores(dataset).items()}
    assert sizes == {"train": 118 - 24 + 37, "validation": 12, "test": 12}
    stores = _stores(dataset).values()
    pixels = 118 * 480 * 320
    positive = sum(row["positive"] for store in stores for row in store.rows)
    assert round(100 * positive / pixels, 2) == 2.49
    portrait = [name for name, shape in zip(dataset.train.names, dataset.train.shapes) if shape[0] == 480]
    assert portrait == ["328", "329"]
    assert any("same mask for 2 different images" in line and "042" in line for line in dataset.warnings)


def test_drive128_from_drive_agrees_with_the_crops(shared_data, shared_cache):
    crops = _open("drive128", shared_data / "semicurv_crops" / "drive128", shared_cache)
    ours = _open("drive128", shared_data / "drive", shared_cache)
    assert crops.train.names == ours.train.names and crops.test.names == ours.test.names
    for split in ("train", "test"):
        a, b = _stores(crops)[split], _stores(ours)[split]
        one, two = ([store.read(index) for index in range(len(store))] for store in (a, b))
        for channel in range(3):
            first, second = (
                np.concatenate([part["image"][..., channel].ravel() for part in parts]).astype(float)
                for parts in (one, two)
            )
            assert np.corrcoef(first, second)[0, 1] > 0.999
        for key in ("mask", "valid"):
            differ = np.mean([(x[key] != y[key]).mean() for x, y in zip(one, two)])
            assert differ < 2e-4, key
    red, green, blue = crops.statistics()[0]
    assert red > green > blue  # a retina is red: the channel order has been put right


def test_em128_from_slices_and_crops_are_bit_for_bit_equal(shared_data, shared_cache):
    crops = _open("em128", shared_data / "semicurv_crops" / "em128", shared_cache)
    ours = _open("em128", shared_data / "isbi_em", shared_cache)
    for split in ("train", "test"):
        a, b = _stores(crops)[split], _stores(ours)[split]
        position = {name: index for index, name in enumerate(b.names)}
        assert set(a.names) == set(b.names) and len(a) == 240
        for index, name in enumerate(a.names):
            one, two = a.read(index), b.read(position[name])
            assert all((one[key] == two[key]).all() for key in one), name


def test_drive_whole(shared_data, shared_cache):
    dataset = _open("drive", shared_data, shared_cache)
    assert {split: len(store) for split, store in _stores(dataset).items()} == {"train": 20, "test": 20}
    assert set(dataset.train.shapes) == {(584, 565, 3)}
    assert 0.6 < dataset.train.read(0)["valid"].mean() < 0.75


def test_crack500_sample(shared_data, shared_cache):
    dataset = _open("crack500", shared_data, shared_cache)
    assert {split: len(store) for split, store in _stores(dataset).items()} == {
        "train": 6, "validation": 6, "test": 6
    }  # fmt: skip
    shapes = {shape for store in _stores(dataset).values() for shape in store.shapes}
    assert shapes == {(360, 640, 3), (640, 360, 3)}


def test_mitroad_windows(shared_data, shared_cache):
    dataset = _open("mitroad", shared_data, shared_cache)
    count = sum(len(store) for store in _stores(dataset).values())
    assert count == 131  # of 36 x 9 windows; these tiles are 23-87 % blank
    tiles = [set(store.sources) for store in _stores(dataset).values()]
    assert not (tiles[0] & tiles[1] or tiles[0] & tiles[2] or tiles[1] & tiles[2])
    assert all(row["valid"] >= 0.5 * 500 * 500 for store in _stores(dataset).values() for row in store.rows)
    assert len(choose_labelled(dataset.train.names, 0.001, seed=0)) == 1


def test_own_folder_of_jpeg_masks(shared_data, shared_cache):
    dataset = _open("folder", shared_data / "gaps384_tiles", shared_cache, mask_threshold=127, channels=1)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (942, 157, 611)
    assert set(dataset.train.shapes) == {(133, 133, 1)}
