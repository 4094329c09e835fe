"""Supervisely's JSON: `DATASET/ann/NAME.jpg.json` about `DATASET/img/NAME.jpg`, and the classes in `meta.json`.

Coordinates of a download are whole numbers of pixels, rounded down from where the annotator clicked: so a corner is
taken for the middle of its pixel, and a rectangle holds its last row and column. Coordinates with a fraction are those
of the canvas. A bitmap is a PNG, packed by zlib and in base64, its first pixel at `origin`
(https://docs.supervisely.com, annotation JSON format and coordinate system).
"""

import base64
import binascii
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from semicurv_tf.annotations.material import Material, read_json, with_size
from semicurv_tf.annotations.shapes import (
    AnnotatedImage,
    Annotations,
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

META = "meta.json"
_MOST_PNG_BYTES = 2**20  # besides four bytes for each pixel of the image
_NO_AREA = ("point", "graph", "keypoints")


def read_supervisely(material: Material) -> Annotations:
    """Every annotation of the material."""
    found, contents = Annotations(), []
    shapes_of_classes: dict[str, str] = {}  # files of earlier versions do not say in an object what kind it is of
    for path, content in material.contents(".json", read_json, found.faults):
        if path.name == META and isinstance(content, dict) and isinstance(content.get("classes"), list):
            named = (one for one in content["classes"] if isinstance(one, dict))
            shapes_of_classes |= {str(one.get("title")): str(one.get("shape")) for one in named}
        elif not isinstance(content, dict) or not isinstance(content.get("objects"), list):
            found.passed_over["JSON file that is not Supervisely's annotation of an image"] += 1
        else:
            contents.append((path, content))
    for path, content in contents:
        _read_image(content, path, material, shapes_of_classes, found)
    return found


def _read_image(content: dict, path: Path, material: Material, kinds: dict[str, str], found: Annotations) -> None:
    sized = with_size(_image(path, material))
    if isinstance(sized, str):
        found.passed_over[sized] += 1
        return
    image, size = sized
    told = content.get("size")
    if isinstance(told, dict) and of_another_size(told.get("width"), told.get("height"), size):
        found.passed_over["annotation of another size than its image"] += 1
        return
    shapes, unread = found.readable(_shape(one, size, kinds) for one in content["objects"])
    found.images.append(AnnotatedImage(material.name_of(image), image, size, shapes, bool(shapes), unread, path))


def _image(path: Path, material: Material) -> Path | str:
    """The image of a file: its name is the image's, and .json behind it."""
    inside = material.find(f"../img/{path.stem}", path)
    if isinstance(inside, Path):
        return inside
    named = material.find(path.stem, path)
    return named if isinstance(named, Path) else material.by_stem(path.stem)


def _shape(one: Any, size: tuple[int, int], kinds: dict[str, str]) -> Shape | str:
    """The shape of an object; or the reason why it is passed over."""
    kind = "?"
    try:
        label = str(one.get("classTitle") or f"class {one['classId']}")
        kind = str(one.get("geometryType") or ("bitmap" if one.get("bitmap") else kinds.get(label, "polygon")))
        if kind == "bitmap":
            return _patch(label, one["bitmap"], size)
        if kind in ("polygon", "line", "rectangle"):
            rings = [one["points"]["exterior"], *(one["points"].get("interior") or [])]
            return _drawn(kind, label, [points_of(ring, 3 if kind == "polygon" else 2) for ring in rings])
    except (AttributeError, KeyError, TypeError, ValueError, OSError, SyntaxError, OverflowError, UserError):
        return f"damaged shape ({kind[:40]})"
    return f"shape of a kind that covers no area ({kind})" if kind in _NO_AREA else f"unknown shape ({kind[:40]})"


def _drawn(kind: str, label: str, rings: list[np.ndarray]) -> Shape:
    whole = all((ring == np.floor(ring)).all() for ring in rings)
    if kind == "rectangle":
        (left, top), (right, bottom) = (ends := rings[0][:2]).min(axis=0), ends.max(axis=0)
        return box(label, left, top, right + whole, bottom + whole)
    middles = [ring + 0.5 * whole for ring in rings]
    return Polygon(label, tuple(middles)) if kind == "polygon" else Line(label, middles[0])


def _patch(label: str, bitmap: dict, size: tuple[int, int]) -> Patch:
    """Raises ValueError where the bitmap is damaged, or larger than its image."""
    ((left, top),) = points_of([bitmap["origin"]], 1)
    most = 4 * size[0] * size[1] + _MOST_PNG_BYTES
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(base64.b64decode(bitmap["data"], validate=True), most)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from None
    if unpacking.unconsumed_tail:
        raise ValueError("a bitmap that swells")
    with open_picture(content, ("PNG",)) as image:
        if image.width > size[0] or image.height > size[1]:
            raise ValueError("a bitmap larger than its image")
        shown = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
        if not shown and image.mode not in ("1", "L"):
            raise ValueError("a bitmap in colour")
        mask = np.asarray(image.convert("RGBA"))[..., 3] > 0 if shown else np.asarray(image) > 0
    return Patch(label, int(left), int(top), mask)
