import os

import pytest

from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.prepare import cache_folder, prepare
from semicurv_tf.errors import UserError


def _pairs(files, count=4):
    for number in range(count):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png")


def test_prepared_once_and_again_when_a_source_changes(files, cache):
    _pairs(files)
    first = prepare("folder", files.root, cache_dir=cache)
    written = (first.folder / "dataset_info.json").stat().st_mtime_ns
    assert prepare("folder", files.root, cache_dir=cache) == first
    assert (first.folder / "dataset_info.json").stat().st_mtime_ns == written
    files.mask("masks/0.png", columns=9)
    os.utime(files.root / "masks/0.png", ns=(1, 1))  # even if the clock is coarse
    again = prepare("folder", files.root, cache_dir=cache)
    assert again.folder != first.folder
    positive = {row["name"]: row["positive"] for part in again.rows.values() for row in part}
    assert positive == {"0": 9 * 32, "1": 4 * 32, "2": 4 * 32, "3": 4 * 32}
    other = prepare("folder", files.root, cache_dir=cache, options={"mask_invert": True})
    assert other.folder not in (first.folder, again.folder)


def test_all_faults_at_once_and_nothing_left_behind(files, cache):
    _pairs(files, 8)
    (files.root / "images/0.png").write_bytes(b"")
    sound = (files.root / "images/1.png").read_bytes()
    (files.root / "images/1.png").write_bytes(sound[: len(sound) // 2])
    files.photo("masks/2.png", channels=1)
    files.mask("masks/3.png", 30, 32)
    files.mask("masks/nobody.png")
    with pytest.raises(UserError) as error:
        load_dataset("folder", files.root, cache_dir=cache)
    lines = error.value.lines
    assert len(lines) == 5 and all("Fix: " in line for line in lines)
    for part in ("images/0.png", "images/1.png", "masks/2.png", "masks/nobody.png"):
        assert any(part in line for line in lines), part
    assert any("masks/3.png: expected 32x32 pixels as its image 3.png, found 30x32" in line for line in lines)
    assert list(cache.iterdir()) == []


def test_cache_that_cannot_be_written(files, tmp_path):
    _pairs(files)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(UserError, match="SEMICURV_TF_CACHE or data.cache_dir"):
        prepare("folder", files.root, cache_dir=blocked / "cache")


def test_no_space_left_is_one_line_and_leaves_nothing(files, cache, monkeypatch):
    from semicurv_tf.data.builders.folder import Folder

    _pairs(files)

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Folder, "_download_and_prepare", full)
    with pytest.raises(UserError, match="No space left on device. Fix: free space"):
        prepare("folder", files.root, cache_dir=cache)
    assert list(cache.glob(".folder*")) == [] and list(cache.glob("folder-*")) == []


def test_cache_folder_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMICURV_TF_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    assert cache_folder("other").name == "other"


def test_statistics_are_those_of_valid_training_pixels(files, cache):
    import numpy as np

    for split in ("train", "test"):
        for number in range(3):
            path = f"{split}/sat/{number}{split}.tiff"
            pixels = files.pixels(path, 64, 64)
            pixels[:, :20] = 255
            files.save(path, pixels)
            files.mask(f"{split}/map/{number}{split}.tif", 64, 64)
    dataset = load_dataset("mitroad", files.root, cache_dir=cache, options={"window": 64})
    mean, deviation = dataset.statistics()
    seen = np.concatenate([
        dataset.train.read(index)["image"][:, 20:].reshape(-1, 3) for index in range(len(dataset.train))
    ])  # fmt: skip
    assert seen.max() < 250  # the made-up photographs have no blank pixel of their own
    np.testing.assert_allclose(mean, seen.mean(0), rtol=1e-5)
    np.testing.assert_allclose(deviation, seen.std(0), rtol=1e-5)
    assert mean.dtype == deviation.dtype == np.float32


def test_keys_are_spread_so_that_tfds_sorts_large_datasets_in_small_parts(tmp_path):
    from semicurv_tf.data.prepare import make_builder

    builder = make_builder("synthetic", None, {"train": 4}, tmp_path)
    keys = [key for key, _ in builder._generate_examples("train", builder.sources(None)["train"])]
    assert keys == [0, 2**126, 2**127, 3 * 2**126]  # a quarter each of TFDS' 128 bits
