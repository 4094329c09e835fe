"""The folder that an import writes: what training reads from it, partly labelled images, turned ones, and refusals."""

import json
import shutil
import unicodedata

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.annotations.import_folder import rectangles
from semicurv_tf.annotations.registry import READERS
from semicurv_tf.cli.datasets import TOOLS
from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.unknown_pixels import inside
from semicurv_tf.images.provenance import KEYWORD
from semicurv_tf.whole_files import write_png
from tests.annotations.conftest import HEIGHT, WIDTH, block


def _labelme(export, *boxes, path="a.json", image="a.png"):
    shapes = [
        {"label": label, "points": [[x0, y0], [x1, y1]], "shape_type": "rectangle"} for label, x0, y0, x1, y1 in boxes
    ]
    return export.text(path, {"shapes": shapes, "imagePath": image, "imageData": None})


def test_the_command_offers_every_reader():
    assert set(TOOLS) == set(READERS)


def test_training_reads_the_folder(export, tmp_path):
    export.image()
    export.image("b.jpg")
    _labelme(export, ("crack", 2, 3, 9, 8), ("labelled area", 0, 0, 20, 24), ("roi", 30, 10, 34, 12))
    assert "1 labelled image (1 in part), 1 unlabelled" in export.run("labelme").output
    shares = {"validation_share": 0, "test_share": 0}
    dataset = load_dataset("folder", export.output, cache_dir=tmp_path / "cache", options=shares)
    arrays = dataset.train.read(dataset.train.names.index("a"))
    assert (arrays["mask"][..., 0] == block(3, 8, 2, 9)).all()
    assert ((arrays["valid"][..., 0] == 1) == block(0, 24, 0, 20) | block(10, 12, 30, 34)).all()
    assert dict(zip(dataset.train.names, dataset.train.labelled)) == {"a": True, "b": False}


@pytest.mark.parametrize("tag", range(1, 9))
def test_turned_photographs_and_their_masks_are_turned_alike(export, tmp_path, tag):
    exif = Image.Exif()
    exif[0x0112] = tag
    stored = (WIDTH, HEIGHT) if tag <= 4 else (HEIGHT, WIDTH)
    export.image("a.jpg", *stored, exif=exif)  # displayed as WIDTH x HEIGHT, the frame of the annotation
    _labelme(export, ("crack", 2, 3, 9, 8), image="a.jpg")
    assert export.run("labelme").exit_code == 0
    with Image.open(export.output / "masks/a.png") as mask:
        assert mask.size == stored  # on the stored grid with the same tag: no reading of the pair can differ
    dataset = load_dataset("folder", export.output, cache_dir=tmp_path / "cache",
                           options={"validation_share": 0, "test_share": 0})  # fmt: skip
    arrays = dataset.train.read(0)
    assert arrays["image"].shape == (HEIGHT, WIDTH, 3)
    assert (arrays["mask"][..., 0] == block(3, 8, 2, 9)).all()


def test_areas_of_any_shape_are_boxes_that_do_not_overlap():
    random = np.random.default_rng(0)
    for share in (0.0, 0.3, 0.7, 1.0):
        known = random.random((20, 30)) < share
        boxes = rectangles(known)
        assert (inside(boxes, 20, 30, "a") == known).all()
        assert sum(box.width * box.height for box in boxes) == known.sum()
    assert len(rectangles(np.ones((20, 30), bool))) == 1


def test_labels_that_do_not_occur_are_named(export):
    export.image()
    _labelme(export, ("crack", 2, 3, 9, 8), ("stain", 2, 3, 9, 8))
    (line,) = export.run("labelme", "--labels", "crack,road").exception.lines
    assert "labels that occur (crack, stain), found road" in line and not export.output.exists()


def test_a_label_that_was_chosen_is_foreground_whatever_its_name(export):
    export.image()
    _labelme(export, ("roi", 2, 3, 9, 8))
    assert (export.imported("labelme", "--labels", "roi") == block(3, 8, 2, 9)).all()
    assert not (export.output / "labelled_areas.csv").exists()


def test_an_area_outside_the_image_leaves_it_unlabelled(export):
    export.image()
    _labelme(export, ("crack", 2, 3, 9, 8), ("roi", 90, 90, 99, 99))
    result = export.run("labelme")
    assert "1 x annotation that leaves no pixel known" in result.output and not (export.output / "masks/a.png").exists()


def test_images_of_one_name_are_not_mixed_up(export):
    for folder in ("one", "two"):
        export.image(f"{folder}/a.png")
    _labelme(export, ("crack", 2, 3, 9, 8), path="one/a.json")
    _labelme(export, ("crack", 0, 0, 4, 4), path="two/a.json")
    _labelme(export, path="elsewhere/b.json")
    result = export.run("labelme")
    assert (export.mask("one/a") == block(3, 8, 2, 9)).all() and (export.mask("two/a") == block(0, 4, 0, 4)).all()
    assert "1 x image found more than once by its name" in result.output
    export.output = export.output.with_name("second")
    export.image("one/a.jpg")
    _labelme(export, path="one/c.json", image="a.jpg")
    assert "1 x second image of one name" in export.run("labelme").output


@pytest.mark.parametrize(
    "content, match",
    [("{", "expected JSON"), ("[" * 100_000, "expected JSON"), (b"\xff\xfe\xff", "expected JSON"),
     ("", "expected JSON")],
)  # fmt: skip
@pytest.mark.parametrize("tool", ["labelme", "coco", "labelstudio"])
def test_damaged_json_is_one_line(export, tool, content, match):
    export.image()
    file = export.text("a.json", "")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (line,) = export.run(tool).exception.lines
    assert match in line and str(file) in line and not export.output.exists()


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_to_import_is_one_line(export, tool):
    export.image()
    export.text("a.json", json.dumps({"x": 1}))
    (line,) = export.run(tool).exception.lines
    assert f"expected annotations of {tool} and their images" in line and not export.output.exists()


def test_folders_that_are_in_use_or_not_there(export):
    export.image()
    _labelme(export, ("crack", 2, 3, 9, 8))
    export.output.mkdir()
    assert export.run("labelme").exit_code == 0  # empty is as good as new
    assert "expected a new folder" in export.run("labelme").exception.lines[0]
    export.output = export.output.with_name("second")
    assert "found nothing" in export.run("labelme", source=export.root / "gone").exception.lines[0]
    assert "expected a folder or a .zip" in export.run("labelme", source=export.root / "a.png").exception.lines[0]


def test_sizes_that_a_header_claims_are_not_decoded(export):
    content = bytearray(export.image().read_bytes())
    content[16:24] = (200_000).to_bytes(4, "big") * 2  # width and height of the PNG header
    (export.root / "a.png").write_bytes(content)
    _labelme(export, ("crack", 2, 3, 9, 8))
    export.image("b.png")
    _labelme(export, ("crack", 2, 3, 9, 8), path="b.json", image="b.png")
    result = export.run("labelme")
    assert result.exit_code == 0 and "1 x image " in result.output and export.mask("b").any()


def test_an_earlier_import_and_predictions_inside_of_the_folder_are_no_images(export, tmp_path):
    export.image()
    export.image("b.jpg")
    _labelme(export, ("crack", 2, 3, 9, 8))
    assert "1 labelled image, 1 unlabelled" in export.run("labelme").output
    shutil.copytree(export.output, export.root / "my")
    write_png(export.root / "b.png", np.zeros((4, 4), np.uint8), (KEYWORD, f"{KEYWORD}: 9 bytes"))
    shutil.rmtree(export.output)
    said = export.run("labelme").output
    assert "1 labelled image, 1 unlabelled" in said and "passed over: 1 x result that semicurv-tf predict wrote" in said
    assert "1 x image beside a folder of images that has masks" in said and "2 x image of a folder inside" in said
    assert sorted(path.name for path in (export.output / "images").rglob("*")) == ["a.png", "b.jpg"]


def test_an_annotation_may_mean_an_image_of_a_data_set_inside(export):
    export.image("site/images/a.png")
    export.image("site/masks/a.png")
    export.image("other/a.png")
    _labelme(export, ("crack", 2, 3, 9, 8), image="site/images/a.png")
    assert "1 labelled image" in export.run("labelme").output
    assert (export.output / "masks" / "site" / "images" / "a.png").is_file()


@pytest.mark.parametrize(
    "images, said, meant",
    [(("top/a 1.PNG", "site/images/a 1.png"), "a 1.png", "top/a 1.PNG"),  # a name alone: the photograph's first
     (("site/images/a 1.png",), "A%201.png", "site/images/a 1.png"),
     (("top/a 1.png", "site/images/a 1.png"), "Site/images/A%201.png", "site/images/a 1.png")],
)  # fmt: skip
def test_images_of_a_data_set_inside_are_found_in_other_spellings(export, images, said, meant):
    for image in images:
        export.image(image)
    export.image("site/masks/m.png")
    _labelme(export, ("crack", 2, 3, 9, 8), path="z.json", image=said)
    assert "1 labelled image" in export.run("labelme").output
    (mask,) = (export.output / "masks").rglob("*.png")
    assert mask.relative_to(export.output / "masks").with_suffix("").as_posix() == meant.rsplit(".", 1)[0]


BOX_ONLY, NOT_FINITE = [], [[5, 5, float("nan"), 5, 9, 9]]
UNREAD = "image left unlabelled, as what was drawn on it was not read"
MISSED = "image left unlabelled, as no shape on it covers a pixel's centre"


def _coco(export, **segmentations):
    """One image per name, a.png and so on, with one annotation each, or none where it is None."""
    for name in segmentations:
        export.image(f"{name}.png")
    images = [{"id": name, "file_name": f"{name}.png"} for name in segmentations]
    drawn = [
        {"image_id": name, "category_id": 1, "segmentation": one}
        for name, one in segmentations.items()
        if one is not None
    ]
    export.text("i.json", {"images": images, "annotations": drawn, "categories": [{"id": 1, "name": "crack"}]})


@pytest.mark.parametrize("option", [(), ("--empty-is-background",)])
def test_an_image_whose_shapes_could_not_be_read_is_no_negative(export, option):
    _coco(export, drawn=[[2, 3, 9, 3, 9, 8, 2, 8]], boxed=BOX_ONLY, damaged=NOT_FINITE, empty=None)
    result = export.run("coco", *option)
    masks = {file.stem for file in (export.output / "masks").iterdir()}
    assert masks == {"drawn", "empty"} if option else {"drawn"}
    assert f"2 x {UNREAD}" in result.output and (export.mask("drawn") == block(3, 8, 2, 9)).all()
    if option:
        assert not export.mask("empty").any()


@pytest.mark.parametrize("option", [(), ("--empty-is-background",)])
def test_an_image_on_which_no_shape_covers_a_pixel_is_no_negative(export, option):
    _coco(export, drawn=[[2, 3, 9, 3, 9, 8, 2, 8]], normalised=[[0.1, 0.1, 0.4, 0.1, 0.4, 0.2]])
    result = export.run("coco", *option)
    assert [file.stem for file in (export.output / "masks").iterdir()] == ["drawn"]
    assert f"1 x {MISSED}" in result.output and "1 x shape that covers no pixel's centre" in result.output


def test_a_shape_that_covers_nothing_beside_one_that_does_leaves_the_mask(export):
    export.image()
    _labelme(export, ("crack", 2, 3, 9, 8), ("crack", 0.1, 0.1, 0.4, 0.4))
    assert (export.imported("labelme") == block(3, 8, 2, 9)).all()


@pytest.mark.parametrize(
    "shape, written",
    [('<skeleton label="crack"><points points="3,4"/></skeleton>', False),
     ('<points label="crack" points="3,4"/>', False), ('<tag label="dry"/>', True), ("", True)],
)  # fmt: skip
def test_cvat_images_with_shapes_that_are_not_read(export, shape, written):
    export.image()
    export.text(
        "a.xml", f'<annotations><image name="a.png" width="{WIDTH}" height="{HEIGHT}">{shape}</image></annotations>'
    )
    result = export.run("cvat", "--empty-is-background")
    assert (export.output / "masks/a.png").exists() == written and (UNREAD in result.output) != written


@pytest.mark.parametrize("kind, points", [("point", [[3, 4]]), ("polygon", [[3, 4]])])
def test_labelme_images_with_shapes_that_are_not_read(export, kind, points):
    export.image()
    export.text("a.json", {"imagePath": "a.png", "shapes": [{"label": "crack", "points": points, "shape_type": kind}]})
    assert UNREAD in export.run("labelme", "--empty-is-background").output
    assert not list((export.output / "masks").iterdir())


def test_label_studio_images_with_shapes_that_are_not_read(export):
    export.image()
    point = {"type": "keypointlabels", "value": {"x": 3, "y": 4, "keypointlabels": ["crack"]}}
    export.text("a.json", [{"data": {"image": "a.png"}, "annotations": [{"result": [point]}]}])
    assert UNREAD in export.run("labelstudio", "--empty-is-background").output
    assert not list((export.output / "masks").iterdir())


def test_a_label_that_was_not_chosen_says_that_someone_looked(export):
    export.image()
    export.image("b.png")
    _labelme(export, ("stain", 2, 3, 9, 8))
    _labelme(export, ("crack", 2, 3, 9, 8), path="b.json", image="b.png")
    assert not export.imported("labelme", "--labels", "crack").any()


@pytest.mark.parametrize(
    "said, on_disk",
    [(unicodedata.normalize(form, "\u00e4 1.png"), unicodedata.normalize(other, "\u00e4 1.png"))
     for form, other in (("NFC", "NFD"), ("NFD", "NFC"))]
    + [("a.PNG", "a.png"), ("A%201.png", "a 1.png"), ("a 1.png", "a%201.png"), ("100%25.png", "100%25.png"),
       ("Sub/A.png", "sub/a.png"), ("C:\\photos\\A.png", "sub/a.png"), ("1234abcd-A.png", "a.png")],
)  # fmt: skip
def test_names_are_found_as_people_and_systems_write_them(export, said, on_disk):
    export.image(on_disk)
    _labelme(export, ("crack", 2, 3, 9, 8), path="z.json", image=said)
    result = export.run("labelme")
    assert "1 labelled image, 0 unlabelled" in result.output, result.output


def test_the_name_to_the_letter_comes_first_and_two_alike_are_not_guessed(export):
    for name in ("a.png", "A.png", "bc.png", "BC.png"):
        export.image(name)
    _labelme(export, ("crack", 2, 3, 9, 8), path="y.json", image="A.png")
    _labelme(export, ("crack", 2, 3, 9, 8), path="z.json", image="Bc.png")
    result = export.run("labelme")
    assert [file.name for file in (export.output / "masks").iterdir()] == ["A.png"]
    assert "1 x image found more than once by its name" in result.output


def test_shapes_on_a_stack_are_counted_and_not_drawn(export):
    tifffile.imwrite(export.root / "a.tif", np.zeros((3, HEIGHT, WIDTH), np.uint8), photometric="minisblack")
    line = {"label": "crack", "shape_type": "line", "points": [[2, 5], [30, 5]]}
    export.text("a.json", {"shapes": [line], "imagePath": "a.tif", "imageHeight": HEIGHT, "imageWidth": WIDTH})
    export.image("b.png")
    export.text("b.json", {"shapes": [line], "imagePath": "b.png", "imageHeight": HEIGHT, "imageWidth": WIDTH})
    result = export.run("labelme")
    assert "1 x stack of several pages, whose shapes belong to one of them" in result.output
    assert export.mask("b").any() and not (export.output / "masks/a.png").exists()
