"""Label Studio's JSON export: a list of tasks, each with an image and its annotations.

Coordinates of `value` are percent of the image's width and height; a rectangle turns by `rotation` degrees about its
upper left corner, an ellipse about its middle; a brush is a run-length code of the image's red, green, blue and alpha
(https://labelstud.io/guide/export, https://labelstud.io/tags/brushlabels). A vector is a line through its vertices,
each of which names the one before, so that it may branch; a closed one is filled
(https://labelstud.io/tags/vectorlabels). Of several annotations the last one that was not cancelled counts, of those
marked as ground truth where there are any.
"""

from pathlib import Path

import numpy as np

from semicurv_tf.annotations.material import Material, read_json, with_size
from semicurv_tf.annotations.run_lengths import decode_label_studio
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


def read_label_studio(material: Material) -> Annotations:
    """Every Label Studio export of the material."""
    found = Annotations()
    for path, content in material.contents(".json", read_json, found.faults):
        tasks = content if isinstance(content, list) else [content]
        if not all(isinstance(task, dict) and isinstance(task.get("data"), dict) for task in tasks) or not tasks:
            found.passed_over["JSON file that is not Label Studio's export"] += 1
            continue
        for task in tasks:
            _read_task(task, path, material, found)
    return found


def _read_task(task: dict, path: Path, material: Material, found: Annotations) -> None:
    sized = with_size(_image(task, path, material))
    if isinstance(sized, str):
        found.passed_over[sized] += 1
        return
    image, size = sized
    annotation = _chosen_annotation(task, found)
    results = [one for one in (annotation or {}).get("result") or [] if isinstance(one, dict)]
    labels = {one.get("id"): given for one in results if (given := _labels(one))}
    drawn: list[Shape | str] = []
    for result in results:
        kind = str(result.get("type", "")).removesuffix("labels")
        if kind == "" or kind in ("choices", "taxonomy", "textarea", "rating", "number"):
            continue  # labels of a shape in another result, or words about the whole image
        label = ", ".join(_labels(result) or labels.get(result.get("id")) or ["unnamed"])
        drawn.extend(_shapes(kind, result, label, size))
    shapes, unread = found.readable(drawn)
    looked_at = bool(shapes) or bool(annotation is not None and not unread)
    found.images.append(AnnotatedImage(material.name_of(image), image, size, shapes, looked_at, unread, path))


def _chosen_annotation(task: dict, found: Annotations) -> dict | None:
    """The annotation that counts, of several people or versions; the others are counted."""
    given = [one for one in task.get("annotations") or task.get("completions") or [] if isinstance(one, dict)]
    kept = [one for one in given if not one.get("was_cancelled")]
    drawn_and_skipped = sum(bool(one.get("result")) for one in given) - sum(bool(one.get("result")) for one in kept)
    found.passed_over["annotation that was skipped in the tool"] += drawn_and_skipped
    if not kept:
        return None
    chosen = ([one for one in kept if one.get("ground_truth")] or kept)[-1]
    found.passed_over["annotation of a task where another one counts (the ground truth, or the last)"] += len(kept) - 1
    return chosen


def _image(task: dict, path: Path, material: Material) -> Path | str:
    """The first value of the task that names an image at hand."""
    named = [value for value in (*task["data"].values(), task.get("file_upload")) if isinstance(value, str)]
    answers = [material.find(value, path) for value in named]
    return next((one for one in answers if isinstance(one, Path)), answers[0] if answers else "no image named")


def _labels(result: dict) -> list[str]:
    value = result.get("value")
    if not isinstance(value, dict):
        return []
    for key, given in value.items():
        if key.endswith("labels") and isinstance(given, list):
            return [str(one) for one in given]
    return []


def _shapes(kind: str, result: dict, label: str, size) -> list[Shape | str]:
    """The shapes of a result; or the reason why one is passed over."""
    if kind != "vector":
        return [_shape(kind, result, label, size)]
    try:
        return _vector(result, label, size)
    except (AttributeError, KeyError, TypeError, ValueError):
        return ["damaged shape (vector)"]


def _vector(result: dict, label: str, size) -> list[Shape | str]:
    """The area of a closed vector, or the paths of an open one: one, and one more for every branch."""
    value, vertices = result["value"], result["value"]["vertices"]
    if reason := _misfit(result, size):
        return [reason]
    if any(vertex.get("isBezier") for vertex in vertices):
        return ["vector with Bézier curves (draw it with straight pieces)"]
    points = points_of([(vertex["x"], vertex["y"]) for vertex in vertices], 3 if value.get("closed") else 2)
    points = points * np.array(size) / 100
    if value.get("closed"):
        return [Polygon(label, (points,))]
    number_of = {vertex.get("id"): number for number, vertex in enumerate(vertices)}
    paths = [[0]]
    for number, vertex in enumerate(vertices[1:], 1):
        before = number_of[vertex["prevPointId"]] if vertex.get("prevPointId") is not None else number - 1
        if before == paths[-1][-1]:
            paths[-1].append(number)
        else:
            paths.append([before, number])
    return [Line(label, points[path]) for path in paths if len(path) > 1]


def _misfit(result: dict, size) -> str | None:
    """Why a result does not fit its image as it is; None where it does."""
    if of_another_size(result.get("original_width"), result.get("original_height"), size):
        return "annotation of another size than its image"
    return "annotation of a turned image" if result.get("image_rotation") else None


def _shape(kind: str, result: dict, label: str, size) -> Shape | str:
    try:
        value = result["value"]
        if reason := _misfit(result, size):
            return reason
        scale = np.array(size) / 100
        if kind == "polygon":
            return Polygon(label, (points_of(value["points"], 3) * scale,))
        if kind == "rectangle":
            (start, extent) = points_of([(value["x"], value["y"]), (value["width"], value["height"])], 2) * scale
            (left, top), (right, bottom) = start, start + extent
            return box(label, left, top, right, bottom, degrees=float(value.get("rotation") or 0), about=start)
        if kind == "ellipse":
            centre, radii = points_of([(value["x"], value["y"]), (value["radiusX"], value["radiusY"])], 2) * scale
            return Ellipse(label, tuple(centre), tuple(radii), float(np.radians(value.get("rotation") or 0)))
        if kind == "brush":
            if value.get("format") != "rle":
                return "brush in another format than rle"
            return Patch(label, 0, 0, decode_label_studio(value["rle"], size[1], size[0]))
    except (KeyError, TypeError, ValueError):
        return f"damaged shape ({kind})"
    return f"shape of a kind that covers no area ({kind})" if kind == "keypoint" else f"unknown shape ({kind})"
