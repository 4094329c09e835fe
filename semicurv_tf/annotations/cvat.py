"""CVAT: "CVAT for images 1.1" (annotations.xml) and "Segmentation mask 1.1" (labelmap.txt, SegmentationClass/).

XML: `image` with name, width and height; below it `polygon`, `polyline` (points "x,y;x,y"), `box` (xtl, ytl, xbr,
ybr, rotation in degrees about its middle), `ellipse` (cx, cy, rx, ry, rotation), `mask` (rle row by row within left,
top, width, height). A larger z_order lies above (https://docs.cvat.ai/docs/dataset_management/formats/format-cvat).
"""

from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from semicurv_tf.annotations.material import Material, displayed_size, read_xml, with_size
from semicurv_tf.annotations.run_lengths import decode_counts
from semicurv_tf.annotations.shapes import (
    AnnotatedImage,
    Annotations,
    Ellipse,
    Line,
    Patch,
    Polygon,
    Shape,
    box,
    of_another_size,
    points_of,
)
from semicurv_tf.errors import UserError
from semicurv_tf.images.opener import open_picture
from semicurv_tf.wording import in_short

LABEL_MAP = "labelmap.txt"
_MASKS = "SegmentationClass"


def read_cvat(material: Material) -> Annotations:
    """Every CVAT export of the material, of either kind."""
    found = Annotations()
    for path, root in material.contents(".xml", read_xml, found.faults):
        if root.tag != "annotations":
            found.passed_over["XML file that is not CVAT's"] += 1
            continue
        found.passed_over.update({"track of a video": tracks} if (tracks := len(root.findall("track"))) else {})
        for element in root.iter("image"):
            _read_image(element, path, material, found)
    for path in material.files(".txt"):
        if path.name == LABEL_MAP:
            _read_masks(path, material, found)
    return found


def _read_image(element: Element, path: Path, material: Material, found: Annotations) -> None:
    sized = material.find_sized(element.get("name", ""), path, element.get("subset"))
    if isinstance(sized, str):
        found.passed_over[sized] += 1
        return
    image, size = sized
    if of_another_size(element.get("width"), element.get("height"), size):
        found.passed_over["annotation of another size than its image"] += 1
        return
    shapes, unread = [], 0
    for child in element:
        drawn = _shape(child, size)
        if isinstance(drawn, str):
            found.passed_over[drawn] += 1
            unread += child.tag != "tag"  # which is a word about the whole image
        else:
            shapes.append((_order(child), drawn))
    drawn_in_order = tuple(drawn for _, drawn in sorted(shapes, key=lambda pair: pair[0]))
    looked_at = bool(shapes)
    found.images.append(AnnotatedImage(material.name_of(image), image, size, drawn_in_order, looked_at, unread, path))


def _order(element: Element) -> int:
    try:
        return int(element.get("z_order", 0))
    except ValueError:
        return 0


def _shape(element: Element, size) -> Shape | str:
    kind, label = element.tag, element.get("label", "")

    def number(key: str, default: str = "") -> float:
        return float(element.get(key, default))

    try:
        if kind in ("polygon", "polyline"):
            pairs = [point.split(",") for point in element.get("points", "").split(";")]
            points = points_of(pairs, 3 if kind == "polygon" else 2)
            return Polygon(label, (points,)) if kind == "polygon" else Line(label, points)
        if kind == "box":
            return box(label, number("xtl"), number("ytl"), number("xbr"), number("ybr"), number("rotation", "0"))
        if kind == "ellipse":
            (centre,) = points_of([(number("cx"), number("cy"))], 1)
            (radii,) = points_of([(number("rx"), number("ry"))], 1)
            return Ellipse(label, tuple(centre), tuple(radii), float(np.radians(number("rotation", "0"))))
        if kind == "mask":
            left, top, width, height = (int(element.get(key, "")) for key in ("left", "top", "width", "height"))
            if width * height > size[0] * size[1]:
                raise ValueError("mask larger than its image")
            counts = [int(count) for count in element.get("rle", "").split(",")]
            return Patch(label, left, top, decode_counts(counts, height, width, "C"))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return f"damaged shape ({kind})"
    return f"shape of a kind that covers no area ({kind})" if kind in ("points", "tag") else f"unknown shape ({kind})"


def _read_masks(path: Path, material: Material, found: Annotations) -> None:
    try:
        colours = _label_map(path)
    except UserError as error:
        found.faults.extend(error.lines)
        return
    folder = path.parent / _MASKS
    files = sorted(file for file in folder.rglob("*.png") if file.is_file()) if folder.is_dir() else []
    if not files:
        found.faults.append(f"{path}: expected masks in {_MASKS}/ beside it, found none. Fix: unpack the whole export")
    for file in files:
        sized = with_size(material.by_stem(file.relative_to(folder).with_suffix("").as_posix()))
        if isinstance(sized, str):
            found.passed_over[sized] += 1
            continue
        image, size = sized
        try:
            shapes = _patches(file, colours, size)
        except UserError as error:
            found.faults.extend(error.lines)
            continue
        found.images.append(AnnotatedImage(material.name_of(image), image, size, shapes, bool(shapes), source=file))


def _label_map(path: Path) -> dict[str, tuple[int, int, int]]:
    """Label to colour, in the file's order: `label:r,g,b:parts:actions` a line."""
    colours = {}
    try:
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            if line.strip() and not line.startswith("#"):
                label, colour, *_ = line.split(":")
                red, green, blue = map(int, colour.split(","))
                colours[label.strip()] = (red, green, blue)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected lines label:red,green,blue::, found another ({' '.join(str(error).split())[:80]}). "
            "Fix: export it again"
        ) from None
    return colours


def _patches(file: Path, colours, size) -> tuple[Patch, ...]:
    actual = displayed_size(file)
    if actual != size:
        found = actual if isinstance(actual, str) else "{}x{}".format(*actual)
        raise UserError(
            f"{file}: expected {size[0]}x{size[1]} pixels as its image, found {found}. Fix: export it again"
        )
    try:
        with open_picture(file, ("PNG",)) as image:
            indexed = image.mode in ("L", "1")
            values = np.asarray(image.convert("L" if indexed else "RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(
            f"{file}: expected a PNG mask, found damage ({in_short(error)}). Fix: export it again"
        ) from None
    left, patches = np.ones(values.shape[:2], bool), []
    for index, (label, colour) in enumerate(colours.items()):
        mask = values == index if indexed else (values == colour).all(axis=-1)
        left &= ~mask
        if mask.any() and label.lower() != "background":
            patches.append(Patch(label, 0, 0, mask))
    left &= values > 0 if indexed else values.any(axis=-1)  # black is background, in the list or not
    if left.any():
        row, column = np.argwhere(left)[0]
        raise UserError(
            f"{file}: expected colours of {LABEL_MAP}, found {values[row, column].tolist()} at x {column}, y {row}. "
            "Fix: export it again"
        )
    return tuple(patches)
