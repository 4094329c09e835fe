"""What a review saves: masks as the data loader reads them, and nothing that was there is lost."""

import os

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.data.folder_layout import read_layout
from semicurv_tf.errors import UserError
from semicurv_tf.images.masks import MaskRule, read_mask
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.review.order import arrange, read_order
from semicurv_tf.review.session import Review
from tests.review.conftest import line, red, saved_mask


def bits(mask):
    return np.packbits(mask).tobytes()


def test_it_begins_with_the_prediction_or_the_mask(review):
    assert [one.name for one in review.images] == ["a", "b", "deep/c"]
    assert review.bits(0) == bits(line(5)) and review.predicted_bits(1) == bits(line(10))
    first_column = np.zeros((30, 40), bool)
    first_column[:, 0] = True
    assert review.bits(1) == bits(first_column)
    probability = np.frombuffer(review.probability(2), np.uint8).reshape(30, 40)
    assert probability[15, 10] == 230 and probability[16, 10] == 120 and probability[0].max() == 0
    assert review.about(0) == {
        "name": "a", "width": 40, "height": 30, "threshold": 0.5, "note": "", "labelled": False
    }  # fmt: skip


def test_a_saved_mask_is_what_training_reads(review, folder):
    mask = np.random.default_rng(0).uniform(size=(30, 40)) > 0.7
    saved = review.save(2, bits(mask))
    assert saved.copy is None and saved.mask == folder / "masks" / "deep" / "c.png"
    layout = read_layout(folder)
    assert layout.faults == [] and layout.pairs["deep/c"][1] == saved.mask
    assert (read_mask(saved.mask, MaskRule(), layout.pairs["deep/c"][0])[..., 0] == mask).all()
    assert sorted(np.unique(saved_mask(saved.mask))) == [0, 255]
    assert review.said() == f"1 mask saved in {folder / 'masks'}"


def test_a_mask_that_was_there_is_kept(review, folder):
    before = (folder / "masks" / "b.png").read_bytes()
    first = review.save(1, bits(line(3)))
    second = review.save(1, bits(line(4)))
    assert first.copy.read_bytes() == before and first.copy.is_relative_to(folder / "replaced_masks")
    assert (saved_mask(second.copy) > 0).tolist() == line(3).tolist()
    assert (saved_mask(second.mask) > 0).tolist() == line(4).tolist()
    assert read_layout(folder).faults == []
    assert "2 masks from before" in review.said()


def test_a_mask_of_another_format_gives_way_to_a_png(folder):
    (folder / "masks" / "b.png").unlink()
    Image.fromarray(np.uint8(255 * line(2))).save(folder / "masks" / "b.bmp")
    saved = Review(folder, Predictor(red, 3)).save(1, bits(line(3)))
    assert sorted(path.name for path in (folder / "masks").iterdir()) == ["b.png"]
    assert saved.copy.suffix == ".bmp" and (saved_mask(saved.copy) > 0).tolist() == line(2).tolist()
    assert read_layout(folder).faults == []


def test_an_image_with_an_orientation_tag(folder):
    """A camera held upright: the mask is painted as the image is seen, and read back so."""
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, 7, 0] = 230
    exif = Image.Exif()
    exif[0x0112] = 6
    image = folder / "images" / "turned.jpg"
    Image.fromarray(pixels).save(image, exif=exif, quality=100, subsampling=0)
    review = Review(folder, Predictor(red, 3))
    number = [one.name for one in review.images].index("turned")
    assert (review.about(number)["width"], review.about(number)["height"]) == (20, 30)
    mask = np.random.default_rng(1).uniform(size=(30, 20)) > 0.5
    saved = review.save(number, bits(mask))
    assert (read_mask(saved.mask, MaskRule(), image)[..., 0] == mask).all()
    assert review.bits(number) == bits(mask)


@pytest.mark.parametrize("size", [0, 149, 151])
def test_a_mask_of_another_size_is_refused(review, folder, size):
    with pytest.raises(ValueError, match="Expected 150 bytes"):
        review.save(0, bytes(size))
    assert not (folder / "masks" / "a.png").exists()


def test_unknown_pixels_would_be_lost(review, folder):
    mask = np.zeros((30, 40), np.uint8)
    mask[3], mask[4] = 1, 255
    Image.fromarray(mask).save(folder / "masks" / "b.png")
    with pytest.raises(UserError, match=r"b.png: has pixels of unknown label"):
        review.about(1)
    with pytest.raises(UserError, match=r"b.png: has pixels of unknown label"):
        review.save(1, bits(line(3)))
    assert (saved_mask(folder / "masks" / "b.png") == mask).all()


def test_labelled_in_part_is_said(folder):
    (folder / "labelled_areas.csv").write_text("image,x,y,width,height\nb,0,0,10,10\n")
    review = Review(folder, Predictor(red, 3))
    assert "labelled_areas.csv" in review.about(1)["note"] and review.about(0)["note"] == ""


def test_links_that_lead_out_are_not_written_through(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "masks" / "deep").symlink_to(outside)
    with pytest.raises(UserError, match="leads out of it"):
        Review(folder, Predictor(red, 3)).save(2, bits(line(3)))
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(review, folder):
    (folder / "masks").chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        review.save(0, bits(line(3)))


def test_other_layouts_are_refused(tmp_path):
    (tmp_path / "train").mkdir()
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(tmp_path / "train" / "a.png")
    with pytest.raises(UserError, match=r"expected images in .*images"):
        Review(tmp_path, Predictor(red, 3))


def test_masks_without_an_image_are_faults(folder):
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(folder / "masks" / "lost.png")
    with pytest.raises(UserError, match=r"lost.png: expected an image"):
        Review(folder, Predictor(red, 3))


def test_orders(review, tmp_path):
    listing = tmp_path / "next.csv"
    listing.write_text("rank,image\n1,deep/c.png\n2,a.png\n3,gone.png\n")
    assert read_order(listing) == ["deep/c", "a", "gone"]
    assert arrange(review, str(listing), None) == [f"{listing}: 1 of 3 names are no image of {review.folder}"]
    assert [one.name for one in review.images] == ["deep/c", "a", "b"]  # b has a mask
    assert arrange(review, "name", None) == []
    assert [one.name for one in review.images] == ["a", "deep/c", "b"]


def test_next_asks_where_the_network_is_of_two_minds(folder):
    """A predictor that says otherwise of turned images, on `deep/c` alone: its line lies in the lower half."""
    judged = []

    def unsure(image):
        probability = red(image)
        return probability if image[0, :15].any() else 1 - probability * (image.shape[1] > 16)

    review = Review(folder, Predictor(unsure, 3))
    assert arrange(review, "next", None, 8, judged.append) == []
    assert sorted(judged) == ["a", "deep/c"] and review.images[-1].name == "b"


@pytest.mark.parametrize("text", [None, "name\na\n"])
def test_lists_that_are_none(review, tmp_path, text):
    listing = tmp_path / "list.csv"
    if text is not None:
        listing.write_text(text)
    with pytest.raises(UserError, match=r"--order .*list.csv: expected .* Fix: "):
        arrange(review, str(listing), None)
