import shutil

import numpy as np
import pytest
import tifffile

from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.verify import verify
from semicurv_tf.errors import UserError
from semicurv_tf.pictures.dataset_preview import preview


def _split_folder(files):
    for split, count, first in (("train", 3, 0), ("valid", 1, 8), ("test", 2, 16)):
        for number in range(count):
            files.photo(f"{split}/{number}.png")
            mask = np.zeros((32, 32), np.uint8)
            mask[:, :8] = 255
            files.save(f"{split}_mask/{number}.png", np.roll(mask, first + number, axis=1))


def test_sound_folder(files):
    _split_folder(files)
    seen = []
    report = verify("folder", files.root, on_source=lambda: seen.append(1))
    assert report.errors == () and report.warnings == () and len(seen) == 6
    assert [(row.split, row.images, row.labelled, row.sizes) for row in report.splits] == [
        ("train", 3, 3, "32x32"), ("validation", 1, 1, "32x32"), ("test", 2, 2, "32x32")
    ]  # fmt: skip
    assert report.splits[0].positive_percent == 25.0 and report.splits[0].no_data_percent == 0.0


def test_leak_between_training_and_test_is_an_error(files):
    _split_folder(files)
    shutil.copy(files.root / "train/1.png", files.root / "test/0.png")
    shutil.copy(files.root / "train/1.png", files.root / "train/2.png")
    report = verify("folder", files.root)
    assert len(report.errors) == 1
    assert "same image under 3 names: train/1 (train), train/2 (train), test/0 (test)" in report.errors[0]


def test_oddities_are_warnings(files):
    _split_folder(files)
    files.mask("train_mask/0.png", columns=0)
    shutil.copy(files.root / "train/1.png", files.root / "train/2.png")
    files.save("valid/0.png", np.full((32, 32, 3), 9, np.uint8))
    files.mask("valid_mask/0.png", columns=31)
    files.mask("train_mask/2.png", columns=5)
    files.photo("test/u.png")
    report = verify("folder", files.root)
    assert report.errors == ()
    text = "\n".join(report.warnings)
    assert "same image under 2 names: train/1 (train), train/2 (train)" in text
    assert "train: 1 of 3 empty masks: train/0" in text
    assert "validation: 1 of 1 images of one value: validation/0" in text
    assert "validation: 96.9 % of the pixels are positive; inverted masks?" in text
    assert report.splits[2].labelled == 2 and report.splits[2].images == 3


def test_all_faulty_files_and_what_follows_from_them(files):
    _split_folder(files)
    for number in range(3):
        (files.root / f"train/{number}.png").write_bytes(b"broken")
    files.mask("test_mask/1.png", 20, 20)
    report = verify("folder", files.root)
    assert len(report.errors) == 5
    assert "train: expected at least one image with a mask" in report.errors[-1]
    assert sum("found damage" in line for line in report.errors) == 3


def test_empty_training_masks_grey_images_and_copied_masks(files):
    for split in ("train", "test"):
        for number in range(2):
            files.photo(f"{split}/{number}.png", channels=1)
            files.mask(f"{split}_mask/{number}.png", columns=0 if split == "train" else 5)
    report = verify("folder", files.root)
    assert len(report.errors) == 1 and "found all masks empty" in report.errors[0]
    assert any("all images are grey" in line for line in report.warnings)
    assert any("same mask for 2 different images: test/0, test/1" in line for line in report.warnings)


def test_windows_of_one_tile_in_two_splits(files):
    for split in ("train", "test"):
        files.save(f"{split}/sat/7_15.tiff", files.pixels(split, 64, 64))
        files.mask(f"{split}/map/7_15.tif", 64, 64)
    report = verify("mitroad", files.root, options={"window": 32})
    assert any(line.startswith("7_15: windows of one image in test and train") for line in report.errors)
    assert any("published are 6880 train/1215 validation/440 test" in line for line in report.warnings)


def test_unlabelled_folder_is_read_too(files):
    _split_folder(files)
    files.text("more/broken.png", "no image")
    report = verify("folder", files.root, unlabelled_dir=files.root / "more")
    assert len(report.errors) == 1 and "more/broken.png" in report.errors[0]


def test_preview_paints_masks_red(files, cache, tmp_path):
    from PIL import Image

    _split_folder(files)
    files.save("train/0.png", np.full((32, 32, 3), 60, np.uint8))
    files.mask("train_mask/0.png", columns=8)
    dataset = load_dataset("folder", files.root, cache_dir=cache)
    sheet = np.asarray(Image.open(preview(dataset, tmp_path / "deep" / "sheet.png")), int)
    # 6 pairs in 2 rows of 3; 8 of 32 columns of the first right-hand picture are reddened
    assert sheet.shape == (2 * (192 + 14 + 4), 3 * (2 * 192 + 6), 3)
    reddened = (sheet[..., 0] > sheet[..., 1] + 100) & (sheet[..., 0] > sheet[..., 2] + 100)
    # shown at 192 pixels: columns 194 to 241 of the sheet
    assert reddened[14:206, 194:242].all() and not reddened[14:206, :194].any()
    assert not reddened[14:206, 242:386].any()
    with pytest.raises(UserError, match="below.png: cannot be written.*Fix:"):
        preview(dataset, tmp_path / "deep" / "sheet.png" / "below.png")


def test_preview_shows_labelled_images_first():
    from semicurv_tf.pictures.dataset_preview import _chosen

    # Images with a mask at 2, 5 and 9 of ten.
    labelled = [index in (2, 5, 9) for index in range(10)]
    assert _chosen(labelled, 2) == [2, 9] and _chosen(labelled, 3) == [2, 5, 9]
    assert _chosen(labelled, 5) == [2, 5, 9, 1, 7] and _chosen([False] * 4, 2) == [1, 3]
    assert sorted(_chosen(labelled, 99)) == list(range(10))


def mosaic(files, name, blank, colour=255, line=8):
    """A photograph whose right part is blank, and a mask whose line runs through both."""
    image = files.pixels(name, 96, 64)
    image[:, 96 - blank :] = colour
    files.save(f"train/{name}.png", image)
    mask = np.zeros((64, 96), np.uint8)
    mask[20 : 20 + line] = 255
    files.save(f"train_mask/{name}.png", mask)


def test_masks_that_go_on_where_the_image_is_blank_are_told_with_a_remedy(files):
    for name in ("a", "b"):
        mosaic(files, name, blank=48)
    mosaic(files, "c", blank=0)
    files.photo("test/t.png", 96, 64)
    files.mask("test_mask/t.png", 96, 64)
    (line,) = (text for text in verify("folder", files.root).warnings if "blank" in text)
    assert line == (
        "2 masks go on where the image is blank (253-255), with 50 % of the foreground: train/a, train/b. "
        "Fix, to leave such pixels out: --set data.options.no_data=253-255 for dataset folder"
    )
    report = verify("folder", files.root, options={"no_data": "253-255"})
    assert not any("blank" in text for text in report.warnings)
    assert report.splits[0].no_data_percent == pytest.approx(100 / 3)


def test_a_constant_that_squeezes_the_image_is_told_in_place_of_blank_parts(files):
    image = np.linspace(0, 200, 64 * 96).reshape(64, 96).astype(np.float32)
    image[:, 72:] = -9999  # and all else becomes 250 to 255
    mask = np.zeros((64, 96), np.uint8)
    mask[20:28] = 255
    for name in ("a", "b"):
        files.save(f"train_mask/{name}.png", mask)
        (files.root / "train").mkdir(exist_ok=True)
        tifffile.imwrite(files.root / "train" / f"{name}.tif", image)
    warnings = verify("folder", files.root).warnings
    (line,) = (text for text in warnings if "-9999 on" in text)
    assert "and 1 more: -9999 on 25 % of the pixels" in line and "gdal_edit.py -a_nodata -9999 " in line
    assert not any("data.options.no_data" in text for text in warnings)


@pytest.mark.parametrize(
    "blank, colour, line, told",
    [
        (48, 0, 8, True),  # black
        (48, 200, 8, False),  # one colour, but not that of nothing
        (12, 255, 8, False),  # less than a block
        (48, 255, 64, False),  # white is what the mask shows
    ],
)
def test_which_blanks_are_told(files, blank, colour, line, told):
    mosaic(files, "a", blank, colour, line)
    files.photo("test/t.png", 96, 64)
    files.mask("test_mask/t.png", 96, 64)
    assert any("is blank" in text for text in verify("folder", files.root).warnings) == told


@pytest.mark.parametrize("given", [0, "0", "0-2"])
def test_pixels_without_data_are_neither_valid_nor_foreground(files, cache, given):
    """YAML reads 0 as a number."""
    _split_folder(files)
    image = files.pixels("x", 32, 32)
    image[:, :4] = 0
    files.save("train/1.png", image)
    files.save("../more/u.png", image)
    more = files.root.parent / "more"
    dataset = load_dataset("folder", files.root, options={"no_data": given}, unlabelled_dir=more, cache_dir=cache)
    assert not dataset.train.read(len(dataset.train) - 1)["valid"][:, :4].any()
    example = dataset.train.read(dataset.train.names.index("train/1"))
    assert not example["valid"][:, :4].any() and not example["mask"][:, :4].any()
    assert example["valid"][:, 4:].all()


def test_a_range_of_no_values_is_refused(files):
    _split_folder(files)
    with pytest.raises(UserError, match="data.options.no_data: white: expected .* Fix: --set data.options.no_data="):
        verify("folder", files.root, options={"no_data": "white"})


def test_a_folder_that_is_not_there_is_the_users(tmp_path):
    for given, found in ((tmp_path / "none", "no folder .*none"), (None, "none given")):
        with pytest.raises(UserError, match=f"expected the folder of your images, found {found}. Fix: name the folder"):
            load_dataset("folder", given, cache_dir=tmp_path / "cache")
