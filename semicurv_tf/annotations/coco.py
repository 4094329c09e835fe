"""COCO's JSON: images, categories and annotations in one file (https://cocodataset.org/#format-data).

`segmentation` is a list of polygons [x, y, x, y, ...], of which each is filled (COCO knows no holes in polygons), or
runs of pixels column by column, as numbers or in the compressed string, which do show holes.
"""

from pathlib import Path

import numpy as np

from semicurv_tf.annotations.material import Material, read_json
from semicurv_tf.annotations.run_lengths import coco_counts, decode_counts
from semicurv_tf.annotations.shapes import (
    AnnotatedImage,
    Annotations,
    Patch,
    Polygon,
    Shape,
    of_another_size,
    points_of,
)

_PARTS = ("images", "annotations", "categories")


def read_coco(material: Material) -> Annotations:
    """Every COCO file of the material."""
    found = Annotations()
    for path, content in material.contents(".json", read_json, found.faults):
        if not isinstance(content, dict) or not all(isinstance(content.get(part), list) for part in _PARTS):
            found.passed_over["JSON file that is not COCO's"] += 1
            continue
        try:
            _read_file(content, path, material, found)
        except (AttributeError, KeyError, TypeError) as error:
            found.faults.append(
                f"{path}: expected COCO's keys id, file_name, image_id, category_id, found an entry without "
                f"({type(error).__name__}: {' '.join(str(error).split())[:80]}). Fix: export it again"
            )
    return found


def _read_file(content: dict, path: Path, material: Material, found: Annotations) -> None:
    labels = {_key(category["id"]): str(category["name"]) for category in content["categories"]}
    entries: dict[str, list[dict]] = {}
    for annotation in content["annotations"]:
        entries.setdefault(_key(annotation["image_id"]), []).append(annotation)
    subset = path.stem.partition("_")[2]  # instances_train.json is about images/train/, as COCO and CVAT have it
    for image in content["images"]:
        own = entries.pop(_key(image["id"]), [])
        sized = material.find_sized(str(image["file_name"]), path, subset)
        if isinstance(sized, str):
            found.passed_over[sized] += 1
            continue
        file, size = sized
        if of_another_size(image.get("width"), image.get("height"), size):
            found.passed_over["annotation of another size than its image"] += 1
            continue
        drawn: list[Shape | str] = []
        for annotation in own:
            label = labels.get(category := _key(annotation["category_id"]), category)
            drawn.extend(_shapes(annotation, label, size))
        shapes, unread = found.readable(drawn)
        found.images.append(AnnotatedImage(material.name_of(file), file, size, shapes, bool(shapes), unread, path))
    if entries:
        found.passed_over["annotation of an image that the file does not list"] += sum(
            len(own) for own in entries.values()
        )


def _key(identifier) -> str:
    """An id in one form: exporters mix 1, 1.0 and "1"."""
    whole = isinstance(identifier, float) and identifier.is_integer()
    return str(int(identifier) if whole else identifier)


def _shapes(annotation: dict, label: str, size) -> list[Shape | str]:
    segmentation = annotation.get("segmentation")
    if not segmentation:
        return ["annotation without a segmentation (a box alone says little of a thin thing)"]
    try:
        if isinstance(segmentation, dict):
            height, width = segmentation["size"]
            if (width, height) != size:
                raise ValueError("runs of another size than the image")
            counts = segmentation["counts"]
            if isinstance(counts, str):
                counts = coco_counts(counts)
            return [Patch(label, 0, 0, decode_counts(counts, height, width, "F"))]
        flat = not any(isinstance(ring, list) for ring in segmentation)  # one polygon without the list around it
        rings = [segmentation] if flat else segmentation
        return [_polygon(label, ring) for ring in rings]
    except (KeyError, TypeError, ValueError, OverflowError):
        return ["damaged shape (segmentation)"]


def _polygon(label: str, ring) -> Shape | str:
    """A polygon; contours of a mask often leave some of one or two points beside it, which cover no area."""
    try:
        return Polygon(label, (points_of(np.reshape(ring, (-1, 2)), 3),))
    except (TypeError, ValueError):
        return "damaged shape (segmentation)"
