"""An image is its folder and its name there; the same content in both folders is said."""

import numpy as np
import pytest

from semicurv_tf.data.identity import UNLABELLED, shared_content, title
from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.verify import verify


@pytest.fixture
def both(files):
    """Three labelled images, and a second folder: other pixels under two of their names, and a copy under another."""
    for number in range(3):
        files.photo(f"own/images/c{number}.png")
        files.mask(f"own/masks/c{number}.png", columns=2 + number)
    files.photo("more/c0.png")
    files.photo("more/deep/c1.png")
    files.save("more/z.png", files.pixels("own/images/c2.png"))
    return files


def _load(both, cache, **options):
    return load_dataset(
        "folder", both.root / "own", cache_dir=cache, unlabelled_dir=both.root / "more", options=options
    )


def test_labelled_images_keep_their_masks_whatever_names_the_other_folder_has(both, cache):
    train = _load(both, cache).train
    assert train.names == ("c0", "c1", "c2", "c0", "deep/c1", "z")
    for number, index in enumerate(train.indices(["c0", "c1", "c2"])):
        arrays = train.read(index)
        assert (arrays["image"] == both.pixels(f"own/images/c{number}.png")).all()
        assert arrays["mask"].sum() == 32 * (2 + number)
    assert train.indices(["c0", "z"], UNLABELLED) == [3, 5]
    assert (train.read(3)["image"] == both.pixels("more/c0.png")).all()
    with pytest.raises(KeyError):
        train.indices(["z"])


def test_same_content_is_said_when_training_starts_and_by_verify(both, cache):
    line = "--unlabelled-dir: 1 image has the same content as a training image of --data-dir and is used twice: z = c2"
    assert line in _load(both, cache).warnings
    report = verify("folder", both.root / "own", unlabelled_dir=both.root / "more")
    assert line in report.warnings and not report.errors
    assert not any("same image under" in warning for warning in report.warnings)
    assert report.splits[0].images == 6


def test_held_out_images_are_not_trained_on_through_the_other_folder(both, cache):
    both.text("own/splits/test.txt", "c2")
    dataset = _load(both, cache)
    assert dataset.train.names == ("c0", "c1", "c0", "deep/c1") and dataset.test.names == ("c2",)
    assert any("validation or test image of --data-dir and is left out of the training: z = c2" in line
               for line in dataset.warnings)  # fmt: skip
    report = verify("folder", both.root / "own", unlabelled_dir=both.root / "more")
    assert report.splits[0].images == 4 and any("z = c2" in line for line in report.warnings)


def test_images_of_one_value_are_no_copies_of_each_other():
    blank = {"name": "a", "digest": "same", "range": [0, 0], "valid": 9}
    assert shared_content({"train": [blank]}, [blank]).notes == ()
    full = {**blank, "range": [0, 1]}
    shared = shared_content({"train": [full], "test": [full]}, [full, {**full, "digest": "other"}])
    assert shared.held_out == (0,) and shared.trained == ()  # held out wins
    many = shared_content({"train": [{**full, "digest": str(n)} for n in range(9)]},
                          [{**full, "name": f"n{n}", "digest": str(n)} for n in range(9)])  # fmt: skip
    assert (
        many.trained == tuple(range(9)) and "each of 9 images has" in many.notes[0] and many.notes[0].endswith(", ...")
    )


def test_titles_tell_both_folders_apart():
    assert title("data", "c0") == "c0" and title(UNLABELLED, "c0") == "unlabelled:c0"
    assert np.unique([title("data", "c0"), title(UNLABELLED, "c0")]).size == 2


def test_cameras_that_number_alike(shared_data, cache):
    place = shared_data / "trouble" / "same-names-unlabelled"
    alone = load_dataset("folder", place / "labelled", cache_dir=cache).train
    train = load_dataset("folder", place / "labelled", cache_dir=cache, unlabelled_dir=place / "unlabelled").train
    for index, other in zip(train.indices(alone.names), alone.indices(alone.names)):
        assert (train.read(index)["mask"] == alone.read(other)["mask"]).all() and train.read(index)["mask"].any()
        assert (train.read(index)["image"] == alone.read(other)["image"]).all()
