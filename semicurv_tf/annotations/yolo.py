"""YOLO's text files of segments, as Ultralytics, Roboflow and CVAT export them: one per image, a line per polygon.

A line is `CLASS x y x y ...`, x and y as shares of the image's width and height as displayed
(https://docs.ultralytics.com/datasets/segment). `labels/train/a.txt` is about `images/train/a.jpg`,
`train/labels/a.txt` about `train/images/a.jpg`, and `a.txt` about `a.jpg` beside it. Names of classes stand in
`data.yaml`, or in `classes.txt`, one per line, in the folder of the labels or above. A class that they do not name is
called by its number.
"""

from pathlib import Path
from typing import Any

import numpy as np

from semicurv_tf.annotations.material import Material, read_text, with_size
from semicurv_tf.annotations.shapes import AnnotatedImage, Annotations, Polygon, points_of
from semicurv_tf.config.plain_yaml import MOST_BYTES, NotPlainYaml, plain_yaml
from semicurv_tf.errors import UserError

LABELS = "labels"
CLASS_LISTS = ("classes.txt", "obj.names", "_darknet.labels")
_OF_A_BOX = 5  # numbers in a line: class, centre, width and height
_FAR = 0.5  # shares beyond the image that a tool may leave; pixels are much farther


def read_yolo(material: Material) -> Annotations:
    """Every file of labels of the material."""
    found = Annotations()
    names = _names(material, found)
    for path in material.files(".txt"):
        image = _image(path, material)
        if image is None:
            if path.name not in CLASS_LISTS:
                found.passed_over["text file that is not YOLO's labels"] += 1
            continue
        try:
            lines = read_text(path).splitlines()
        except UserError as error:
            found.faults.extend(error.lines)
            continue
        sized = with_size(image)
        if isinstance(sized, str):
            found.passed_over[sized] += 1
            continue
        file, size = sized
        named = _nearest(names, path)
        shapes, unread = found.readable(_shape(line, size, named) for line in filter(str.strip, lines))
        found.images.append(AnnotatedImage(material.name_of(file), file, size, shapes, bool(shapes), unread, path))
    return found


def _image(path: Path, material: Material) -> Path | str | None:
    """The image of a file of labels, or why there is none; None: it is no file of labels."""
    root = material.root_of(path)
    parts = path.relative_to(root).with_suffix("").parts
    folders = [number for number, part in enumerate(parts[:-1]) if part.lower() == LABELS]
    if path.name in CLASS_LISTS:
        return None
    if not folders and root.name.lower() != LABELS:
        beside = material.by_stem("/".join(parts))
        return beside if isinstance(beside, Path) and beside.parent == path.parent else None
    if folders:
        expected = [*parts[: folders[-1]], "images", *parts[folders[-1] + 1 :]]
        image = material.by_stem("/".join(expected))
        if isinstance(image, Path):
            return image
    return material.by_stem(parts[-1])


def _shape(line: str, size: tuple[int, int], names: dict[int, str]) -> Polygon | str:
    """The polygon of a line; or the reason why it is passed over."""
    words = line.split()
    number = _class(words[0])
    if number is None:
        return "line whose class is not a number from 0"
    try:
        if len(words) == _OF_A_BOX:
            return "box without a polygon (a box alone says little of a thin thing)"
        points = points_of(np.reshape(np.array(words[1:], np.float64), (-1, 2)), 3)
    except ValueError:
        return "damaged line (expected CLASS x y x y x y ...)"
    if (points < -_FAR).any() or (points > 1 + _FAR).any():
        return "polygon in pixels (expected shares of the image's width and height)"
    return Polygon(names.get(number, f"class {number}"), (points * size,))


def _class(word: str) -> int | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return int(number) if number >= 0 and number.is_integer() else None


def _nearest(names: dict[Path, dict[int, str]], path: Path) -> dict[int, str]:
    """Those of the nearest folder above; those that are the only ones, where none is above."""
    above = next((names[folder] for folder in path.parents if folder in names), None)
    if above is not None:
        return above
    return next(iter(names.values())) if len(names) == 1 else {}


def _names(material: Material, found: Annotations) -> dict[Path, dict[int, str]]:
    """The names of the classes by folder; `data.yaml` counts before `classes.txt`."""
    names: dict[Path, dict[int, str]] = {}
    for path in material.files(".txt", ".names", ".labels"):
        if path.name in CLASS_LISTS:
            try:
                lines = read_text(path, MOST_BYTES).splitlines()
                names[path.parent] = {number: line.strip() for number, line in enumerate(lines) if line.strip()}
            except UserError as error:
                found.faults.extend(error.lines)
    for path in material.files(".yaml", ".yml"):
        try:
            content = plain_yaml(read_text(path, MOST_BYTES))
            if isinstance(content, dict) and "names" in content:
                names[path.parent] = _named(content["names"])
        except UserError as error:
            found.faults.extend(error.lines)
        except (NotPlainYaml, TypeError, ValueError) as error:
            found.faults.append(
                f"{path}: expected YAML with names, a list or number: name, found {str(error)[:120]}. "
                "Fix: export it again, or remove it"
            )
    return names


def _named(value: Any) -> dict[int, str]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        raise TypeError(f"names: {str(value)[:40]!r}")
    return {int(number): str(name) for number, name in value.items()}
