"""Pixels of unknown label: by the mask's value, by boxes; they count in no labelled loss and no score."""

import numpy as np
import pytest
import tifffile

from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.pipeline import evaluation_batches, training_batches
from semicurv_tf.data.unknown_pixels import labelled_boxes, place_in_boxes
from semicurv_tf.data.verify import verify
from semicurv_tf.errors import UserError

SHARES = {"validation_share": 0, "test_share": 0}


def _values(columns: dict[int, int], size: int = 32, dtype=np.uint8) -> np.ndarray:
    """A mask of zeros with some columns of some values."""
    values = np.zeros((size, size), dtype)
    for column, value in columns.items():
        values[:, column] = value
    return values


def _load(files, cache, **options):
    return load_dataset("folder", files.root, cache_dir=cache, options=SHARES | options)


def _read(dataset, name):
    return dataset.train.read(dataset.train.names.index(name))


def test_255_beside_0_and_1_is_unknown(files, cache):
    files.photo("images/a.png")
    files.save("masks/a.png", _values({0: 1, 1: 1, 2: 255, 3: 255, 4: 255}))
    dataset = _load(files, cache)
    arrays = _read(dataset, "a")
    assert arrays["mask"].sum() == 2 * 32 and arrays["mask"].max() == 1
    assert (arrays["valid"][..., 0] == [1, 1, 2, 2, 2] + 27 * [1]).all()
    assert dataset.train.rows[0]["known"] == 29 * 32
    assert dataset.train.positive_percent() == pytest.approx(100 * 2 / 29)


def test_mask_ignore_names_the_value(files, cache):
    files.photo("images/a.png")
    files.photo("images/b.png")
    files.save("masks/a.png", _values({0: 200, 1: 9}))
    files.save("masks/b.png", _values({0: 200}))
    with pytest.raises(UserError, match="found 3 values: 0, 9, 200"):
        _load(files, cache)
    dataset = _load(files, cache, mask_ignore=9)
    assert (_read(dataset, "a")["valid"][0, :3, 0] == [1, 2, 1]).all()
    assert _read(dataset, "b")["valid"].min() == 1 and _read(dataset, "b")["mask"].sum() == 32
    with_threshold = _load(files, cache, mask_ignore=9, mask_threshold=5)
    assert (_read(with_threshold, "a")["mask"] == _read(dataset, "a")["mask"]).all()
    inverted = _read(_load(files, cache, mask_ignore=9, mask_invert=True), "a")
    assert (inverted["mask"][0, :3, 0] == [0, 0, 1]).all()  # an unknown pixel is never foreground


def test_masks_that_disagree_about_255_are_named(files, cache):
    for name, columns in (("a", {0: 1, 2: 255}), ("b", {0: 255})):
        files.photo(f"images/{name}.png")
        files.save(f"masks/{name}.png", _values(columns))
    with pytest.raises(UserError, match=r"masks/b.png: expected 255 to mean one thing.*0, 1 and 255 in .*masks/a.png"):
        _load(files, cache)
    report = verify("folder", files.root, options=SHARES)
    assert any("expected 255 to mean one thing" in line for line in report.errors)
    dataset = _load(files, cache, mask_ignore=255)  # the fix of the line
    assert _read(dataset, "b")["mask"].sum() == 0 and _read(dataset, "b")["valid"][0, 0, 0] == 2


def test_16_bit_masks_that_disagree_are_named_by_their_value(files, cache):
    for name, columns in (("a", {0: 1, 2: 65535}), ("b", {0: 255}), ("c", {0: 65535})):
        files.photo(f"images/{name}.png")
        files.save(f"masks/{name}.png", _values(columns, dtype=np.uint16))
    report = verify("folder", files.root, options=SHARES)
    (line,) = [line for line in report.errors if "one thing" in line]
    assert "masks/c.png: expected 65535 to mean one thing" in line and "mask_ignore=65535" in line
    (files.root / "masks/c.png").unlink()
    dataset = _load(files, cache)  # 255 beside 0 alone is foreground, whatever 65535 is elsewhere
    assert _read(dataset, "a")["mask"].sum() == 32 and (_read(dataset, "a")["valid"][0, :4, 0] == [1, 1, 2, 1]).all()
    assert _read(dataset, "b")["mask"].sum() == 32 and _read(dataset, "b")["valid"].min() == 1


def test_unknown_is_no_class_of_its_own(files):
    """The look across masks for another class in some of them passes over unknown pixels, whichever comes first."""
    for name, columns in (("a", {0: 255, 2: 1}), ("b", {0: 1}), ("c", {0: 2})):
        files.photo(f"images/{name}.png")
        files.save(f"masks/{name}.png", _values(columns))

    def differing():
        report = verify("folder", files.root, options=SHARES)
        assert report.errors == ()
        return [line for line in report.warnings if "masks differ" in line]

    (line,) = differing()
    assert "foreground in 2 (a, b); value 2 in 1 (c)" in line
    (files.root / "masks/c.png").unlink()
    assert differing() == []


def test_ignored_values_turn_with_a_sideways_photograph(files, cache):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # displayed turned by 90 degrees clockwise: stored column 0 is the first row
    files.photo("images/a.jpg", 40, 32, exif=exif)
    values = np.zeros((32, 40), np.uint8)
    values[:, :2], values[:, 2:5] = 1, 255
    files.save("masks/a.png", values)
    dataset = _load(files, cache)
    arrays = _read(dataset, "a")
    assert arrays["image"].shape[:2] == (40, 32) and dataset.train.rows[0]["on_stored_grid"]
    assert (arrays["mask"][..., 0] == (np.arange(40) < 2)[:, None]).all()
    assert (arrays["valid"][..., 0] == np.array([1, 1, 2, 2, 2] + 35 * [1])[:, None]).all()


def test_pixels_without_data_stay_so_where_the_label_is_unknown(files, cache):
    import tifffile

    pixels = files.pixels("a", 32, 32) | np.uint8(1)
    pixels[:, :4] = 0
    (files.root / "images").mkdir(parents=True)
    tifffile.imwrite(files.root / "images/a.tif", pixels, photometric="rgb", extratags=[(42113, "s", 0, "0", True)])
    files.save("masks/a.png", _values({2: 255, 3: 255, 4: 255, 5: 1}))
    dataset = _load(files, cache)
    assert (_read(dataset, "a")["valid"][0, :7, 0] == [0, 0, 0, 0, 2, 1, 1]).all()
    assert dataset.train.rows[0]["valid"] == 28 * 32 and dataset.train.rows[0]["known"] == 27 * 32


def test_boxes_of_the_table(files, cache):
    files.photo("images/deep/a.png", 40, 32)
    files.mask("masks/deep/a.png", 40, 32, columns=4)
    files.photo("images/b.png")
    files.mask("masks/b.png")
    files.text("labelled_areas.csv", "image,x,y,width,height", "deep/a.png,2,5,10,20", "images\\deep/a,30,0,4,4")
    dataset = _load(files, cache)
    arrays = _read(dataset, "deep/a")
    expected = np.full((32, 40), 2)
    expected[5:25, 2:12] = expected[:4, 30:34] = 1
    assert (arrays["valid"][..., 0] == expected).all()
    assert arrays["mask"].sum() == 2 * 20  # columns 2 and 3 of the box
    row = dataset.train.rows[dataset.train.names.index("deep/a")]
    assert row["known"] == 216 and row["labelled_boxes"] == [[5, 2, 25, 12, 200], [0, 30, 4, 34, 16]]
    assert row["valid"] == 40 * 32  # the image itself is sound everywhere: its mean is of all pixels
    assert "known" not in dataset.train.rows[dataset.train.names.index("b")]


@pytest.mark.parametrize(
    "lines, match",
    [(("image,x,y", "a,0,0"), "expected the columns image,x,y,width,height, found image,x,y"),
     (("image;x;y;width;height", "a;0;0;4;4"), "found image;x;.*Fix: save it with commas for semicolons"),
     (("image,x,y,width,height", "nobody,0,0,4,4"), "line 2: expected an image of the folder, found 'nobody'"),
     (("image,x,y,width,height", "a,0,0,4"), "line 2: expected whole pixels"),
     (("image,x,y,width,height", "a,0.5,0,4,4"), "found 0.5,0,4,4"),
     (("image,x,y,width,height", "a,0,0,0,4"), "width and height from 1"),
     (("image,x,y,width,height", "a,20,0,13,4"), "within a of 32x32 pixels, found 20,0,13,4"),
     (("image,x,y,width,height", "u,0,0,4,4"), "expected images with masks, found u without")],
)  # fmt: skip
def test_faults_of_the_table(files, cache, lines, match):
    files.photo("images/a.png")
    files.mask("masks/a.png")
    files.photo("images/u.png")
    files.text("labelled_areas.csv", *lines)
    with pytest.raises(UserError, match=match):
        _load(files, cache)


def test_a_second_folder_of_images_alone_has_no_labelled_areas(files, cache, tmp_path):
    files.photo("images/a.png")
    files.mask("masks/a.png")
    files.text("labelled_areas.csv", "image,x,y,width,height", "a,0,0,8,8")
    more = type(files)(tmp_path / "more")
    more.photo("images/b.png")
    more.mask("masks/b.png")
    more.text("labelled_areas.csv", "image,x,y,width,height", "b,0,0,8,8", "gone,0,0,8,8")
    dataset = load_dataset("folder", files.root, cache_dir=cache, options=SHARES, unlabelled_dir=more.root)
    assert dataset.train.names == ("a", "b") and dataset.train.labelled == (True, False)
    assert _read(dataset, "a")["valid"].max() == 2 and _read(dataset, "b")["valid"].min() == 1


def test_a_mask_that_knows_nothing_is_a_fault(files, cache):
    files.photo("images/a.png")
    files.save("masks/a.png", _values({}))
    with pytest.raises(UserError, match="a: expected a pixel whose label is known, found none"):
        _load(files, cache, mask_ignore=0)


def test_labelled_boxes_are_the_areas_that_hold_nearly_all():
    known = np.zeros((100, 100), bool)
    known[10:30, 20:60] = known[50:90, 50:90] = known[0, 0] = True
    assert labelled_boxes(known) == [[50, 50, 90, 90, 1600], [10, 20, 30, 60, 800]]
    assert labelled_boxes(~known | known) == [[0, 0, 100, 100, 10000]]


def test_crops_lie_in_a_box_or_hold_it():
    random = np.random.default_rng(0)
    for _ in range(2000):
        size, crop = random.integers(16, 200, 2), random.integers(16, 64, 2)
        top, left = (int(random.integers(0, side)) for side in size)
        bottom, right = int(random.integers(top, size[0])) + 1, int(random.integers(left, size[1])) + 1
        row, column = place_in_boxes([[top, left, bottom, right, 7]], random.random(2), size, crop)
        for begin, low, high, side, length in (
            (row, top, bottom, size[0], crop[0]), (column, left, right, size[1], crop[1]),
        ):  # fmt: skip
            assert 0 <= begin <= max(0, side - length)
            assert min(begin + length, high) - max(begin, low) == min(length, high - low, side)


def test_boxes_are_taken_by_their_size_and_every_place_of_one_is():
    boxes = [[0, 0, 30, 30, 900], [50, 50, 60, 60, 100]]
    random = np.random.default_rng(1)
    tops = [place_in_boxes(boxes, random.random(2), (64, 64), (16, 16))[0] for _ in range(4000)]
    first = [top for top in tops if top <= 14]
    assert set(first) == set(range(15)) and set(tops) - set(first) == set(range(44, 49))  # 64 - 16 is the last row
    assert len(first) / len(tops) == pytest.approx(0.9, abs=0.02)


def test_batches_count_known_pixels_alone_where_a_mask_is_looked_at(files, cache):
    files.photo("images/a.png", 96, 96)
    files.mask("masks/a.png", 96, 96, columns=90)
    files.text("labelled_areas.csv", "image,x,y,width,height", "a,60,70,16,16")
    dataset = _load(files, cache)
    batches = training_batches(
        dataset.train, [0], [0], batch_labelled=4, batch_unlabelled=4, crop=24, seed=0, first_step=0, steps=8
    )
    for batch in batches.as_numpy_iterator():
        assert (batch["labelled"]["valid"].sum((1, 2, 3)) == 256).all()  # the box is in every crop, whole
        assert set(np.unique(batch["labelled"]["valid"])) == {0, 1}
        assert (batch["labelled"]["mask"] <= batch["labelled"]["valid"]).all()
        assert (batch["unlabelled"]["valid"] == 1).all()  # without its mask the image is sound everywhere
    (scored,) = evaluation_batches(dataset.train, 1)
    assert scored["valid"].sum() == 256 and scored["valid"][0, 70:86, 60:76].all()


def test_no_unknown_pixel_changes_a_loss_or_a_score(files, cache):
    from semicurv_tf.losses import dice_loss
    from semicurv_tf.metrics.catalogue import METRICS
    from semicurv_tf.metrics.tally import Tally

    files.photo("images/a.png")
    files.save("masks/a.png", _values({0: 1, 1: 1, 2: 255, 3: 255}))
    (batch,) = evaluation_batches(_load(files, cache).train, 1)
    answers = []
    for unknown in (0.0, 0.3, 1.0):
        probability = np.full((1, 32, 32, 1), 0.2, np.float32)
        probability[:, :, 0], probability[:, :, 2:4] = 0.9, unknown
        tally = Tally(METRICS)
        tally.add("a", batch["mask"][0], probability[0], batch["valid"][0])
        answers.append((float(dice_loss(batch["mask"], probability, batch["valid"])), tally.scores()))
    assert answers[0] == answers[1] == answers[2]


def _save_with_no_data(files, name, columns, no_data, dtype=np.uint8):
    files.photo(f"images/{name}.png")
    path = files.root / f"masks/{name}.tif"
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, _values(columns, dtype=dtype), extratags=[(42113, "s", 0, no_data, True)])


def test_no_data_of_masks_is_unknown(files, cache):
    _save_with_no_data(files, "a", {0: 1, 2: 255}, "255")
    _save_with_no_data(files, "b", {0: 255, 1: 255}, "255")
    dataset = _load(files, cache)
    assert (_read(dataset, "a")["valid"][0, :4, 0] == [1, 1, 2, 1]).all() and _read(dataset, "a")["mask"].sum() == 32
    assert (_read(dataset, "b")["valid"][0, :4, 0] == [2, 2, 1, 1]).all() and _read(dataset, "b")["mask"].sum() == 0
    assert dataset.train.positive_percent() == pytest.approx(100 * 1 / (31 + 30))


def test_a_no_data_tag_on_the_only_foreground_is_refused(files, cache):
    for name in ("a", "b"):
        _save_with_no_data(files, name, {0: 255}, "255")
    with pytest.raises(UserError, match=r"masks/a.tif: expected foreground.*only 0 and 255, .* 2 files calls") as error:
        _load(files, cache)
    (line,) = error.value.lines
    assert "mask_value=255 where 255 is foreground" in line and "mask_ignore=255 where it is no data" in line
    foreground = _read(_load(files, cache, mask_value=255), "a")
    assert foreground["mask"].sum() == 32 and foreground["valid"].min() == 1
    unknown = _read(_load(files, cache, mask_ignore=255), "a")
    assert unknown["mask"].sum() == 0 and unknown["valid"][0, 0, 0] == 2


def test_a_value_that_is_no_data_here_and_foreground_there_is_named(files, cache):
    _save_with_no_data(files, "a", {0: 1, 2: 255}, "255")
    files.photo("images/b.png")
    files.save("masks/b.png", _values({0: 255}))
    with pytest.raises(UserError, match=r"masks/a.tif: expected 255 to mean one thing.*foreground in .*masks/b.png"):
        _load(files, cache)


def test_masks_without_background_are_refused(files, cache):
    """As gdal_rasterize writes them with a no-data value: all that is not drawn has it."""
    for name in ("a", "b"):
        _save_with_no_data(files, name, dict.fromkeys(range(1, 32), np.nan) | {0: 1}, "nan", np.float32)
    with pytest.raises(UserError, match=r"masks/a.tif: expected background.*gdal_rasterize -init 0"):
        _load(files, cache)
