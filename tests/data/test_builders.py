"""Each dataset from small made-up files in its published layout."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
import tifffile
from scipy.io import savemat

import semicurv_tf.data  # noqa: F401, registers the builders
from semicurv_tf.data.load import load_dataset
from semicurv_tf.errors import UserError


def _counts(dataset):
    stores = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {split: len(store) for split, store in stores.items() if store is not None}


def _by_name(store):
    return {name: store.read(index) for index, name in enumerate(store.names)}


# --- CrackForest


def _crackforest(files, root, stems, unlabelled=("201",)):
    for stem in (*stems, *unlabelled):
        files.photo(f"{root}image/{stem}.jpg", 48, 32)
    for stem in stems:
        boundaries = np.zeros((32, 48), np.uint8)
        boundaries[10, 5] = boundaries[11, 6] = 1  # diagonal neighbours: closed to a 2x2 square
        segments = np.ones((32, 48), np.uint8)
        segments[20, 30] = 2
        truth = np.empty((1, 1), [("Segmentation", object), ("Boundaries", object)])
        truth[0, 0] = (segments, boundaries)
        path = files.root / root / f"groundTruth/{stem}.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        savemat(path, {"groundTruth": truth})


def test_crackforest_released_split_leaves_042_out(files, cache):
    _crackforest(files, "", ["001", "010", "013", "042", "043"])
    dataset = load_dataset("crackforest", files.root, cache_dir=cache)
    assert dataset.train.names == ("001", "043")
    assert dataset.validation.names == ("013",) and dataset.test.names == ("010",)
    mask = dataset.train.read(0)["mask"][..., 0]
    # By hand: closing with a 2x2 square dilates the two pixels, then erodes again; the single
    # pixel of label 2 stays one pixel.
    assert mask.sum() == mask[10:12, 5:7].sum() + mask[20, 30] and mask[20, 30] == 1
    assert mask[10, 5] == 1 and mask[11, 6] == 1


def test_crackforest_options(files, cache):
    stems = [f"{number:03d}" for number in range(1, 21)]
    _crackforest(files, "", stems, unlabelled=("201", "301"))
    options = {"split": "seeded", "extra_unlabelled": True}
    dataset = load_dataset("crackforest", files.root, cache_dir=cache, options=options)
    assert _counts(dataset) == {"train": 16 + 2, "validation": 2, "test": 2}
    assert [name for name, has in zip(dataset.train.names, dataset.train.labelled) if not has] == [
        "201", "301"
    ]  # fmt: skip
    assert dataset.train.read(17)["mask"].sum() == 0


def test_crackforest_archive_is_downloaded_and_unpacked(files, cache, tmp_path):
    import shutil

    _crackforest(files, "CrackForest-dataset-master/", ["001", "010", "013"])
    archive = shutil.make_archive(str(tmp_path / "master"), "zip", files.root)
    options = {"url": f"file://{archive}"}
    dataset = load_dataset("crackforest", cache_dir=cache, options=options)
    assert _counts(dataset) == {"train": 1, "validation": 1, "test": 1}


def test_crackforest_lists_what_is_missing(files, cache):
    _crackforest(files, "", ["001", "002", "010", "013"])
    (files.root / "groundTruth/002.mat").unlink()
    (files.root / "image/010.jpg").unlink()
    (files.root / "groundTruth/013.mat").write_bytes(b"no MATLAB")
    with pytest.raises(UserError) as error:
        load_dataset("crackforest", files.root, cache_dir=cache)
    assert [line for line in error.value.lines if "Fix: " in line] == list(error.value.lines)
    assert len(error.value.lines) == 3
    for file in ("002.mat", "010.mat", "013.mat"):
        assert any(file in line for line in error.value.lines)


# --- crops of DRIVE128 and EM128


def _crops(files, root, names, channels, with_valid):
    for split, stems in names.items():
        files.text(f"{root}{split}.txt", *(f"{stem}.png" for stem in stems))
        for stem in stems:
            files.photo(f"{root}img/{stem}.png", 128, 128, channels)
            soft = np.zeros((128, 128), np.uint8)
            soft[:, 0], soft[:, 1] = 128, 127
            hard = np.where(soft > 127, 255, 0).astype(np.uint8)
            files.save(f"{root}gt/{stem}.png", soft if with_valid else hard)
            if with_valid:
                files.mask(f"{root}mask/{stem}.png", 128, 128, columns=100)


DRIVE128 = {"train": ["21_training-0", "21_training-1"], "test": ["31_training-0"]}
EM128 = {"train": ["img000-0", "img000-1"], "test": ["img015-0"]}


@pytest.mark.parametrize("given", ["", "semicurv_crops", "semicurv_crops/drive128"])
def test_drive128_from_crops_in_a_folder_or_below_it(files, cache, given):
    _crops(files, "semicurv_crops/drive128/", DRIVE128, 3, with_valid=True)
    _crops(files, "semicurv_crops/em128/", EM128, 1, with_valid=False)
    dataset = load_dataset("drive128", files.root / given, cache_dir=cache)
    assert dataset.train.names == tuple(DRIVE128["train"]) and dataset.channels == 3
    assert set(dataset.train.sources) == {"21_training"} and dataset.validation is None
    first = dataset.train.read(0)
    stored = files.pixels("semicurv_crops/drive128/img/21_training-0.png", 128, 128, 3)
    assert (first["image"] == stored[..., ::-1]).all()  # stored as blue, green, red
    assert (first["mask"][:, 0] == 1).all() and first["mask"][:, 1:].sum() == 0  # 128 in, 127 out
    assert first["valid"].sum() == 128 * 100


@pytest.mark.parametrize(
    "name, train, channels, with_valid",
    [("drive128", ["21_training", "22_training", "23_training"], 3, True), ("em128", ["img000", "img007"], 1, False)],
)
def test_the_last_photographs_of_the_training_become_validation_images(files, cache, name, train, channels, with_valid):
    splits = {"train": [f"{one}-{k}" for one in train for k in (0, 1)], "test": ["31_training-0"]}
    _crops(files, "", splits, channels, with_valid=with_valid)
    open_with = lambda count: load_dataset(name, files.root, cache_dir=cache, options={"validation_photographs": count})
    dataset = open_with(1)
    assert dataset.validation.names == (f"{train[-1]}-0", f"{train[-1]}-1")
    assert set(dataset.train.sources) == set(train[:-1]) and _counts(dataset)["test"] == 1
    assert open_with(0).validation is None
    with pytest.raises(UserError, match=f"expected 0 to {len(train) - 1} of the {len(train)} training photographs"):
        open_with(len(train))


def test_em128_from_crops_and_from_slices_are_the_same_bits(files, cache, tmp_path):
    generator = np.random.default_rng(0)
    volume = generator.integers(0, 256, (30, 512, 512), np.uint8)
    labels = np.where(generator.random((30, 512, 512)) < 0.2, 0, 255).astype(np.uint8)
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    tifffile.imwrite(stacks / "train-volume.tif", volume, compression="zlib")
    tifffile.imwrite(stacks / "train-labels.tif", labels, compression="zlib")
    names = {"train": [f"img{n:03d}-{k}" for n in (0, 14) for k in range(16)],
             "test": [f"img{n:03d}-{k}" for n in (15, 29) for k in range(16)]}  # fmt: skip
    for split, stems in names.items():
        files.text(f"{split}.txt", *(f"{stem}.png" for stem in stems))
        for stem in stems:
            number, index = int(stem[3:6]), int(stem[7:])
            part = np.s_[number, index // 4 * 128 :, index % 4 * 128 :]
            files.save(f"img/{stem}.png", volume[part][:128, :128])
            files.save(f"gt/{stem}.png", 255 - labels[part][:128, :128])  # membrane positive
    crops = load_dataset("em128", files.root, cache_dir=cache)
    slices = load_dataset("em128", stacks, cache_dir=cache)
    assert _counts(slices) == {"train": 240, "test": 240} and slices.channels == 1
    for split in ("train", "test"):
        whole = _by_name(getattr(slices, split))
        for name, arrays in _by_name(getattr(crops, split)).items():
            for key in ("image", "mask", "valid"):
                assert (arrays[key] == whole[name][key]).all(), (name, key)
    whole = load_dataset("isbi_em", stacks, cache_dir=cache)
    assert _counts(whole) == {"train": 15, "test": 15}
    assert (whole.test.read(0)["image"][..., 0] == volume[15]).all()
    assert (whole.test.read(0)["mask"][..., 0] == (labels[15] == 0)).all()


# --- DRIVE


def _drive(files, numbers=(21, 30, 31, 40), side=(565, 584)):
    for number in numbers:
        files.photo(f"training/images/{number}_training.tif", *side)
        files.mask(f"training/1st_manual/{number}_manual1.gif", *side, columns=100)
        files.mask(f"training/mask/{number}_training_mask.gif", *side, columns=400)
    for number in ("01", "02"):
        files.photo(f"test/images/{number}_test.tif", *side)
        files.mask(f"test/1st_manual/{number}_manual1.gif", *side)
        files.mask(f"test/mask/{number}_test_mask.gif", *side, columns=side[0])


def test_drive128_from_drive(files, cache):
    _drive(files)
    dataset = load_dataset("drive128", files.root, cache_dir=cache)
    assert dataset.train.names == tuple(f"{number}_training-{index}" for number in (21, 30) for index in range(16))
    assert {name[:2] for name in dataset.test.names} == {"31", "40"}
    first = dataset.train.read(0)
    # By hand: 100 of 565 columns become 100 * 512 / 565 = 90.6 of 512. The column whose centre
    # (90 + 0.5) * 565 / 512 - 0.5 = 99.37 lies 0.37 past the last positive one is 63 % white: in.
    assert first["mask"][0, :, 0].sum() == 91
    assert first["image"].shape == (128, 128, 3)


def test_drive_whole_has_the_official_split(files, cache):
    _drive(files)
    dataset = load_dataset("drive", files.root, cache_dir=cache)
    assert dataset.train.names == ("21_training", "30_training", "31_training", "40_training")
    assert dataset.test.names == ("01_test", "02_test")
    assert dataset.train.shapes[0] == (584, 565, 3)
    assert dataset.train.read(0)["valid"].mean() == 400 / 565


# --- Crack500, GAPs384


def test_crack500_both_orientations_and_nested_folders(files, cache):
    for part, size in (("traincrop/traincrop", (64, 36)), ("valcrop", (36, 64)), ("testcrop", (64, 36))):
        for number in range(2):
            files.photo(f"{part}/2016_{number}.jpg", *size)
            files.mask(f"{part}/2016_{number}.png", *size, columns=9)
    dataset = load_dataset("crack500", files.root, cache_dir=cache)
    assert _counts(dataset) == {"train": 2, "validation": 2, "test": 2}
    assert dataset.train.shapes[0] == (36, 64, 3) and dataset.validation.shapes[0] == (64, 36, 3)
    assert dataset.train.positive_percent() == 100 * 9 / 64
    (files.root / "testcrop/2016_0.png").unlink()
    with pytest.raises(UserError, match=r"testcrop/2016_0\.jpg: expected its mask"):
        load_dataset("crack500", files.root, cache_dir=cache)


def _gaps(files, stems):
    for stem in stems:
        files.photo(f"croppedimg/{stem}.jpg", 40, 30, channels=1)
        files.mask(f"croppedgt/{stem}.png", 40, 30, columns=2)


def test_gaps384_by_lists_and_by_first_word(files, cache):
    _gaps(files, ["train_0001_1_1", "train_0002_1_1", "valid_0001_1_1", "test_0001_1_1"])
    by_word = load_dataset("gaps384", files.root, cache_dir=cache)
    assert _counts(by_word) == {"train": 2, "validation": 1, "test": 1} and by_word.channels == 1
    files.text("train.txt", "croppedimg/train_0001_1_1.jpg croppedgt/train_0001_1_1.png")
    files.text("valid.txt", "croppedimg/valid_0001_1_1.jpg croppedgt/valid_0001_1_1.png")
    files.text("test.txt", "croppedimg/test_0001_1_1.jpg", "croppedimg/train_0002_1_1.jpg")
    by_list = load_dataset("gaps384", files.root, cache_dir=cache)
    assert by_list.train.names == ("train_0001_1_1",)
    assert by_list.test.names == ("test_0001_1_1", "train_0002_1_1")


# --- MIT Road


def _tile(files, path, blank_columns):
    pixels = files.pixels(path, 96, 96)
    pixels[:, :blank_columns] = 255
    files.save(path, pixels)


def _roads(files, tiles=10):
    for number in range(tiles):
        part = "valid" if number < 2 else "train"
        _tile(files, f"{part}/sat/{number}_15.tiff", 0)
        files.mask(f"{part}/map/{number}_15.tif", 96, 96, columns=8)
    _tile(files, "test/sat/99_15.tiff", 40)  # first column of windows blank, 8 columns more
    files.mask("test/map/99_15.tif", 96, 96, columns=36)


def test_mitroad_windows_without_the_blank_ones(files, cache):
    _roads(files)
    dataset = load_dataset("mitroad", files.root, cache_dir=cache, options={"window": 32})
    # 10 tiles: 15 % validation is round(1.5) = 2 tiles of 9 windows
    assert _counts(dataset) == {"train": 72, "validation": 18, "test": 6}
    assert not set(dataset.train.sources) & set(dataset.validation.sources)
    assert dataset.test.names == tuple(f"99_15-{row}{column}" for row in range(3) for column in (1, 2))
    window = dataset.test.read(0)  # columns 32 to 63 of the tile: blank and road up to 40 and 36
    assert (window["valid"][:, :8] == 0).all() and (window["valid"][:, 8:] == 1).all()
    assert (window["mask"][:, :4] == 1).all() and window["mask"][:, 4:].sum() == 0


def test_mitroad_blank_rule_and_whole_tiles(files, cache):
    _roads(files)
    keep = load_dataset("mitroad", files.root, cache_dir=cache, options={"window": 32, "blank_limit": 1.0})
    assert len(keep.test) == 9
    whole = load_dataset("mitroad", files.root, cache_dir=cache, options={"window": 0})
    assert whole.test.shapes == ((96, 96, 3),) and len(whole.train) == 8
    with pytest.raises(UserError, match="window=96 or 0"):
        load_dataset("mitroad", files.root, cache_dir=cache)


def test_mitroad_flat_copy(files, cache):
    for number in range(20):
        _tile(files, f"images/{number}.png", 0)
        files.mask(f"masks/{number}.png", 96, 96)
    dataset = load_dataset("mitroad", files.root, cache_dir=cache, options={"window": 96})
    assert _counts(dataset) == {"train": 14, "validation": 3, "test": 3}


# --- synthetic, and what all share


def test_synthetic_is_drawn_from_its_seed(cache, tmp_path):
    options = {"train": 3, "validation": 0, "test": 2}
    first = load_dataset("synthetic", cache_dir=cache, options=options)
    again = load_dataset("synthetic", cache_dir=tmp_path / "other", options=options)
    other = load_dataset("synthetic", cache_dir=cache, options=options | {"seed": 1})
    assert _counts(first) == {"train": 3, "test": 2} and first.validation is None
    for index in range(3):
        one, two = first.train.read(index), again.train.read(index)
        assert all((one[key] == two[key]).all() for key in one)
        assert (one["image"] != other.train.read(index)["image"]).any()
        assert 0.02 <= one["mask"].mean() <= 0.08 and one["image"].shape == (128, 128, 3)


def test_plain_tfds_with_manual_dir(files, tmp_path):
    _crops(files, "", EM128, 1, with_valid=False)
    config = tfds.download.DownloadConfig(manual_dir=files.root, try_download_gcs=False)
    dataset = tfds.load(
        "em128", split="train", data_dir=tmp_path / "tfds", try_gcs=False,
        download_and_prepare_kwargs={"download_config": config},
    )  # fmt: skip
    examples = list(dataset)
    assert [example["name"].numpy().decode() for example in examples] == EM128["train"]
    assert examples[0]["image"].shape == (128, 128, 1) and bool(examples[0]["labelled"])
    assert (examples[0]["image"] == files.pixels("img/img000-0.png", 128, 128, 1)).numpy().all()
    # What others expect of a dataset: pairs, slices of splits, its facts.
    pairs, info = tfds.load(
        "em128", split="train[:50%]", data_dir=tmp_path / "tfds", as_supervised=True, with_info=True
    )
    (image, mask), *_ = pairs
    assert len(pairs) == 1 and image.shape == mask.shape == (128, 128, 1) and set(np.unique(mask)) <= {0, 1}
    assert info.splits["train"].num_examples == len(EM128["train"]) and info.supervised_keys == ("image", "mask")


def test_plain_tfds_says_what_to_put_into_manual_dir(tmp_path):
    with pytest.raises(AssertionError, match=r"instructions:\nDRIVE128: DRIVE as published \(training/images"):
        tfds.load("drive128", data_dir=tmp_path / "tfds", try_gcs=False)


@pytest.mark.parametrize(
    "name", ["crackforest", "crack500", "gaps384", "mitroad", "em128", "drive128", "drive", "isbi_em"]
)
def test_other_layouts_and_missing_folders_are_named(name, tmp_path, cache):
    with pytest.raises(UserError, match="Fix: get "):
        load_dataset(name, tmp_path, cache_dir=cache)
    with pytest.raises(UserError, match="--data-dir: expected the folder of .*found no folder"):
        load_dataset(name, tmp_path / "none", cache_dir=cache)
    if name != "crackforest":  # that one would be downloaded
        with pytest.raises(UserError, match="--data-dir: .*found none given"):
            load_dataset(name, None, cache_dir=cache)


def test_options_are_checked(cache):
    with pytest.raises(UserError) as error:
        load_dataset("synthetic", cache_dir=cache, options={"trian": 3, "train": "many"})
    assert "data.options.trian: expected one of train, " in error.value.lines[0]
    assert "data.options.train: expected int such as 160, found 'many'" in error.value.lines[1]
