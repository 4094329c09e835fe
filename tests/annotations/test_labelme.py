"""labelme: files as its documentation describes them, and as its own package writes them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.annotations.conftest import HEIGHT, WIDTH, block


def _png(mask: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _shape(kind, points, label="crack", **more):
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def _file(export, *shapes, path="a.json", image="a.png", **more):
    content = {"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": image, "imageData": None,
               "imageHeight": HEIGHT, "imageWidth": WIDTH}  # fmt: skip
    return export.text(path, content | more)


@pytest.mark.parametrize(
    "kind, points, expected",
    [("polygon", [[2, 3], [9, 3], [9, 8], [2, 8]], block(3, 8, 2, 9)),
     ("rectangle", [[9, 8], [2, 3]], block(3, 8, 2, 9)),
     ("line", [[5, 4], [20, 4]], block(3, 5, 4, 21)),
     ("linestrip", [[5, 4], [20, 4], [20, 10]], block(3, 5, 4, 21) | block(3, 11, 19, 21))],
)  # fmt: skip
def test_shapes_by_hand(export, kind, points, expected):
    export.image()
    _file(export, _shape(kind, points))
    assert (export.imported("labelme", "--width-px", 2) == expected).all()


def test_circle_is_centre_and_rim(export):
    export.image()
    _file(export, _shape("circle", [[10, 10], [10, 14]]))
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    assert (export.imported("labelme") == ((x - 10) ** 2 + (y - 10) ** 2 <= 16)).all()


def test_mask_shape_fills_its_box_last_row_and_column_included(export, curve):
    export.image()
    _file(export, _shape("mask", [[3, 2], [33, 21]], mask=_png(curve[2:22, 3:34])))
    expected = np.zeros_like(curve)
    expected[2:22, 3:34] = curve[2:22, 3:34]
    assert (export.imported("labelme") == expected).all()


def test_background_takes_away_what_lies_below_and_ignore_is_unknown(export):
    export.image()
    _file(
        export,
        _shape("rectangle", [[2, 2], [20, 20]]),
        _shape("rectangle", [[5, 5], [10, 10]], "_background_"),
        _shape("rectangle", [[8, 8], [12, 12]]),
        _shape("rectangle", [[30, 0], [40, 24]], "__ignore__"),
    )
    expected = block(2, 20, 2, 20) & ~block(5, 10, 5, 10) | block(8, 12, 8, 12)
    assert (export.imported("labelme") == expected).all()
    assert (export.output / "labelled_areas.csv").read_text() == "image,x,y,width,height\na,0,0,30,24\n"


def test_an_image_that_the_file_carries(export):
    content = export.image().read_bytes()
    (export.root / "a.png").unlink()
    data = base64.b64encode(content).decode()
    _file(export, _shape("rectangle", [[0, 0], [4, 4]]), image="C:\\Users\\me\\a.png", imageData=data)
    assert (export.imported("labelme") == block(0, 4, 0, 4)).all()
    assert (export.output / "images/a.png").read_bytes() == content


def test_what_is_left_out_is_counted(export):
    export.image()
    export.image("deep/b.jpg")
    export.image("c.png")
    _file(
        export,
        _shape("point", [[3, 3]]), _shape("spline", [[3, 3], [4, 4]]), _shape("polygon", [[3, 3]]),
        _shape("polygon", [[0, 0], ["x", 1], [2, 2]]), _shape("line", [[0, 0], [1e400, 1]]),
        _shape("mask", [[0, 0], [9, 9]], mask="!"),
        _shape("rectangle", [[0, 0], [4, 4]]), _shape("rectangle", [[9, 9], [12, 12]], "stain"),
        _shape("rectangle", [[1.6, 1.6], [1.9, 1.9]]),
    )  # fmt: skip
    _file(export, path="deep/b.json", image="..\\deep\\b.jpg")
    _file(export, path="d.json", image="../../../etc/passwd")
    export.text("other.json", {"some": "thing"})
    result = export.run("labelme", "--labels", "crack")
    assert result.exit_code == 0, result.output
    assert (export.mask() == block(0, 4, 0, 4)).all()
    assert not export.mask("deep/b").any()  # an empty list of shapes was saved by someone who looked
    assert (export.output / "images/c.png").exists() and not (export.output / "masks/c.png").exists()
    for line in (
        "label crack: 2 shapes, foreground", "label stain: 1 shape, not chosen",
        "1 x shape of a kind that covers no area (point)", "1 x unknown shape (spline)", "2 x damaged shape (polygon)",
        "1 x damaged shape (line)", "1 x damaged shape (mask)", "1 x shape of a label that was not chosen (stain)",
        "1 x shape that covers no pixel's centre", "1 x image not found in the folder",
        "1 x JSON file that is not labelme's", "2 labelled images, 1 unlabelled",
    ):  # fmt: skip
        assert line in result.output, (line, result.output)


def test_files_of_labelmes_own_package(export, curve, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # labelme sets it to None
    labelme = pytest.importorskip("labelme", reason="pip install labelme: writes the files itself")
    writer = pytest.importorskip("labelme._label_file", reason="labelme 6 or later writes without a window")
    from labelme.utils import img_arr_to_b64, shape_to_mask

    export.image()
    triangle = [[2.3, 3.1], [30.4, 8.2], [9.6, 20.7]]
    shapes = [
        _shape("mask", [[0, 0], [WIDTH - 1, HEIGHT - 1]], "painted", mask=img_arr_to_b64(curve.astype(np.uint8))),
        _shape("polygon", triangle, "triangle"),
    ]
    writer.write_label_file(
        str(export.root / "a.json"), shapes=shapes, image_path="a.png", image_height=HEIGHT, image_width=WIDTH,
        image_data=(export.root / "a.png").read_bytes(),
    )  # fmt: skip
    assert labelme.__version__
    assert (export.imported("labelme", "--labels", "painted") == curve).all()
    export.output = export.output.with_name("second")
    ours = export.imported("labelme", "--labels", "triangle")
    # labelme's own drawing adds the outline, and takes a pixel's number for its centre: never more than a pixel away.
    theirs = shape_to_mask((HEIGHT, WIDTH), triangle, "polygon")
    from scipy.ndimage import binary_dilation, binary_erosion

    assert (ours <= binary_dilation(theirs, np.ones((3, 3)))).all()
    assert (binary_erosion(theirs, np.ones((3, 3))) <= ours).all()


@pytest.mark.parametrize(
    "reference",
    ["http://[::1/b.png?x", "../../b.png", "/etc/hostname", "file:///etc/hostname?d=/etc/passwd", "b\0.png"],
)
def test_an_image_elsewhere_is_not_looked_for(export, reference):
    export.image()
    _file(export, _shape("rectangle", [[2, 3], [9, 8]]), image=reference)
    result = export.run("labelme")
    assert "1 image not found in the folder" in result.exception.lines[0] and not export.output.exists()


def test_a_label_cannot_write_to_the_terminal(export):
    export.image()
    _file(export, _shape("rectangle", [[2, 3], [9, 8]], label="crack\x1b[2J"))
    result = export.run("labelme")
    assert result.exit_code == 0 and "\x1b" not in result.output and "label crack\\x1b[2J: 1 shape" in result.output


@pytest.mark.parametrize("kind", ["rectangle", "rotation"])
def test_rectangles_of_four_corners(export, kind):
    export.image()
    corners = [[2, 3], [9, 3], [9, 8], [2, 8]]
    export.text("a.json", {"shapes": [{"label": "c", "points": corners, "shape_type": kind}], "imagePath": "a.png"})
    assert (export.imported("labelme") == block(3, 8, 2, 9)).all()


def test_a_number_of_hundreds_of_digits_is_a_damaged_shape(export):
    export.image()
    shape = {"label": "crack", "points": [[0, 0], [10**400, 0], [4, 4]], "shape_type": "polygon"}
    good = {"label": "crack", "points": [[2, 3], [9, 8]], "shape_type": "rectangle"}
    export.text("a.json", {"imagePath": "a.png", "shapes": [shape, good]})
    result = export.run("labelme")
    assert result.exit_code == 0 and "1 x damaged shape (polygon)" in result.output
    assert (export.mask() == block(3, 8, 2, 9)).all()
