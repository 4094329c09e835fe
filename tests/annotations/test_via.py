"""VGG Image Annotator: JSON and CSV of versions 1 and 2, its project, each shape, and what is none."""

import csv
import io
import json

import numpy as np
import pytest

from tests.annotations.conftest import HEIGHT, WIDTH, block

BOX = {"name": "rect", "x": 2, "y": 3, "width": 7, "height": 5}


def region(shape, **attributes):
    return {"shape_attributes": shape, "region_attributes": attributes}


def entry(*regions, name="a.png"):
    return {f"{name}123": {"filename": name, "size": 123, "regions": list(regions), "file_attributes": {}}}


def polygon(*points, name="polygon"):
    return {"name": name, "all_points_x": [x for x, _ in points], "all_points_y": [y for _, y in points]}


def table(*rows, first="filename"):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([first, "file_size", "file_attributes", "region_count", "region_id", "region_shape_attributes",
                     "region_attributes"])  # fmt: skip
    writer.writerows(
        [name, 1, "{}", 1, 0, json.dumps(shape), json.dumps(attributes)] for name, shape, attributes in rows
    )
    return out.getvalue()


@pytest.mark.parametrize("form", ["regions", "project", "version 1", "csv", "csv of version 1"])
def test_forms(export, form):
    export.image("photos/a.png")
    content = {**entry(region(BOX, label="crack")), **entry(name="b.png")}
    export.image("b.png")
    if form == "project":
        content = {"_via_settings": {}, "_via_img_metadata": content, "_via_attributes": {}}
    elif form == "version 1":
        content["a.png123"]["regions"] = {"0": content["a.png123"]["regions"][0]}
    elif form.startswith("csv"):
        content = table(
            ("a.png", BOX, {"label": "crack"}), ("b.png", {}, {}), first="#filename" if "1" in form else "filename"
        )
    export.text("via.csv" if form.startswith("csv") else "via.json", content)
    assert (export.imported("via", "--labels", "crack", name="photos/a") == block(3, 8, 2, 9)).all()
    assert not (export.output / "masks" / "b.png").exists()


def test_each_shape(export):
    export.image()
    shapes = [
        polygon((2, 3), (9, 3), (9, 8), (2, 8)),
        polygon((0, 12), (40, 12), name="polyline"),
        {"name": "circle", "cx": 20.5, "cy": 4.5, "r": 1},
        {"name": "ellipse", "cx": 30.5, "cy": 4.5, "rx": 3, "ry": 0.6, "theta": np.pi / 2},  # stands upright
        {"name": "point", "cx": 1, "cy": 1},
    ]
    export.text("via.json", entry(*(region(shape, label="crack") for shape in shapes)))
    result = export.run("via", "--width-px", 2)
    plus = block(4, 5, 19, 22) | block(3, 6, 20, 21)
    expected = block(3, 8, 2, 9) | block(11, 13, 0, WIDTH) | plus | block(2, 8, 30, 31)
    expected[1, 30] = True  # 3 px above the middle of row 4, on the rim
    assert (export.mask() == expected).all()
    assert "1 x shape of a kind that covers no area (point)" in result.output


@pytest.mark.parametrize(
    "attributes, label",
    [
        ({"severity": "2", "Label": "crack"}, "crack"),
        ({"type": {"crack": True, "joint": False, "wide": True}}, "crack, wide"),
        ({"severity": "2"}, "2"),
        ({"label": "", "kind": "joint"}, "joint"),
        ({}, "unnamed"),
        (None, "unnamed"),
    ],
)
def test_labels(export, attributes, label):
    export.image()
    export.text("via.json", entry({"shape_attributes": BOX, "region_attributes": attributes}))
    assert f"label {label}: 1 shape, foreground" in export.run("via").output


def test_what_is_left_out_is_counted(export):
    export.image()
    damaged = [
        None, {}, region({"name": "rect", "x": float("nan"), "y": 0, "width": 1, "height": 1}), region(polygon((1, 2))),
        region({"name": "polygon", "all_points_x": [1, 2, 3], "all_points_y": [1]}),
        region({"name": "circle", "cx": 10**400, "cy": 1, "r": 1}),
    ]  # fmt: skip
    shapes = [
        *damaged,
        region({"name": "spiral"}),
        region({**BOX, "x": -4, "width": 1e9, "y": HEIGHT - 1, "height": 1e300}),
    ]
    export.text("via.json", {**entry(*shapes), **entry(region(BOX), name="../../etc/passwd.png")})
    export.text("other.csv", "image,x\na,1\n")
    export.text("other.json", {"project": {"pid": "3"}, "view": {}})
    export.text("broken.csv", "filename,region_shape_attributes,region_attributes\na.png,{,{}\n")
    result = export.run("via")
    assert result.exit_code == 0, result.exception
    assert (export.mask() == block(HEIGHT - 1, HEIGHT, 0, WIDTH)).all()
    for said in (
        "3 x damaged shape (?)", "1 x damaged shape (rect)", "2 x damaged shape (polygon)",
        "1 x damaged shape (circle)", "1 x unknown shape (spiral)", "1 x image not found in the folder",
        "1 x CSV file that is not VIA's", "1 x JSON file that is not VIA's (of version 1 or 2)",
    ):  # fmt: skip
        assert said in result.output, (said, result.output)


def test_cells_of_any_length(export):
    export.image()
    x = np.linspace(2, 9, 8_000).tolist()
    shape = {"name": "polygon", "all_points_x": [*x, 9, 2], "all_points_y": [*([3] * len(x)), 8, 8]}
    export.text("via.csv", table(("a.png", shape, {})))
    assert (export.imported("via") == block(3, 8, 2, 9)).all()


def test_a_table_in_another_encoding_is_one_line(export):
    export.image()
    file = export.text("via.csv", "")
    file.write_bytes(b"filename,\xe9\n")
    (said,) = export.run("via").exception.lines
    assert said.startswith(f"{file}: expected text in UTF-8, found ")
