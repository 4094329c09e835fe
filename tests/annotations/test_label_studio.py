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


def test_the_ground_truth_counts_before_later_annotations_and_others_are_counted(export):
    export.image()
    box = lambda x: _result("rectangle", dict(zip(("x", "y", "width", "height"), [*_percent(x, 0), *_percent(2, 2)])))
    annotations = [
        {"result": [box(0)], "ground_truth": True}, {"result": []}, {"result": [box(20)], "was_cancelled": True},
    ]  # fmt: skip
    export.text("export.json", [_task(annotations=annotations)])
    result = export.run("labelstudio")
    assert (export.mask() == block(0, 2, 0, 2)).all()
    assert "1 x annotation of a task where another one counts" in result.output
    assert "1 x annotation that was skipped in the tool" in result.output


def _vector(*vertices, closed=False):
    keys = ("id", "prevPointId", "x", "y")
    points = [dict(zip(keys, (name, before, *_percent(x, y)))) for name, before, x, y in vertices]
    return _result("vector", {"vertices": points, "closed": closed})


def test_vectors_are_lines_that_may_branch(export):
    export.image()
    # along y = 6 from x = 0 to 40, and down from its vertex at x = 10 to y = 24: 2 px wide
    vector = _vector(("a", None, 0, 6), ("b", "a", 10, 6), ("c", "b", 40, 6), ("d", "b", 10, 24))
    export.text("export.json", [_task(vector)])
    assert (export.imported("labelstudio", "--width-px", 2) == block(5, 7, 0, 40) | block(5, 24, 9, 11)).all()


def test_a_closed_vector_is_filled_and_curves_are_counted(export):
    export.image()
    corners = [(name, None, *at) for name, at in zip("abcd", [(2, 3), (9, 3), (9, 8), (2, 8)])]
    curved = _vector(("a", None, 0, 0), ("b", "a", 30, 20))
    curved["value"]["vertices"][1] |= {"isBezier": True, "controlPoint1": {"x": 5, "y": 50}}
    export.text("export.json", [_task(_vector(*corners, closed=True), curved)])
    result = export.run("labelstudio")
    assert (export.mask() == block(3, 8, 2, 9)).all()
    assert "1 x vector with Bézier curves" in result.output


def test_what_is_left_out_is_counted(export):
    export.image()
    export.text("export.json", [_task(
        _result("keypoint", {"x": 1, "y": 1}), _result("polygon", {"points": [[1, 1]]}),
        _result("brush", {"format": "png"}), _result("brush", {"format": "rle", "rle": [0, 1]}),
        _result("rectangle", {"x": 1, "y": 1, "width": "w", "height": 1}),
        _result("polygon", {"points": [[0, 0], [5, 0], [0, 5]]}, original_width=7), _result("vector", {"vertices": []}),
        _result("rectangle", {"x": 0, "y": 0, "width": 50, "height": 50}),
    ), _task(image="gone.png")])  # fmt: skip
    export.text("other.json", {"a": 1})
    result = export.run("labelstudio")
    assert result.exit_code == 0 and (export.mask() == block(0, 12, 0, 20)).all()
    for line in (
        "1 x shape of a kind that covers no area (keypoint)", "1 x damaged shape (polygon)",
        "1 x brush in another format",
        "1 x damaged shape (brush)", "1 x damaged shape (rectangle)", "1 x annotation of another size than its image",
        "1 x damaged shape (vector)", "1 x image not found in the folder", "1 x JSON file that is not Label Studio's",
    ):  # fmt: skip
        assert line in result.output, (line, result.output)
