"""COCO: polygons, runs as numbers and as the compressed string, and what pycocotools makes of the same."""

import numpy as np
import pytest

from tests.annotations.conftest import HEIGHT, WIDTH, block


def _file(export, *segmentations, path="annotations/instances.json", image="a.png", **image_keys):
    return export.text(
        path,
        {
            "images": [{"id": 7, "file_name": image, "width": WIDTH, "height": HEIGHT, **image_keys}],
            "categories": [{"id": 3, "name": "crack"}],
            "annotations": [
                {"id": number, "image_id": 7, "category_id": 3, "segmentation": one, "bbox": [0, 0, 1, 1], "iscrowd": 0}
                for number, one in enumerate(segmentations)
            ],
        },
    )


def _counts(mask: np.ndarray) -> list[int]:
    flat = np.concatenate([[False], mask.ravel(order="F")])
    stops = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff([0, *stops, mask.size]).tolist()


def test_polygons_are_filled_each(export):
    export.image("images/a.png")
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8], [5, 5, 12, 5, 12, 6, 5, 6]])
    assert (export.imported("coco") == block(3, 8, 2, 9) | block(5, 6, 5, 12)).all()


def test_uncompressed_runs(export, curve):
    export.image()
    _file(export, {"size": [HEIGHT, WIDTH], "counts": _counts(curve)})
    assert (export.imported("coco") == curve).all()


def test_files_of_pycocotools(export, curve):
    coco = pytest.importorskip("pycocotools.mask", reason="pip install pycocotools: COCO's own encoder")
    export.image()
    code = coco.encode(np.asfortranarray(curve.astype(np.uint8)))
    _file(export, {"size": code["size"], "counts": code["counts"].decode()})
    assert (export.imported("coco") == curve).all()


def test_polygons_as_pycocotools_fills_them(export):
    coco = pytest.importorskip("pycocotools.mask", reason="pip install pycocotools: COCO's own rasteriser")
    export.image()
    corners = [2, 3, 30, 3, 30, 20, 16, 20, 16, 10, 2, 10]  # on pixel corners: no rounding to differ in
    _file(export, [corners])
    theirs = coco.decode(coco.merge(coco.frPyObjects([corners], HEIGHT, WIDTH))) > 0
    assert (export.imported("coco") == theirs).all()


def test_what_is_left_out_is_counted(export):
    export.image()
    content_of = {"size": [HEIGHT, WIDTH], "counts": [5]}
    _file(
        export,
        [],
        content_of,
        {"size": [10**6, 10**6], "counts": [10**12]},
        [[1, 2, 3]],
        [[1, 2, 3, 4]],
        [[0, 0, 4, 0, 4, 4, 0, 4]],
    )
    _file(export, path="b.json", image="../../secret.png")
    _file(export, path="c.json", width=10)
    result = export.run("coco")
    assert result.exit_code == 0 and (export.mask() == block(0, 4, 0, 4)).all()
    for line in (
        "1 x annotation without a segmentation", "4 x damaged shape (segmentation)",
        "1 x image not found in the folder", "1 x annotation of another size than its image",
    ):  # fmt: skip
        assert line in result.output, (line, result.output)


def test_images_of_one_name_in_two_subsets(export):
    for number, subset in enumerate(("train", "val")):
        export.image(f"images/{subset}/a.png")
        _file(export, [[2 + number, 3, 9, 3, 9, 8, 2 + number, 8]], path=f"annotations/instances_{subset}.json")
    assert (export.imported("coco", name="train/a") == block(3, 8, 2, 9)).all()
    assert (export.mask("val/a") == block(3, 8, 3, 9)).all()


def test_a_contour_of_two_points_takes_none_with_it(export):
    export.image()
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8], [20, 20, 21, 21]])
    result = export.run("coco")
    assert (export.mask() == block(3, 8, 2, 9)).all()
    assert "1 x damaged shape (segmentation)" in result.output


def test_an_image_of_a_name_that_another_has_is_counted(export):
    export.image("a.png")
    export.image("a.jpg")  # another picture
    export.image("b/c.png")
    export.image("images/b/c.png")  # called b/c as well
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8]])
    result = export.run("coco")
    assert "2 x second image of one name, of which nothing is drawn" in result.output
    assert "1 labelled image, 1 unlabelled" in result.output


def test_a_file_without_cocos_keys_is_a_fault(export):
    export.image()
    export.text("a.json", {"images": [{"id": 1}], "annotations": [], "categories": []})
    assert "expected COCO's keys" in export.run("coco").exception.lines[0]


@pytest.mark.parametrize(
    "width, height", [(0, 0), (None, None), (str(WIDTH), str(HEIGHT)), (float(WIDTH), "0"), ("", 0)]
)
def test_sizes_that_are_not_known_or_text(export, width, height):
    export.image()
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8]], width=width, height=height)
    assert (export.imported("coco") == block(3, 8, 2, 9)).all()


@pytest.mark.parametrize("width, height", [(str(WIDTH + 1), HEIGHT), (HEIGHT, WIDTH), ("wide", HEIGHT), ([], HEIGHT)])
def test_sizes_that_are_others(export, width, height):
    export.image()
    export.image("b.png")
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8]], width=width, height=height)
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8]], path="b.json", image="b.png")
    result = export.run("coco")
    assert "1 x annotation of another size than its image" in result.output
    assert [file.name for file in (export.output / "masks").iterdir()] == ["b.png"]


def test_one_polygon_without_the_list_around_it(export):
    export.image()
    _file(export, [2, 3, 9, 3, 9, 8, 2, 8])
    assert (export.imported("coco") == block(3, 8, 2, 9)).all()


@pytest.mark.parametrize("in_images, in_annotations", [(7, "7"), ("7", 7), (7, 7.0), ("a", "a")])
def test_ids_as_numbers_and_as_text(export, in_images, in_annotations):
    export.image()
    annotation = {"image_id": in_annotations, "category_id": in_annotations, "segmentation": [[2, 3, 9, 3, 9, 8, 2, 8]]}
    export.text(
        "i.json",
        {
            "images": [{"id": in_images, "file_name": "a.png"}],
            "annotations": [annotation],
            "categories": [{"id": in_images, "name": "crack"}],
        },
    )
    assert (export.imported("coco", "--labels", "crack") == block(3, 8, 2, 9)).all()


def test_a_file_per_class_is_taken_together(export):
    export.image()
    _file(export, [[2, 3, 9, 3, 9, 8, 2, 8]], path="crack.json")
    _file(export, [[20, 3, 25, 3, 25, 8, 20, 8]], path="joint.json")
    result = export.run("coco")
    assert (export.mask() == block(3, 8, 2, 9) | block(3, 8, 20, 25)).all()
    assert "merged: 1 annotation of images that another file shows, too" in result.output
    assert "passed over" not in result.output and "label crack: 2 shapes" in result.output


def test_a_second_annotation_in_one_file_is_passed_over(export):
    export.image()
    image = {"file_name": "a.png"}
    drawn = [
        {"image_id": number, "category_id": 1, "segmentation": [[x, 3, x + 5, 3, x + 5, 8, x, 8]]}
        for number, x in ((0, 2), (1, 20))
    ]
    export.text("i.json", {"images": [{"id": 0, **image}, {"id": 1, **image}], "annotations": drawn, "categories": []})
    result = export.run("coco")
    assert "1 x second annotation of an image" in result.output and "merged" not in result.output
    assert (export.mask() == block(3, 8, 2, 7)).all()
