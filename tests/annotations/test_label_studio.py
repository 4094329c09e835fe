"""Label Studio's JSON: shapes in percent, brushes, uploads and cancelled annotations."""

import numpy as np
import pytest

from tests.annotations.conftest import HEIGHT, WIDTH, block


def _result(kind, value, label="crack", **more):
    value = value | {f"{kind}labels": [label]}
    return {"id": "x", "type": f"{kind}labels", "from_name": "l", "to_name": "i", "original_width": WIDTH,
            "original_height": HEIGHT, "image_rotation": 0, "value": value} | more  # fmt: skip


def _task(*results, image="/data/upload/3/0123abcd-a.png", **more):
    return {
        "id": 1,
        "data": {"image": image},
        "annotations": [{"id": 1, "was_cancelled": False, "result": list(results)}],
    } | more


def _percent(x, y):
    return [100 * x / WIDTH, 100 * y / HEIGHT]


def test_polygon_and_rectangle_in_percent(export):
    export.image()
    points = [_percent(*point) for point in ((2, 3), (9, 3), (9, 8), (2, 8))]
    box = dict(zip(("x", "y", "width", "height"), [*_percent(20, 10), *_percent(8, 4)]))
    export.text("export.json", [_task(_result("polygon", {"points": points}), _result("rectangle", box))])
    assert (export.imported("labelstudio") == block(3, 8, 2, 9) | block(10, 14, 20, 28)).all()


def test_a_rectangle_turns_about_its_corner_and_an_ellipse_about_its_middle(export):
    export.image()
    box = dict(zip(("x", "y", "width", "height"), [*_percent(10, 4), *_percent(8, 4)]))
    ellipse = dict(zip(("x", "y", "radiusX", "radiusY"), [*_percent(30, 12), *_percent(4, 8)]))
    export.text("export.json", [_task(_result("rectangle", box | {"rotation": 90}), _result("ellipse", ellipse))])
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    expected = block(4, 12, 6, 10) | (((x - 30) / 4) ** 2 + ((y - 12) / 8) ** 2 <= 1)
    assert (export.imported("labelstudio") == expected).all()


def test_brush_of_label_studios_own_encoder(export, curve):
    brush = pytest.importorskip("label_studio_converter.brush", reason="pip install label-studio-converter")
    export.image()
    code = brush.encode_rle(np.repeat(curve.ravel().astype(np.uint8) * 255, 4))
    export.text("export.json", [_task(_result("brush", {"format": "rle", "rle": code}))])
    assert (export.imported("labelstudio") == curve).all()


def test_a_label_in_a_result_of_its_own(export):
    export.image()
    box = dict(zip(("x", "y", "width", "height"), [*_percent(0, 0), *_percent(8, 4)]))
    shape = {"id": "r", "type": "rectangle", "value": box}
    export.text("export.json", [_task(shape, {"id": "r", "type": "labels", "value": box | {"labels": ["crack"]}})])
    assert (export.imported("labelstudio", "--labels", "crack") == block(0, 4, 0, 8)).all()


def test_the_last_annotation_that_was_not_cancelled_counts(export):
    for name in "abc":
        export.image(f"{name}.png")
    box = lambda x: _result("rectangle", dict(zip(("x", "y", "width", "height"), [*_percent(x, 0), *_percent(2, 2)])))
    annotations = [{"result": [box(0)]}, {"result": [box(10)]}, {"result": [box(20)], "was_cancelled": True}]
    export.text("export.json", [
        _task(image="a.png", annotations=annotations), _task(image="https://host/x/b.png?token=1"),
        _task(image="/data/local-files/?d=photos/c.png", annotations=[]),
    ])  # fmt: skip
    assert (export.imported("labelstudio") == block(0, 2, 10, 12)).all()
    assert not export.mask("b").any()  # submitted without a shape: nothing is there
    assert (export.output / "images/c.png").exists() and not (export.output / "masks/c.png").exists()


def test_what_is_left_out_is_counted(export):
    export.image()
    export.text("export.json", [_task(
        _result("keypoint", {"x": 1, "y": 1}), _result("polygon", {"points": [[1, 1]]}), _result("brush", {"format": "png"}),
        _result("brush", {"format": "rle", "rle": [0, 1]}), _result("rectangle", {"x": 1, "y": 1, "width": "w", "height": 1}),
        _result("polygon", {"points": [[0, 0], [5, 0], [0, 5]]}, original_width=7), _result("vector", {"vertices": []}),
        _result("rectangle", {"x": 0, "y": 0, "width": 50, "height": 50}),
    ), _task(image="gone.png")])  # fmt: skip
    export.text("other.json", {"a": 1})
    result = export.run("labelstudio")
    assert result.exit_code == 0 and (export.mask() == block(0, 12, 0, 20)).all()
    for line in (
        "1 x shape of a kind that covers no area (keypoint)", "1 x damaged shape (polygon)", "1 x brush in another format",
        "1 x damaged shape (brush)", "1 x damaged shape (rectangle)", "1 x annotation of another size than its image",
        "1 x unknown shape (vector)", "1 x image not found in the folder", "1 x JSON file that is not Label Studio's",
    ):  # fmt: skip
        assert line in result.output, (line, result.output)
