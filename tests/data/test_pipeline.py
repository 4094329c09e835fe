import numpy as np
import pytest

from semicurv_tf.data.decoded import DecodedDisk, DecodedMemory
from semicurv_tf.data.pipeline import evaluation_batches, training_batches
from semicurv_tf.data.store import ImageStore
from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png


def _store(count=7, sizes=((32, 48),), memory_mb=64, labelled=True, disk=None, blank_from=None):
    """Images whose every pixel says which image, row and column it is."""
    rows, records = [], []
    for number in range(count):
        height, width = sizes[number % len(sizes)]
        y, x = np.mgrid[:height, :width].astype(np.uint8)
        image = np.stack([np.full_like(y, number), y, x], -1)
        rows.append({"name": f"n{number}", "source": "", "shape": list(image.shape), "labelled": labelled,
                     "positive": 0, "valid": height * width, "digest": f"{number}-{height}",
                     "mask_digest": "m"})  # fmt: skip
        mask = ((x + y) % 2).astype(np.uint8)[..., None]
        records.append({"image": encode_png(image), "mask": encode_png(mask),
                        "valid": encode_png(np.ones_like(mask) * (x < (blank_from or width))[..., None])})  # fmt: skip
    return ImageStore(rows, records, DecodedMemory(memory_mb), disk)


def _batches(store, labelled, unlabelled, first_step=0, steps=6, crop=None, seed=0, **sizes):
    sizes = {"batch_labelled": 2, "batch_unlabelled": 3} | sizes
    return list(training_batches(
        store, labelled, unlabelled, crop=crop, seed=seed, first_step=first_step, steps=steps, **sizes
    ).as_numpy_iterator())  # fmt: skip


def _which(images):
    return images[:, 0, 0, 0].astype(int).tolist()


def test_shapes_are_static_and_values_raw():
    store = _store()
    spec = training_batches(
        store, [0, 1], [2, 3, 4], batch_labelled=4, batch_unlabelled=4, crop=None, seed=0,
        first_step=0, steps=1,
    ).element_spec  # fmt: skip
    assert spec["labelled"]["image"].shape == (4, 32, 48, 3)
    assert spec["labelled"]["mask"].shape == spec["unlabelled"]["valid"].shape == (4, 32, 48, 1)
    assert set(spec["unlabelled"]) == {"image", "valid"}
    assert all(part.dtype == "float32" for part in spec["labelled"].values())


def test_no_thread_tunes_it_whose_sleep_the_end_of_a_run_would_wait_for():
    dataset = training_batches(
        _store(), [0, 1], [2, 3], batch_labelled=2, batch_unlabelled=2, crop=None, seed=0, first_step=0, steps=1
    )
    assert dataset.options().autotune.enabled is False


def test_each_pass_takes_every_image_once_and_streams_are_independent():
    batches = _batches(_store(7), [5, 6], [0, 1, 2, 3, 4], steps=10)
    labelled = [which for batch in batches for which in _which(batch["labelled"]["image"])]
    unlabelled = [which for batch in batches for which in _which(batch["unlabelled"]["image"])]
    assert all(sorted(labelled[n : n + 2]) == [5, 6] for n in range(0, 20, 2))
    passes = [unlabelled[n : n + 5] for n in range(0, 30, 5)]
    assert all(sorted(one) == [0, 1, 2, 3, 4] for one in passes)
    assert len({tuple(one) for one in passes}) > 1  # another order each pass
    assert [int(batch["step"]) for batch in batches] == list(range(10))


def test_resumed_run_sees_the_batches_of_the_uninterrupted_one():
    store = _store(7)
    whole = _batches(store, [0, 1, 2], [3, 4, 5, 6], steps=9, crop=16)
    rest = _batches(store, [0, 1, 2], [3, 4, 5, 6], first_step=5, steps=4, crop=16)
    for one, two in zip(whole[5:], rest, strict=True):
        assert one["step"] == two["step"]
        for stream in ("labelled", "unlabelled"):
            for key in one[stream]:
                assert (one[stream][key] == two[stream][key]).all()


def test_seed_changes_order_and_crops():
    store = _store(7)
    one = _batches(store, [0, 1, 2], [3, 4, 5, 6], crop=16, seed=0)
    two = _batches(store, [0, 1, 2], [3, 4, 5, 6], crop=16, seed=1)
    assert any((a["labelled"]["image"] != b["labelled"]["image"]).any() for a, b in zip(one, two))


def test_crops_lie_inside_reach_every_edge_and_match_their_masks():
    corners = set()
    for batch in _batches(_store(1), [0], [0], steps=200, crop=16):
        image, mask = batch["labelled"]["image"], batch["labelled"]["mask"]
        assert image.shape == (2, 16, 16, 3)
        for one, its_mask in zip(image, mask):
            top, left = int(one[0, 0, 1]), int(one[0, 0, 2])
            corners.add((top, left))
            y, x = np.mgrid[top : top + 16, left : left + 16]
            assert (one[..., 1] == y).all() and (one[..., 2] == x).all()
            assert (its_mask[..., 0] == (x + y) % 2).all()
    tops, lefts = zip(*corners)
    assert (min(tops), max(tops), min(lefts), max(lefts)) == (0, 32 - 16, 0, 48 - 16)


def test_crops_are_not_wasted_on_what_shows_nothing():
    """Two thirds of each image are blank, thus as many of the crops at a place of their own would be."""
    shares = [
        part["valid"].mean(axis=(1, 2, 3))
        for batch in _batches(_store(2, blank_from=16), [0], [1], steps=60, crop=16)
        for part in (batch["labelled"], batch["unlabelled"])
    ]
    assert np.concatenate(shares).min() >= 0.5


def test_an_image_that_shows_next_to_nothing_gives_crops_all_the_same():
    (batch,) = _batches(_store(1, blank_from=0.5), [0], [0], steps=1, crop=16)
    assert batch["labelled"]["image"].shape == (2, 16, 16, 3)
    assert batch["labelled"]["valid"].sum() in range(0, 33)


def test_images_smaller_than_the_crop_are_padded_and_the_padding_is_not_valid():
    store = _store(2, sizes=((32, 48), (48, 32)))
    for batch in _batches(store, [0, 1], [0, 1], crop=48, steps=3):
        for image, valid in zip(batch["labelled"]["image"], batch["labelled"]["valid"]):
            wide = image[0, 0, 0] == 0
            part = np.s_[:32, :] if wide else np.s_[:, :32]
            assert valid.sum() == 32 * 48 == valid[part].sum()
            mirrored = image[32:, :, 1] if wide else image[:, 32:, 2].T
            assert (mirrored[:, 0] == np.arange(31, 15, -1)).all()


def test_mixed_sizes_need_a_crop():
    store = _store(4, sizes=((32, 48), (48, 32)))
    with pytest.raises(UserError, match=r"found 2 sizes: 48x32 \(\d\), .*--set data.crop=32"):
        _batches(store, [0], [1, 2, 3])
    assert len(_batches(store, [0], [2])) == 6  # the images used agree
    assert len(_batches(store, [0], [1], batch_unlabelled=0)) == 6  # as do those of supervised runs


def test_supervised_batches_have_no_unlabelled_part():
    batches = _batches(_store(3), [0, 1, 2], [], batch_unlabelled=0)
    assert set(batches[0]) == {"labelled", "step"}
    with pytest.raises(UserError, match="found none. Fix: lower --labels"):
        _batches(_store(3), [0, 1, 2], [])
    with pytest.raises(UserError, match="at least one labelled"):
        _batches(_store(3), [], [0], batch_unlabelled=0)


def test_batches_without_a_labelled_image_have_the_shapes_of_none():
    batch = _batches(_store(3), [], [0, 1])[0]
    assert batch["labelled"]["image"].shape[0] == batch["labelled"]["mask"].shape[0] == 0
    assert batch["labelled"]["image"].shape[1:] == batch["unlabelled"]["image"].shape[1:]


def test_evaluation_batches_hold_every_image_once_grouped_by_size():
    store = _store(5, sizes=((32, 48), (48, 32)))
    batches = list(evaluation_batches(store, 2))
    assert [batch["name"] for batch in batches] == [["n0", "n2"], ["n4"], ["n1", "n3"]]
    assert batches[2]["image"].shape == (2, 48, 32, 3) and batches[2]["mask"].dtype == np.float32
    assert [b["name"] for b in evaluation_batches(store, 4, indices=[3, 0])] == [["n3"], ["n0"]]
    assert list(evaluation_batches(_store(3, labelled=False), 2)) == []


def test_store_keeps_to_its_budget():
    store = _store(6, sizes=((512, 512),), memory_mb=3)  # 512 * 512 * 5 bytes = 1.25 MB each: 2 fit
    memory = store._memory
    for index in (0, 1, 2, 0, 5, 4, 3):
        assert store.read(index)["image"][0, 0, 0] == index
        assert memory.used_bytes <= 3 * 2**20
    assert [memory.get((store, index)) is not None for index in range(6)] == [False] * 3 + [True, True, False]
    with pytest.raises(ValueError, match="read-only"):
        store.read(3)["image"][0] = 0


def test_windows_of_large_images_come_from_disk_the_second_time(tmp_path, monkeypatch):
    disk = DecodedDisk(tmp_path / "decoded", share=0.5)
    store = _store(6, sizes=((256, 200),), memory_mb=1, disk=disk)  # 1.5 MB in all
    whole = {index: store._decode(index) for index in range(6)}
    rows, columns = slice(100, 140), slice(7, 39)
    first = [store.read_window(index, rows, columns) for index in range(6)]
    files = sorted((tmp_path / "decoded").iterdir())
    assert len(files) == 6 and files[0].stat().st_size == 256 * 200 * 4
    monkeypatch.setattr(store, "_decode", None)  # from here on nothing may be decoded
    for index in range(6):
        again = store.read_window(index, rows, columns)
        for key in ("image", "mask", "valid"):
            assert (again[key] == whole[index][key][rows, columns]).all()
            assert (again[key] == first[index][key]).all() and again[key].dtype == np.uint8


def test_disk_without_room_is_left_alone(tmp_path):
    store = _store(6, sizes=((256, 200),), memory_mb=1, disk=DecodedDisk(tmp_path / "d", share=0.0))
    assert store.read_window(3, slice(0, 9), slice(0, 9))["image"][0, 0, 0] == 3
    assert not (tmp_path / "d").exists()


def test_damaged_disk_file_is_not_believed(tmp_path):
    store = _store(6, sizes=((256, 200),), memory_mb=1, disk=DecodedDisk(tmp_path / "d"))
    store.read_window(3, slice(0, 9), slice(0, 9))
    (file,) = (tmp_path / "d").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert store.read_window(3, slice(0, 9), slice(0, 9))["image"][0, 0, 0] == 3


def test_joined_stores_keep_order():
    joined = _store(2).joined(_store(3, labelled=False))
    assert joined.names == ("n0", "n1", "n0", "n1", "n2")
    assert joined.labelled == (True, True, False, False, False)
    assert [int(joined.read(index)["image"][0, 0, 0]) for index in range(5)] == [0, 1, 0, 1, 2]
