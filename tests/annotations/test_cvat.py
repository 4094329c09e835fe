"""CVAT: XML 1.1 for images and the segmentation mask archive, written as its documentation describes them."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.annotations.conftest import HEIGHT, WIDTH, block


def _xml(*children, name="a.png", width=WIDTH, height=HEIGHT, head='<?xml version="1.0" encoding="utf-8"?>'):
    return (
        f"{head}\n<annotations><version>1.1</version><meta><task><name>t</name></task></meta>"
        f'<image id="0" name="{name}" width="{width}" height="{height}">{"".join(children)}</image></annotations>'
    )


def _runs(mask: np.ndarray) -> str:
    flat = np.concatenate([[False], mask.ravel()])
    stops = np.flatnonzero(flat[1:] != flat[:-1])
    return ", ".join(map(str, np.diff([0, *stops, mask.size])))


@pytest.mark.parametrize(
    "element, expected",
    [('<polygon label="c" source="manual" occluded="0" '
      'points="2.00,3.00;9.00,3.00;9.00,8.00;2.00,8.00" z_order="0"></polygon>', block(3, 8, 2, 9)),
     ('<polyline label="c" points="5.00,4.00;20.00,4.00"/>', block(3, 5, 4, 21)),
     ('<box label="c" xtl="2.00" ytl="3.00" xbr="9.00" ybr="8.00"><attribute name="x">1</attribute></box>',
      block(3, 8, 2, 9)),
     ('<box label="c" xtl="2.00" ytl="6.00" xbr="10.00" ybr="10.00" rotation="90.0"/>', block(4, 12, 4, 8))],
)  # fmt: skip
def test_shapes_by_hand(export, element, expected):
    export.image()
    export.text("annotations.xml", _xml(element))
    assert (export.imported("cvat", "--width-px", 2) == expected).all()


def test_subsets_of_a_project_tell_images_of_one_name_apart(export):
    for subset in ("train", "val"):
        export.image(f"images/{subset}/a.png")
    line = '<polyline label="c" points="5.00,4.00;20.00,4.00"/>'
    export.text("annotations.xml", _xml(line).replace('name="a.png"', 'name="a.png" subset="val"'))
    assert (export.imported("cvat", "--width-px", 2, name="val/a") == block(3, 5, 4, 21)).all()
    assert not (export.output / "masks/train").exists()


def test_ellipse_by_its_formula(export):
    export.image()
    export.text("annotations.xml", _xml('<ellipse label="c" cx="20" cy="12" rx="9" ry="4"/>'))
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    assert (export.imported("cvat") == (((x - 20) / 9) ** 2 + ((y - 12) / 4) ** 2 <= 1)).all()


def test_mask_in_its_box(export, curve):
    export.image()
    part = curve[4:20, 7:36]
    export.text(
        "annotations.xml",
        _xml(f'<mask label="c" rle="{_runs(part)}" left="7" top="4" width="29" height="16" z_order="0"></mask>'),
    )
    expected = np.zeros_like(curve)
    expected[4:20, 7:36] = part
    assert (export.imported("cvat") == expected).all()


def test_z_order_decides_what_lies_above(export):
    export.image()
    box = '<box label="{}" xtl="{}" ytl="0" xbr="{}" ybr="9" z_order="{}"/>'
    export.text("annotations.xml", _xml(box.format("background", 4, 8, 1), box.format("c", 0, 20, 0)))
    assert (export.imported("cvat") == block(0, 9, 0, 20) & ~block(0, 9, 4, 8)).all()


def test_labelled_area(export):
    export.image()
    box = '<box label="{}" xtl="{}" ytl="0" xbr="{}" ybr="9"/>'
    export.text("annotations.xml", _xml(box.format("Labelled area", 4, 18), box.format("c", 0, 10)))
    assert (export.imported("cvat") == block(0, 9, 4, 10)).all()
    assert (export.output / "labelled_areas.csv").read_text().splitlines()[1:] == ["a,4,0,14,9"]


def test_an_image_without_a_shape_is_unlabelled_unless_told(export):
    export.image()
    export.text("annotations.xml", _xml())
    result = export.run("cvat")
    assert "0 labelled images, 1 unlabelled" in result.output and not list((export.output / "masks").iterdir())
    export.output = export.output.with_name("second")
    assert not export.imported("cvat", "--empty-is-background").any()


def test_what_is_left_out_is_counted(export):
    export.image()
    export.image("b.png", 10, 20)
    shapes = ['<points label="c" points="1,1"/>', '<tag label="c"/>', '<cuboid label="c"/>',
              '<polygon label="c" points="1,1;x,2;3,3"/>',
              '<mask label="c" rle="3, 4" left="0" top="0" width="5" height="5"/>', '<box label="c"/>',
              '<mask label="c" rle="1" left="0" top="0" width="99999999" height="99999999"/>']  # fmt: skip
    export.text("annotations.xml", _xml(*shapes, '<box label="c" xtl="0" ytl="0" xbr="2" ybr="2"/>'))
    export.text("second.xml", _xml(name="b.png"))
    export.text("video.xml", '<annotations><track id="0" label="c"/></annotations>')
    export.text("other.xml", "<html/>")
    result = export.run("cvat")
    assert (export.mask() == block(0, 2, 0, 2)).all()
    for line in (
        "1 x shape of a kind that covers no area (points)", "1 x shape of a kind that covers no area (tag)",
        "1 x unknown shape (cuboid)", "1 x damaged shape (polygon)", "2 x damaged shape (mask)",
        "1 x damaged shape (box)",
        "1 x annotation of another size than its image", "1 x track of a video", "1 x XML file that is not CVAT's",
    ):  # fmt: skip
        assert line in result.output, (line, result.output)


BOMB = """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotations>&b;</annotations>"""


@pytest.mark.parametrize(
    "content, match",
    [(BOMB, "without a DOCTYPE"), (BOMB.encode("utf-16"), "without a DOCTYPE"), ("<annotations><image", "expected XML"),
     (b"\xff\xfe\x00", "expected XML"), ('<?xml version="1.0" encoding="none"?><a/>', "expected XML")],
)  # fmt: skip
def test_hostile_and_damaged_xml_is_one_line(export, content, match):
    export.image()
    file = export.text("annotations.xml", "")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = export.run("cvat")
    assert (
        len(result.exception.lines) == 1
        and match in result.exception.lines[0]
        and str(file) in result.exception.lines[0]
    )
    assert not export.output.exists()


def _mask_zip(export, curve, mode="RGB", inside="", label_map="background:0,0,0::\ncrack:250,50,83::\nstain:1,2,3::\n"):
    colours = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    colours[curve] = (250, 50, 83)
    colours[20:, :5] = (1, 2, 3)
    picture = Image.fromarray(colours)
    if mode == "P":
        picture = picture.quantize(4)
    elif mode == "L":
        picture = Image.fromarray((curve + 0).astype(np.uint8))
    picture.save(export.root.parent / "mask.png")
    archive = export.root / "task.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("labelmap.txt", "# label:color_rgb:parts:actions\n" + label_map)
        members.writestr("ImageSets/Segmentation/default.txt", "a\n")
        members.write(export.root.parent / "mask.png", "SegmentationClass/a.png")
        members.write(export.root.parent / "mask.png", "SegmentationObject/a.png")
        if inside:
            members.write(inside, "JPEGImages/a.png")
    return archive


@pytest.mark.parametrize("mode", ["RGB", "P", "L"])
def test_mask_archive_beside_its_images(export, curve, mode):
    export.image("photos/a.png")
    _mask_zip(export, curve & ~block(20, 24, 0, 5), mode)
    assert (export.imported("cvat", "--labels", "crack", name="photos/a") == curve & ~block(20, 24, 0, 5)).all()


def test_mask_archive_with_its_images(export, curve):
    image = export.image()
    archive = _mask_zip(export, curve, inside=image)
    result = export.run("cvat", "--labels", "crack", source=archive)
    assert result.exit_code == 0, (result.output, result.exception)
    assert (export.mask() == curve & ~block(20, 24, 0, 5)).all()
    assert (export.output / "images/a.png").read_bytes() == image.read_bytes()


@pytest.mark.parametrize(
    "label_map, match", [("crack:250,50,83::\n", r"expected colours of labelmap.txt, found \[1, 2, 3\] at x 0, y 20"),
                         ("crack\n", "expected lines label:red,green,blue::")],
)  # fmt: skip
def test_mask_archive_faults(export, curve, label_map, match):
    export.image()
    _mask_zip(export, curve, label_map=label_map)
    with pytest.raises(Exception, match=match):
        raise export.run("cvat").exception


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/outside", "a/../../b", "..\\outside.txt", "C:/outside", ".", "/"]
)
def test_archives_that_lead_out_are_refused(export, name):
    export.image()
    with zipfile.ZipFile(export.root / "task.zip", "w") as members:
        members.writestr(name, "x")
    result = export.run("cvat")
    assert "expected paths within the archive" in result.exception.lines[0] and len(result.exception.lines) == 1
    assert not (export.root.parent / "outside.txt").exists()


def _damaged_stream(content):
    place = content.index(b"labelmap.txt") + len("labelmap.txt")
    return content[:place] + b"\xff" * 6 + content[place + 6 :]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("labelmap.txt", _damaged_stream),
        ("l\u00e4belmap.txt", lambda content: content.replace("\u00e4".encode(), b"\xff\xff")),  # said to be UTF-8
        ("a" * 5000, bytes),
    ],
)
def test_archives_with_damage_within_are_one_line(export, name, damage):
    export.image()
    with zipfile.ZipFile(export.root / "task.zip", "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr(name, "crack:1,1,1::" * 500)
    (export.root / "task.zip").write_bytes(damage((export.root / "task.zip").read_bytes()))
    result = export.run("cvat")
    assert len(result.exception.lines) == 1 and "found damage" in result.exception.lines[0]


def test_archives_that_swell_are_refused(export):
    export.image()
    with zipfile.ZipFile(export.root / "task.zip", "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("annotations.xml", b"0" * 3_000_000)
    assert "which unpacks to" in export.run("cvat").exception.lines[0]
    (export.root / "task.zip").write_bytes(b"PK\3\4 cut short")
    assert "found damage" in export.run("cvat").exception.lines[0]
