"""labelme's JSON: one file per image.

`shapes` holds `label`, `points`, `shape_type` (polygon where it lacks), and for masks a PNG in base64 that fills the
box of the two points, the last row and column included. Coordinates are those of labelme's canvas, where the image
begins at 0, 0. Its own conversion takes `_background_` for nothing and `__ignore__` for pixels that do not count,
later shapes over earlier ones, and so does the import (https://github.com/wkentaro/labelme,
examples/semantic_segmentation).
"""

import base64
from pathlib import Path

import numpy as np

from semicurv_tf.annotations.material import Material, displayed_size, read_json
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
from semicurv_tf.images.own_files import is_corrected

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp", "TIFF": ".tif", "WEBP": ".webp", "GIF": ".gif"}


def read_labelme(material: Material) -> Annotations:
    """Every labelme file of the material."""
    found = Annotations()
    for path, content in material.contents(".json", read_json, found.faults):
        if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
            found.passed_over["JSON file that is not labelme's"] += 1
            continue
        image, name, size = _image(content, path, material)
        if size is None:
            found.passed_over[image] += 1
            continue
        shapes, unread = found.readable(_shape(shape, size) for shape in content["shapes"])
        looked_at = bool(shapes) or not content["shapes"]
        found.images.append(AnnotatedImage(name, image, size, shapes, looked_at, unread, path, is_corrected(content)))
    return found


def _image(content: dict, path: Path, material: Material):
    """The image, its name and size; or a reason, None and None."""
    image: Path | bytes | str = material.find(str(content.get("imagePath") or path.stem), path)
    size: tuple[int, int] | str
    if isinstance(image, Path):
        name, size = material.name_of(image), displayed_size(image)
    elif content.get("imageData"):
        image, size = _carried(content["imageData"])
        name = material.name_of(path)
    else:
        return image, None, None
    if isinstance(size, str):
        return size, None, None
    if of_another_size(content.get("imageWidth"), content.get("imageHeight"), size):
        return "annotation of another size than its image", None, None
    return image, name, size


def _carried(text) -> tuple[bytes, tuple[int, int] | str]:
    try:
        content = base64.b64decode(text, validate=True)
        with open_picture(content, tuple(_SUFFIXES)) as image:
            return content, image.size
    except (TypeError, ValueError, OSError, UserError):
        return b"", "image in the annotation cannot be read"


def suffix_of(content: bytes) -> str:
    """The suffix that fits the bytes of an image."""
    with open_picture(content, tuple(_SUFFIXES)) as image:
        return _SUFFIXES[image.format or "PNG"]


def _shape(shape, size) -> Shape | str:
    """The shape; or the reason why it is passed over."""
    kind = "?"
    try:
        kind, label = shape.get("shape_type") or "polygon", str(shape["label"])
        # X-AnyLabeling writes all four corners of a rectangle, and calls one that is turned a rotation.
        if kind in ("polygon", "oriented_rectangle", "rotation") or (kind == "rectangle" and len(shape["points"]) == 4):
            return Polygon(label, (points_of(shape["points"], 3),))
        if kind in ("linestrip", "line"):
            return Line(label, points_of(shape["points"], 2))
        if kind == "rectangle":
            (left, top), (right, bottom) = points_of(shape["points"], 2)
            return box(label, left, top, right, bottom)
        if kind == "circle":
            centre, rim = points_of(shape["points"], 2)
            radius = float(np.hypot(*(rim - centre)))
            return Ellipse(label, tuple(centre), (radius, radius))
        if kind == "mask":
            return _patch(label, shape, size)
    except (AttributeError, KeyError, TypeError, ValueError, OSError, SyntaxError, UserError):
        return f"damaged shape ({kind})"
    return f"shape of a kind that covers no area ({kind})" if kind in ("point", "points") else f"unknown shape ({kind})"


def _patch(label, shape, size) -> Patch:
    (left, top), (right, bottom) = points_of(shape["points"], 2).astype(int)
    content = base64.b64decode(shape["mask"], validate=True)
    with open_picture(content, ("PNG",)) as image:
        if image.size != (right - left + 1, bottom - top + 1) or image.width * image.height > size[0] * size[1]:
            raise ValueError("mask of another size than its box")
        mask = np.asarray(image) > 0
    if mask.ndim != 2:
        raise ValueError("mask in colour")
    return Patch(label, int(left), int(top), mask)
