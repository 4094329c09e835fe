"""A mask as a labelme file that people edit, and that `datasets import --from labelme` reads back to the same mask.

Outlines run halfway between the centres of foreground and background (marching squares), simplified by less than would
move one across a centre: each lies at least 0.353 px from every centre, and moves by at most 0.3. labelme's polygons
have no holes: a hole is a polygon of the label `_background_` above the one that it lies in, as labelme's own
conversion has it.
"""

import base64
import io
import json
from pathlib import Path

import numpy as np
import shapely
from PIL import Image

from semicurv_tf.images.header import image_orientation
from semicurv_tf.images.opener import naming
from semicurv_tf.images.own_files import MEMBER, digest_of
from semicurv_tf.whole_files import written_whole

LABEL = "foreground"
BACKGROUND = "_background_"
_VERSION = "5.5.0"  # of labelme, whose form this is
_TOLERANCE_PX = 0.3
_AS_THEY_ARE = (b"\xff\xd8", b"\x89PNG")  # labelme shows the bytes of these as they are


def write_labelme(path: Path, mask: np.ndarray, image: Path, pixels: np.ndarray) -> None:
    """Writes NAME.json with the image in it, so that it can be opened and imported wherever it lies.

    Args:
        path: the file.
        mask: bool `(height, width)`, of the image as displayed.
        image: the image's file, whose name is kept.
        pixels: the image as displayed, uint8 `(height, width, 3)`.

    Raises:
        UserError: the file cannot be written.
    """
    height, width = mask.shape
    shapes = shapes_of(mask)
    content = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": image.name,
        "imageData": base64.b64encode(_bytes_of(image, pixels)).decode(),
        "imageHeight": height,
        "imageWidth": width,
        MEMBER: {"shapes": digest_of(shapes)},
    }
    with written_whole(path) as part:
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def shapes_of(mask: np.ndarray) -> list[dict]:
    """labelme's shapes of a mask `(height, width)` bool, larger ones first, so that holes lie above what they are in.

    Example:
        >>> [shape["label"] for shape in shapes_of(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool))]
        ['foreground', '_background_']
    """
    rings = sorted(outlines(mask), key=lambda ring: -abs(_area(ring)))
    return [
        {
            "label": LABEL if _area(ring) > 0 else BACKGROUND,
            "points": [[round(float(x), 2), round(float(y), 2)] for x, y in ring],
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
        }
        for ring in rings
    ]


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Closed outlines `(points, 2)` x, y, pixel corners at whole numbers; positive area around foreground."""
    from skimage.measure import find_contours  # here: it takes long to load

    padded = np.pad(mask.astype(np.float32), 1)
    found = []
    for contour in find_contours(padded, 0.5, fully_connected="high", positive_orientation="high"):
        # From rows and columns of padded centres to x, y of corners.
        ring = shapely.LinearRing(contour[:, ::-1] - 0.5)
        found.append(shapely.get_coordinates(ring.simplify(_TOLERANCE_PX, preserve_topology=True))[:-1])
    sign = -1 if found and _area(max(found, key=lambda ring: abs(_area(ring)))) < 0 else 1
    return [ring[::sign] for ring in found]  # the largest outline is never a hole


def _area(ring: np.ndarray) -> float:
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _bytes_of(image: Path, pixels: np.ndarray) -> bytes:
    with naming(image):
        content = image.read_bytes()
        if content.startswith(_AS_THEY_ARE) and image_orientation(image)[0] == 1:
            return content
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
