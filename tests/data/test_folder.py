"""A user's own folder: layouts, formats, splits, and what cannot be placed."""

import numpy as np
import pytest

from semicurv_tf.data.folder_layout import read_layout
from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.split import split_by_name
from semicurv_tf.errors import UserError


def _load(files, cache, **options):
    return load_dataset("folder", files.root, cache_dir=cache, options=options)


def test_masks_for_some_formats_mixed_sizes_and_sub_folders(files, cache):
    files.photo("images/a.jpg", 40, 30)
    files.photo("images/deep/er/b.png", 32, 50)
    files.photo("images/c.tif", channels=1)
    files.photo("images/späte Straße.bmp")
    files.mask("masks/a.png", 40, 30)
    files.mask("masks/deep/er/b_mask.tif", 32, 50, high=1)
    dataset = _load(files, cache)
    known = dict(zip(dataset.train.names, dataset.train.labelled))
    assert known == {"a": True, "deep/er/b": True, "c": False, "späte Straße": False}
    assert dataset.train.shapes[dataset.train.names.index("deep/er/b")] == (50, 32, 3)
    grey = dataset.train.read(dataset.train.names.index("c"))
    assert (grey["image"] == files.pixels("images/c.tif", channels=1)).all() and grey["mask"].sum() == 0
    jpeg = dataset.train.read(dataset.train.names.index("a"))
    assert jpeg["image"].shape == (30, 40, 3) and jpeg["mask"].sum() == 4 * 30


def test_seeded_split_of_the_labelled_images(files, cache):
    for number in range(10):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png")
    files.photo("images/u.png")
    dataset = _load(files, cache, validation_share=0.2, test_share=0.3)
    split = split_by_name(list(map(str, range(10))), 0.2, 0.3, 0)
    assert dataset.train.names == (*split["train"], "u")
    assert dataset.validation.names == tuple(split["validation"]) and dataset.test.names == tuple(split["test"])
    exact = _load(files, cache, validation_share=0.2, test_share=0.3, split_by="share")
    assert (len(exact.train), len(exact.validation), len(exact.test)) == (6, 2, 3)
    names = {*dataset.train.names, *dataset.validation.names, *dataset.test.names}
    assert names == {"u", *map(str, range(10))}
    with pytest.raises(UserError, match="validation_share, test_share"):
        _load(files, cache, validation_share=0.5, test_share=0.5)
    with pytest.raises(UserError, match="data.options.split_by: expected name or share, found 'size'"):
        _load(files, cache, split_by="size")


def test_split_lists(files, cache):
    for number in range(5):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png")
    files.photo("images/u.png")
    files.text("splits/train.txt", "0", "1.png", "")
    files.text("splits/val.txt", "2")
    files.text("splits/test.txt", "3")
    dataset = _load(files, cache)
    assert dataset.train.names == ("0", "1", "u")
    assert dataset.validation.names == ("2",) and dataset.test.names == ("3",)
    assert any(
        "1 image with a mask in no list of train, val and test, left out: 4" in line for line in dataset.warnings
    )
    files.text("splits/test.txt", "3", "0", "nobody")
    with pytest.raises(UserError) as error:
        _load(files, cache)
    assert "found '0' listed for train as well" in error.value.lines[0]
    assert "found 'nobody', which is none" in error.value.lines[1]


@pytest.mark.parametrize(
    "image, mask",
    [("{}/{}.jpg", "{}_lab/{}.png"), ("{}_img/{}.jpg", "{}_lab/{}_mask.png"),
     ("{}/images/{}.jpg", "{}/masks/{}.png"), ("{}crop/{}.jpg", "{}crop/{}.png")],
)  # fmt: skip
def test_folders_per_split(files, cache, image, mask):
    for split, count in (("train", 3), ("valid", 1), ("test", 2)):
        for number in range(count):
            files.photo(image.format(split, number))
            files.mask(mask.format(split, number))
    files.photo(image.format("train", "alone"))
    dataset = _load(files, cache)
    assert dataset.train.names == ("train/0", "train/1", "train/2", "train/alone")
    assert dataset.train.labelled == (True, True, True, False)
    assert (len(dataset.validation), len(dataset.test)) == (1, 2)
    assert dataset.test.read(0)["mask"].sum() == 4 * 32


def test_mask_options(files, cache):
    for number in range(3):
        files.photo(f"images/{number}.png")
        soft = np.zeros((32, 32), np.uint8)
        soft[:, :4], soft[:, 4:6] = 200, 100
        files.save(f"masks/{number}.png", soft)
    sums = {
        _load(files, cache, test_share=0.0, validation_share=0.0, **options).train.read(0)["mask"].sum()
        for options in ({"mask_threshold": 127}, {"mask_value": 200})
    }
    assert sums == {4 * 32}
    inverted = _load(files, cache, mask_value=100, mask_invert=True, test_share=0.0)
    assert inverted.train.read(0)["mask"].sum() == 30 * 32
    with pytest.raises(UserError, match="expected one of them, found both"):
        _load(files, cache, mask_value=1, mask_threshold=1)
    with pytest.raises(UserError, match="a number of bands up to 64, found 0"):
        _load(files, cache, channels=0)


def test_unlabelled_images_from_a_second_folder(files, cache, tmp_path):
    for number in range(2):
        files.photo(f"own/images/{number}.png", channels=3)
        files.mask(f"own/masks/{number}.png")
    files.photo("roads/monday/7.jpg", 64, 48)
    files.photo("roads/8.png", channels=1)
    dataset = load_dataset(
        "folder", files.root / "own", cache_dir=cache, unlabelled_dir=files.root / "roads",
        options={"validation_share": 0.0, "test_share": 0.0},
    )  # fmt: skip
    assert dataset.train.labelled == (True, True, False, False)
    assert dataset.train.shapes[2:] == ((32, 32, 3), (48, 64, 3))
    assert (dataset.train.read(2)["image"] == files.pixels("roads/8.png", channels=1)).all()
    with pytest.raises(UserError, match="--unlabelled-dir"):
        load_dataset("folder", files.root / "own", cache_dir=cache, unlabelled_dir=tmp_path / "none")


def test_what_cannot_be_placed_is_named(files):
    files.photo("images/a.png")
    files.photo("images/a.jpg")
    files.mask("masks/b.png")
    faults = read_layout(files.root).faults
    assert len(faults) == 2
    assert "images/a.png: expected one file per stem, found a.jpg as well" in faults[0]
    assert "masks/b.png: expected an image of the same stem" in faults[1]
    files.mask("masks/c.png")
    faults = read_layout(files.root).faults
    assert len(faults) == 2 and f"2 masks ({files.root}/masks/b.png, {files.root}/masks/c.png): expected" in faults[1]


def test_loops_of_links_end_and_broken_links_are_named(files, cache):
    for number in range(3):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png")
    (files.root / "images/again").symlink_to(files.root / "images")
    (files.root / "images/ring.png").symlink_to(files.root / "images/ring.png")
    (files.root / "images/gone.png").symlink_to(files.root / "nowhere.png")
    with pytest.raises(UserError) as error:
        _load(files, cache)
    assert len(error.value.lines) == 2
    assert "gone.png: expected an image file, found none" in error.value.lines[0]
    assert "ring.png" in error.value.lines[1]


def test_empty_folder_and_unknown_layout(tmp_path):
    with pytest.raises(UserError, match="expected images, images/ and masks/"):
        read_layout(tmp_path)
    (tmp_path / "images").mkdir()
    with pytest.raises(UserError, match="found no image"):
        read_layout(tmp_path)


PUBLISHED = {
    "drive": (
        "training/images/21_training.tif",
        "training/1st_manual/21_manual1.gif",
        "test/1st_manual/01_manual1.gif",
    ),
    "drive128": ("training/images/21_training.tif", "training/1st_manual/21_manual1.gif"),
    "gaps384": ("croppedimg/train_1.jpg", "croppedgt/train_1.png"),
    "mitroad": ("train/sat/a.tiff", "train/map/a.tif", "test/sat/b.tiff"),
    "em128": ("train-volume.tif", "train-labels.tif"),
    "crack500": ("traincrop/traincrop/a.jpg", "valcrop/valcrop/b.jpg", "testcrop/testcrop/c.jpg"),
}


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_a_published_dataset_is_one_line_with_what_reads_it(files, cache, dataset):
    for path in PUBLISHED[dataset]:
        (files.photo if path.endswith("jpg") else files.mask)(path)
    with pytest.raises(UserError) as refused:
        _load(files, cache)
    (line,) = refused.value.lines
    assert line.startswith(f"{files.root}: expected images and masks of the same stems, found ")
    assert f" as published. Fix: --dataset {dataset} --data-dir {files.root} in place of the folder" in line


def test_a_split_of_a_published_dataset_and_an_archive_around_it(files, cache):
    for path in PUBLISHED["mitroad"]:
        files.mask(f"roads/{path}")
    for folder in (files.root, files.root / "roads" / "train"):
        with pytest.raises(UserError, match=f"Fix: --dataset mitroad --data-dir {files.root / 'roads'} in place"):
            load_dataset("folder", folder, cache_dir=cache)


def test_crackforest_without_its_masks_is_told_and_read(files, cache):
    files.photo("image/001.jpg")
    files.text("groundTruth/001.mat", "")
    dataset = _load(files, cache)
    assert dataset.train.names == ("001",)
    assert any("no mask of it is read here: it is CrackForest" in line for line in dataset.warnings), dataset.warnings


def test_faults_of_a_folder_that_has_a_published_dataset_inside_are_its_own(files, cache):
    files.photo("images/a.png")
    files.mask("masks/b.png")
    for path in PUBLISHED["gaps384"]:
        files.mask(f"other/{path}")
    with pytest.raises(UserError, match="masks/b.png: expected an image of the same stem"):
        _load(files, cache)
