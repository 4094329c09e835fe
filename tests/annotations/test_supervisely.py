"""Supervisely: polygons, lines, rectangles and bitmaps by hand; names of images, sizes, and bitmaps that lie."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.annotations.conftest import HEIGHT, WIDTH, block


def packed(mask, mode="P"):
    """As Supervisely's own code packs a bitmap: a palette of black and white whose first entry is transparent."""
    out = io.BytesIO()
    values = np.asarray(mask, np.uint8)
    if mode == "P":
        picture = Image.fromarray(values)
        picture.putpalette([0, 0, 0, 255, 255, 255])
        picture.save(out, format="PNG", transparency=0)
    elif mode == "RGBA":
        Image.fromarray(np.stack([values * 255] * 4, axis=-1)).save(out, format="PNG")
    else:
        Image.fromarray(values * 255).convert(mode).save(out, format="PNG")
    return base64.b64encode(zlib.compress(out.getvalue())).decode()


def bitmap(mask, left=0, top=0, mode="P"):
    return {
        "classTitle": "crack",
        "geometryType": "bitmap",
        "bitmap": {"data": packed(mask, mode), "origin": [left, top]},
    }


def drawn(kind, *points, interior=(), title="crack"):
    told = {"exterior": [list(point) for point in points], "interior": list(interior)}
    return {"classTitle": title, "geometryType": kind, "points": told}


def annotation(export, *objects, path="ds/ann/a.png.json", size=(WIDTH, HEIGHT)):
    return export.text(
        path, {"description": "", "tags": [], "size": {"height": size[1], "width": size[0]}, "objects": list(objects)}
    )


@pytest.fixture
def project(export):
    export.image("ds/img/a.png")
    export.text("meta.json", {"classes": [{"title": "crack", "shape": "line", "color": "#F00"}], "tags": []})
    return export


def test_polygons_with_a_hole_begin_in_the_middle_of_their_first_pixel(project):
    """Whole numbers were rounded down: a corner lies half a pixel farther on average."""
    hole = [[4, 5], [6, 5], [6, 7], [4, 7]]
    annotation(project, drawn("polygon", (2, 3), (9, 3), (9, 8), (2, 8), interior=[hole]))
    assert (project.imported("supervisely", name="ds/img/a") == block(3, 8, 2, 9) & ~block(5, 7, 4, 6)).all()


def test_coordinates_with_a_fraction_are_those_of_the_canvas(project):
    annotation(project, drawn("polygon", (2.4, 3), (9.4, 3), (9.4, 8), (2.4, 8)))
    assert (project.imported("supervisely", name="ds/img/a") == block(3, 8, 2, 9)).all()


def test_rectangles_hold_their_last_row_and_column_and_lines_run_along_middles(project):
    annotation(project, drawn("rectangle", (8, 7), (2, 3)), drawn("line", (0, 12), (39, 12)))
    mask = project.imported("supervisely", "--width-px", 1, name="ds/img/a")
    assert (mask == block(3, 8, 2, 9) | block(12, 13, 0, WIDTH)).all()


@pytest.mark.parametrize("mode", ["P", "RGBA", "L", "1"])
def test_bitmaps_stand_at_their_origin(project, curve, mode):
    annotation(project, bitmap(curve[2:20, 5:35], 5, 2, mode))
    assert (project.imported("supervisely", name="ds/img/a") == curve & block(2, 20, 5, 35)).all()


def test_bitmaps_that_reach_over_the_edge_are_cut_off(project):
    annotation(project, bitmap(np.ones((4, 6)), -2, -1), bitmap(np.ones((4, 6)), WIDTH - 2, HEIGHT - 1))
    mask = project.imported("supervisely", name="ds/img/a")
    assert (mask == block(0, 3, 0, 4) | block(HEIGHT - 1, HEIGHT, WIDTH - 2, WIDTH)).all()


def png_of(width, height, rows=b""):
    """A PNG that claims a size."""
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_bitmaps_that_lie_are_counted_and_not_decoded(project):
    code = lambda content: base64.b64encode(zlib.compress(content)).decode()
    datas = [
        code(png_of(60_000, 60_000)), code(png_of(WIDTH + 1, 1, bytes(WIDTH + 2))), code(bytes(2**22)), code(b""),
        base64.b64encode(b"not packed").decode(), "not in base64!", packed(np.ones((2, 2)), "RGB"), 7, None,
    ]  # fmt: skip
    objects = [{**bitmap([[1]]), "bitmap": {"data": data, "origin": [0, 0]}} for data in datas]
    objects += [
        {**bitmap([[1]]), "bitmap": {"data": packed([[1]]), "origin": origin}} for origin in ([0], [0, 1e400], "ab")
    ]
    annotation(project, *objects, bitmap(np.ones((2, 3)), 4, 5))
    result = project.run("supervisely")
    assert result.exit_code == 0, result.exception
    assert f"{len(objects)} x damaged shape (bitmap)" in result.output
    assert (project.mask("ds/img/a") == block(5, 7, 4, 7)).all()


def test_what_is_left_out_is_counted(project):
    project.image("ds/img/b.png")
    annotation(
        project, drawn("point", (1, 1)), drawn("cuboid", (1, 1)), drawn("polygon", (1, 1), (2, 2)), None, {"points": 3},
        drawn("polygon", (0, 0), (float("nan"), 0), (1, 1)), drawn("polygon", (-9, 3), (99, 3), (99, 8), (-9, 8)),
    )  # fmt: skip
    annotation(project, bitmap([[1]]), path="ds/ann/b.png.json", size=(WIDTH * 2, HEIGHT * 2))
    annotation(project, bitmap([[1]]), path="ds/ann/x%2F..%2F..%2Fsecret.png.json")
    project.text("obj_class_to_machine_color.json", {"crack": [1, 1, 1]})
    result = project.run("supervisely")
    assert result.exit_code == 0, result.exception
    assert (project.mask("ds/img/a") == block(3, 8, 0, WIDTH)).all()
    for said in (
        "1 x shape of a kind that covers no area (point)", "1 x unknown shape (cuboid)", "2 x damaged shape (polygon)",
        "2 x damaged shape (?)", "1 x annotation of another size than its image", "1 x image not found in the folder",
        "1 x JSON file that is not Supervisely's annotation of an image",
    ):  # fmt: skip
        assert said in result.output, (said, result.output)


def test_images_of_one_name_in_two_datasets_and_masks_drawn_by_the_export(project):
    for number, dataset in enumerate(("train", "val")):
        project.image(f"{dataset}/img/a.png")
        project.image(f"{dataset}/masks_machine/a.png")
        annotation(project, drawn("rectangle", (2 + number, 3), (8, 7)), path=f"{dataset}/ann/a.png.json")
    assert (project.imported("supervisely", name="val/img/a") == block(3, 8, 3, 9)).all()
    assert (project.mask("train/img/a") == block(3, 8, 2, 9)).all()
    assert sorted(file.name for file in (project.output / "images").rglob("*.png")) == ["a.png"] * 3


def test_files_of_earlier_versions_say_their_kind_in_the_classes(project):
    one = drawn("", (0, 12), (39, 12))
    del one["geometryType"]
    annotation(project, {**one, "bitmap": None})
    mask = project.imported("supervisely", "--width-px", 1, name="ds/img/a")
    assert (mask == block(12, 13, 0, WIDTH)).all()
