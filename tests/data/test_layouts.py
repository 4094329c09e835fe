"""Folders as people have them: names of folders and masks, lists, Unicode, formats; nothing passed over in silence."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.data.folder_layout import MASK_ENDINGS, read_layout
from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.verify import verify
from semicurv_tf.errors import UserError
from semicurv_tf.images.provenance import KEYWORD
from semicurv_tf.whole_files import write_json, write_png


def pairs(files) -> dict:
    layout = read_layout(files.root)
    assert layout.faults == []
    return {name: mask and mask.name for name, (_, mask) in layout.pairs.items()}


@pytest.mark.parametrize(
    "end", ["_mask", "_masks", "_label", "_labels", "_lab", "_gt", "_GT", "_1stHO", "_seg", "_Mask", "_SEG"]
)
def test_endings_of_masks_in_any_case(files, end):
    files.photo("images/Photo 1.jpg")
    files.mask(f"masks/Photo 1{end}.png")
    assert pairs(files) == {"Photo 1": f"Photo 1{end}.png"}


@pytest.mark.parametrize("end", ["_mask", "_GT", "_1stHO", "_seg"])
@pytest.mark.parametrize("folder", ["train", "images", "."])
def test_endings_of_masks_side_by_side(files, end, folder):
    for number in range(2):
        files.photo(f"{folder}/r{number}.jpg")
        files.mask(f"{folder}/r{number}{end}.png")
    files.photo(f"{folder}/alone.png")
    found = {name.split("/")[-1]: mask for name, mask in pairs(files).items()}
    assert found == {"r0": f"r0{end}.png", "r1": f"r1{end}.png", "alone": None}


@pytest.mark.parametrize("folder", ["train", "images", "."])
def test_masks_of_a_second_observer_are_no_photographs(files, folder):
    files.photo(f"{folder}/Image_01L.jpg")
    for end in ("_1stHO", "_2ndHO"):
        files.mask(f"{folder}/Image_01L{end}.png")
    files.photo(f"{folder}/Image_01R.jpg")
    files.mask(f"{folder}/Image_01R_2ndHO.png")  # the only one
    found = {name.split("/")[-1]: mask for name, mask in pairs(files).items()}
    assert found == {"Image_01L": "Image_01L_1stHO.png", "Image_01R": "Image_01R_2ndHO.png"}
    assert "1 mask of a second observer passed over (Image_01L_2ndHO.png)" in str(read_layout(files.root).notes)


@pytest.mark.parametrize("folder", ["1st_manual", "manual1"])
def test_vessels_drawn_by_hand_are_the_masks_and_not_the_field_of_view(files, folder):
    files.photo("images/01_dr.jpg")
    files.mask(f"{folder}/01_dr.tif")
    files.mask("mask/01_dr_mask.tif")
    assert pairs(files) == {"01_dr": "01_dr.tif"}
    (note,) = read_layout(files.root).notes
    assert note.endswith(f"mask: 1 image passed over, as {folder}/ is read")


def test_an_overlay_among_masks_is_left_out(files):
    files.photo("images/a.png")
    files.mask("masks/a.png")
    mark = (KEYWORD, f"{KEYWORD}: 9 bytes, modified 9 ns")
    write_png(files.root / "masks/a.overlay.png", np.zeros((48, 64, 3), np.uint8), mark)
    assert pairs(files) == {"a": "a.png"}
    (note,) = read_layout(files.root).notes
    assert "1 file that semicurv-tf predict wrote left out (a.overlay.png)" in note


def test_a_photograph_whose_name_ends_like_a_mask_is_one_where_nothing_belongs_to_it(files):
    files.photo("images/gas_mask.png")
    assert pairs(files) == {"gas_mask": None}
    assert MASK_ENDINGS[0] == ""


@pytest.mark.parametrize(
    "images, masks", [("images", "masks"), ("image", "label"), ("img", "gt"), ("Images", "Labels"), ("imgs", "mask")]
)
def test_names_of_the_two_folders(files, images, masks):
    files.photo(f"{images}/a.png")
    files.mask(f"{masks}/a.png")
    assert pairs(files) == {"a": "a.png"}


def test_sub_folders_of_the_names_of_splits_are_the_split(files, cache):
    for split in ("train", "val", "test"):
        for number in range(2):
            files.photo(f"images/{split}/{number}.png")
            files.mask(f"masks/{split}/{number}.png", columns=3 + number)
    dataset = load_dataset("folder", files.root, cache_dir=cache)
    assert dataset.train.names == ("train/0", "train/1")
    assert dataset.validation.names == ("val/0", "val/1") and dataset.test.names == ("test/0", "test/1")


def test_a_split_below_the_folders_of_sites_is_the_split(files):
    for site in ("north", "south"):
        for split in ("train", "val", "test"):
            files.photo(f"images/{site}/{split}/0.png")
            files.mask(f"masks/{site}/{split}/0.png")
    files.photo("images/more/0.png")  # unlabelled
    layout = read_layout(files.root)
    assert layout.splits == {
        "train": ["more/0", "north/train/0", "south/train/0"],
        "validation": ["north/val/0", "south/val/0"],
        "test": ["north/test/0", "south/test/0"],
    }
    files.photo("images/west/0.png")
    files.mask("masks/west/0.png")
    layout = read_layout(files.root)
    assert layout.splits is None and layout.faults == []
    (note,) = layout.notes
    assert (
        "4 labelled images in folders named val or test (north/test/0, north/val/0" in note and "not held out" in note
    )


def split_in_folders(files) -> None:
    for split, number in (("train", 0), ("train", 1), ("val", 2)):
        files.photo(f"images/{split}/{number}.png")
        files.mask(f"masks/{split}/{number}.png")


def test_unlabelled_images_beside_the_folders_of_a_split_are_training_images(files):
    split_in_folders(files)
    files.photo("images/extra/e.png")
    files.photo("images/loose.png")
    layout = read_layout(files.root)
    assert layout.faults == [] and {name: set(names) for name, names in layout.splits.items()} == {
        "train": {"train/0", "train/1", "extra/e", "loose"}, "validation": {"val/2"}, "test": set(),
    }  # fmt: skip


@pytest.mark.parametrize("held_out", ["val", "test"])
@pytest.mark.parametrize("train", ["train", "site"])
def test_labelled_images_beside_the_folders_of_a_split_are_one_fault(files, held_out, train):
    for name in (f"{train}/0", f"{held_out}/1", "extra/e", "loose"):
        files.photo(f"images/{name}.png")
        files.mask(f"masks/{name}.png")
    (fault,) = read_layout(files.root).faults
    elsewhere = 2 if train == "train" else 3
    assert f"{held_out}/" in fault and f" are, found {elsewhere} elsewhere (" in fault
    assert "loose" in fault and "Fix: move them" in fault


@pytest.mark.parametrize("folders", [["train", "site"], ["test"], ["site", "other"]])
def test_folders_that_hold_nothing_out_are_no_split(files, folders):
    for folder in folders:
        files.photo(f"images/{folder}/0.png")
        files.mask(f"masks/{folder}/0.png")
    layout = read_layout(files.root)
    assert layout.splits is None and layout.faults == []


def four_pairs(files, images="images", masks="masks", end="") -> None:
    for name in ("c0", "sub/C1", "ä", "d"):
        name = name.split("/")[-1] if images == "." else name
        files.photo(f"{images}/{name}.png")
        files.mask(f"{masks}/{name}{end}.png")


@pytest.mark.parametrize("lists", ["splits/{}.txt", "{}.txt", "Splits/../{}.TXT"])
def test_lists_name_images_as_people_write_them(files, lists):
    four_pairs(files)
    (files.root / "Splits").mkdir()
    files.text(lists.format("training"), "images/c0.png", '"sub\\c1.PNG"')
    files.text(lists.format("val"), unicodedata.normalize("NFD", "./Images/ä.png"))
    layout = read_layout(files.root)
    assert layout.faults == []
    assert layout.splits == {"train": ["c0", "sub/C1"], "validation": ["ä"], "test": []}
    assert layout.notes == [
        f"{files.root}: 1 image with a mask in no list of train, val and test, left out: d"
    ]  # fmt: skip


def test_names_that_only_case_tells_apart_are_not_mixed_up(files):
    for name in ("a", "A"):
        files.photo(f"images/{name}.png")
    files.photo("images/Bb.png")
    files.text("splits/train.txt", "a.PNG", "A", "bb")
    files.photo("images/bB.png")
    layout = read_layout(files.root)
    assert layout.splits["train"][:2] == ["a", "A"]
    assert [line for line in layout.faults if "found 'bb', which is none" in line] == layout.faults != []


def test_lists_of_a_flat_folder_are_the_split(files):
    four_pairs(files, ".", ".", "_mask")
    files.text("train.txt", "c0", "C1")
    files.text("test.txt", "ä", "d")
    layout = read_layout(files.root)
    assert layout.splits == {"train": ["c0", "C1"], "validation": [], "test": ["ä", "d"]}
    assert layout.faults == [] and layout.notes == []


def test_lists_that_are_not_read_are_told(files):
    four_pairs(files)
    files.text("test.txt", "these images", "show cracks")
    layout = read_layout(files.root)
    assert layout.splits is None and layout.faults == []
    assert layout.notes == [
        f"{files.root / 'test.txt'}: passed over as a list of images: none of its 2 lines names one"
    ]  # fmt: skip
    files.text("splits/fold0.txt", "c0")
    (fault,) = read_layout(files.root).faults
    assert "splits: expected lists named train.txt, val.txt and test.txt, found fold0.txt. Fix: rename" in fault
    files.text("splits/train.txt", "c0", "x", "y")
    layout = read_layout(files.root)
    (fault,) = layout.faults
    assert "splits/train.txt: expected names of images, found 2 lines that name none: x, y. Fix: remove" in fault
    assert any(note.endswith("splits: 1 file passed over: fold0.txt") for note in layout.notes)
    assert any("1 list passed over, as splits/ holds lists: test.txt" in note for note in layout.notes)


def test_lists_beside_folders_per_split_are_told(files):
    for split in ("train", "test"):
        files.photo(f"{split}/images/0.png")
        files.mask(f"{split}/masks/0.png")
    files.text("train.txt", "0")
    assert read_layout(files.root).notes == [
        f"{files.root}: 1 list passed over, as the folders are the split: train.txt"
    ]  # fmt: skip


def test_what_a_folder_holds_out_is_not_trained_on_for_want_of_a_line(files):
    split_in_folders(files)
    files.photo("images/val/u.png")
    files.text("splits/test.txt", "train/1")
    layout = read_layout(files.root)
    assert layout.splits == {"train": ["train/0"], "validation": [], "test": ["train/1"]}
    assert [note for note in layout.notes if "2 images in a folder named val or test in no list" in note]


def test_names_are_compared_in_one_unicode_form(files):
    name = "Brücke é"
    files.photo(f"images/{unicodedata.normalize('NFC', name)}.png")
    files.mask(f"masks/{unicodedata.normalize('NFD', name)}.png")
    files.text("splits/train.txt", unicodedata.normalize("NFD", name))
    (found,) = pairs(files).items()
    assert found[0] == unicodedata.normalize("NFC", name) and found[1] is not None
    assert read_layout(files.root).splits["train"] == [unicodedata.normalize("NFC", name)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lists_in_every_encoding(files, encoding, end):
    for number in range(2):
        files.photo(f"images/sub/ä{number}.png")
    (files.root / "splits").mkdir()
    lines = end.join(["sub/ä0.png", "", "sub\\ä1", ""])
    (files.root / "splits" / "train.txt").write_bytes(lines.encode(encoding))
    layout = read_layout(files.root)
    assert layout.faults == [] and layout.splits["train"] == ["sub/ä0", "sub/ä1"]


def test_a_list_of_other_bytes_is_one_line(files):
    files.photo("images/a.png")
    (files.root / "splits").mkdir()
    (files.root / "splits" / "train.txt").write_bytes("Straße".encode("cp1252"))
    with pytest.raises(
        UserError, match=r"train\.txt: expected a list of names as UTF-8 or UTF-16 text.*Fix: save it as UTF-8"
    ):
        read_layout(files.root)


@pytest.mark.parametrize("suffix", ["jfif", "ppm", "pgm", "jp2", "jpe"])
def test_further_formats_are_read(files, cache, suffix):
    files.photo(
        f"images/a.{suffix}", channels=1 if suffix == "pgm" else 3, **({"format": "JPEG"} if suffix == "jpe" else {})
    )
    files.mask("masks/a.ppm")
    dataset = load_dataset("folder", files.root, cache_dir=cache)
    assert dataset.train.labelled == (True,)
    if suffix in ("ppm", "pgm"):
        assert (
            dataset.train.read(0)["image"] == files.pixels(f"images/a.{suffix}", channels=1 if suffix == "pgm" else 3)
        ).all()


def test_what_is_passed_over_is_counted_by_reason(files):
    files.photo("images/a.png")
    files.mask("masks/a.png")
    for name in (
        "images/b.xyz",
        "images/c.xyz",
        "masks/b.json",
        "images/a.pgw",
        "images/Thumbs.db",
        "images/a.png.aux.xml",
    ):
        files.text(name, "x")
    notes = read_layout(files.root).notes
    assert any(note.endswith("images: 2 files passed over: 2 .xyz") for note in notes)
    assert any("masks: 1 file passed over: 1 .json (an annotation is no image" in note for note in notes)
    report = verify("folder", files.root)
    assert any("2 .xyz" in line for line in report.warnings)


def test_masks_that_differ_across_files_are_named(files):
    for number, high in enumerate((1, 255, 2)):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png", high=high)
    (line,) = [line for line in verify("folder", files.root).warnings if "masks differ" in line]
    assert "foreground in 2 (" in line and "value 2 in 1 (2)" in line and "mask_value=V" in line
    files.mask("masks/2.png", high=1, columns=5)
    assert not [line for line in verify("folder", files.root).warnings if "masks differ" in line]


def test_masks_of_sideways_photographs_are_turned_alike_and_said(files):
    exif = Image.Exif()
    exif[0x0112] = 6
    files.photo("images/a.jpg", exif=exif)
    files.mask("masks/a.png")
    report = verify("folder", files.root)
    assert any("turned by their orientation tag" in line and ": a." in line for line in report.warnings)


def test_pixels_without_data_are_neither_trained_nor_counted(files, cache):
    rasterio = pytest.importorskip("rasterio")
    bands = np.full((3, 40, 40), 200, np.uint8)
    bands[:, :, :10] = 0
    (files.root / "images").mkdir(parents=True)
    with rasterio.open(
        files.root / "images" / "a.tif", "w", driver="GTiff", height=40, width=40, count=3, dtype="uint8", nodata=0,
        crs="EPSG:32633", transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6),
    ) as file:  # fmt: skip
        file.write(bands)
    files.mask("masks/a.png", 40, 40, columns=20)
    dataset = load_dataset("folder", files.root, cache_dir=cache)
    read = dataset.train.read(0)
    assert read["valid"][..., 0].tolist() == [[0] * 10 + [1] * 30] * 40
    mean, deviation = dataset.statistics()
    assert mean.tolist() == [200, 200, 200] and deviation.tolist() == [1, 1, 1]
    assert verify("folder", files.root).splits[0].no_data_percent == 25


@pytest.mark.parametrize("bands", [4, 5])
def test_more_than_three_bands_are_stored_as_they_are(files, cache, bands):
    tifffile = pytest.importorskip("tifffile")
    (files.root / "images").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, bands), np.uint8)
    extra = ["unspecified"] * (bands - 1)
    tifffile.imwrite(
        files.root / "images" / "a.tif", pixels, photometric="minisblack", planarconfig="contig", extrasamples=extra
    )
    files.mask("masks/a.png", 30, 40)
    dataset = load_dataset("folder", files.root, cache_dir=cache, options={"channels": bands})
    assert dataset.channels == bands and dataset.train.shapes == ((40, 30, bands),)
    np.testing.assert_array_equal(dataset.train.read(0)["image"], pixels)
    with pytest.raises(UserError, match=f"a.tif: expected 9 bands, found {bands}"):
        load_dataset("folder", files.root, cache_dir=cache, options={"channels": 9})


def test_the_range_of_wide_values_is_the_folders_and_is_given_again(files, cache):
    for number in range(2):
        values = np.full((32, 32), 600 + 100 * number, np.uint16)
        values[:, 16:] = 650 + 100 * number
        files.save(f"images/{number}.tif", Image.fromarray(values))
        files.mask(f"masks/{number}.png", columns=3 + number)
    dataset = load_dataset("folder", files.root, cache_dir=cache)
    assert dataset.value_range == "uint16=600.0:750.0"
    assert np.unique(dataset.train.read(0)["image"]).tolist() == [0, 85]  # (650 - 600) / 150 * 255
    assert any("values from 600 to 750 stretched to 8 bit, for all images" in line for line in dataset.warnings)
    files.save("images/2.tif", Image.fromarray(np.full((32, 32), 4000, np.uint16)))  # the folder grows
    again = load_dataset("folder", files.root, cache_dir=cache, options={"value_range": dataset.value_range})
    assert np.unique(again.train.read(0)["image"]).tolist() == [0, 85]


def test_a_read_fault_is_never_a_full_disk(files, cache, monkeypatch):
    from semicurv_tf.data.builders import folder

    files.photo("images/a.png")
    files.mask("masks/a.png")

    def broken(path, channels):
        raise OSError("cannot identify image file")

    monkeypatch.setattr(folder, "verbatim", broken)
    with pytest.raises(Exception) as error:
        load_dataset("folder", files.root, cache_dir=cache)
    assert "room to write" not in str(error.value) and "free space" not in str(error.value)


def _predicted(path):
    write_png(path, np.zeros((4, 5), np.uint8), (KEYWORD, f"{KEYWORD}: 9 bytes, modified 9 ns"))


def test_masks_that_predict_wrote_are_told_from_drawn_ones(files):
    for name in ("a", "b", "c"):
        files.photo(f"images/{name}.jpg", format="JPEG")
    files.mask("masks/a.png")
    _predicted(files.root / "masks" / "b.png")
    write_json(files.root / "masks" / "predictions.json", {"model": "0", "threshold": 0.5})
    layout = read_layout(files.root)
    assert [name for name, (_, mask) in layout.pairs.items() if mask] == ["a", "b"] and not layout.faults
    (note,) = layout.notes
    assert "1 of 2 masks were written by semicurv-tf predict" in note and "(b.png)" in note
    assert note.endswith(
        f"Fix: correct and save them (semicurv-tf review {files.root}), or move them to another folder"
    )
    assert any("1 of 2 masks" in line for line in verify("folder", files.root).warnings)
    files.mask("masks/b.png")  # corrected
    assert read_layout(files.root).notes == []


def test_results_beside_photographs(files):
    """As `predict` leaves them with the folder of photographs for --output: masks are told, overlays are no images."""
    for name in ("a", "b"):
        files.photo(f"{name}.jpg", format="JPEG")
        _predicted(files.root / f"{name}.png")
        _predicted(files.root / f"{name}.overlay.png")
    layout = read_layout(files.root)
    assert sorted(layout.pairs) == ["a", "b"] and not layout.faults
    assert any(
        "2 files that semicurv-tf predict wrote left out (a.overlay.png, b.overlay.png)" in note
        for note in layout.notes
    )
    assert any("2 of 2 masks" in note and note.endswith("Fix: move them to another folder") for note in layout.notes)


def test_results_among_images_are_no_images(files):
    files.photo("images/a.jpg", format="JPEG")
    _predicted(files.root / "images" / "a.png")
    layout = read_layout(files.root)
    assert layout.pairs == {"a": (files.root / "images" / "a.jpg", None)} and not layout.faults
    assert "1 file that semicurv-tf predict wrote left out (a.png)" in layout.notes[0]


def test_results_in_a_folder_that_is_not_read_are_no_images_to_move(files):
    files.photo("a.jpg", format="JPEG")
    (files.root / "out").mkdir()
    _predicted(files.root / "out" / "a.png")
    files.photo("out/b.jpg", format="JPEG")
    told = [note.removeprefix(f"{files.root}/") for note in read_layout(files.root).notes]
    assert told[:2] == [
        "out: 1 image passed over, as images lie beside the folder. Fix: use folders images/ and masks/",
        "out: 1 file that semicurv-tf predict wrote left out (a.png)",
    ]


def test_images_below_a_flat_folder_are_counted(files):
    files.photo("a.jpg")
    files.mask("a.png")
    files.photo("more/x.jpg")
    files.photo("more/deep/y.jpg")
    files.photo(".hidden/z.jpg")
    (files.root / "again").symlink_to(files.root)
    layout = read_layout(files.root)
    assert set(layout.pairs) == {"a"} and layout.faults == []
    assert layout.notes == [
        f"{files.root / 'more'}: 2 images passed over, as images lie beside the folder. "
        "Fix: use folders images/ and masks/"
    ]


def test_images_in_further_folders_of_a_kind_are_counted(files):
    for name in ("images/a", "img/b", "img/c", "masks/a", "labels/a", "gt/a"):
        files.mask(f"{name}.png")
    files.text("annotations/a.json", "{}")
    layout = read_layout(files.root)
    assert layout.pairs["a"][1] == files.root / "masks/a.png"
    told = [note.removeprefix(f"{files.root}/") for note in layout.notes]
    assert told == [
        f"{what} passed over, as {read}/ is read. Fix: move them there, or rename the folder"
        for what, read in (("img: 2 images", "images"), ("gt: 1 image", "masks"), ("labels: 1 image", "masks"))
    ]
    told = read_layout(files.root, images_only=True).notes
    assert len(told) == 1 and "img: 2 images passed over" in told[0]


def test_images_beside_the_folders_per_split_are_counted(files):
    for name in ("train/images/a", "train/masks/a", "train/img/b", "unlabelled/c", "unlabelled/d"):
        files.mask(f"{name}.png")
    told = [note.removeprefix(f"{files.root}/").split(".")[0] for note in read_layout(files.root).notes]
    assert told == [
        "unlabelled: 2 images passed over, as the folder names no split",
        "train/img: 1 image passed over, as images/ is read",
    ]
