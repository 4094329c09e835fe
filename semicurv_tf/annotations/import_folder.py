"""From a tool's export to a folder that `--dataset folder` reads.

MY/images/NAME.SUFFIX      copies of the images; those that nobody has annotated are there without a mask
MY/masks/NAME.png          0 background, 255 foreground
MY/labelled_areas.csv      the boxes that are labelled, where an image is labelled in part
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.annotations.labelme import suffix_of
from semicurv_tf.annotations.material import Material, opened
from semicurv_tf.annotations.rasterise import paint
from semicurv_tf.annotations.registry import READERS
from semicurv_tf.annotations.shapes import (
    AREA_LABELS,
    BACKGROUND_LABELS,
    IGNORE_LABELS,
    AnnotatedImage,
    Annotations,
)
from semicurv_tf.data.unknown_pixels import AREAS_FILE, COLUMNS, Box
from semicurv_tf.errors import UserError
from semicurv_tf.images.header import image_orientation
from semicurv_tf.images.opener import naming
from semicurv_tf.whole_files import cannot_write

DEFAULT_WIDTH_PX = 3.0
_MEANINGS = {
    **dict.fromkeys(AREA_LABELS, "labelled area"),
    **dict.fromkeys(BACKGROUND_LABELS, "background"),
    **dict.fromkeys(IGNORE_LABELS, "unknown"),
}
# How a mask that fits the displayed image is turned back to how the file stores its pixels.
_STORED = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
           5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
           8: Image.Transpose.ROTATE_270}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What an import did.

    Attributes:
        labelled, partly, unlabelled: images with a mask, those of them that are labelled in part, images without.
        labels: label to (how many shapes, what they are taken for).
        merged: annotations taken together with one of the same image in another file.
        passed_over: reason to how often.
        uncorrected: names of the labelled images whose mask is a prediction that nobody changed.
    """

    labelled: int
    partly: int
    unlabelled: int
    labels: dict[str, tuple[int, str]]
    passed_over: dict[str, int]
    merged: int = 0
    uncorrected: tuple[str, ...] = ()


def import_folder(
    tool: str,
    source: Path,
    output: Path,
    *,
    width_px: float = DEFAULT_WIDTH_PX,
    labels: Sequence[str] = (),
    empty_is_background: bool = False,
) -> Outcome:
    """Reads a tool's export and writes a folder of images and masks, whole or not at all.

    Args:
        tool: a key of `READERS`.
        source: the folder of the export, or its .zip.
        output: the folder to write; must not exist, or be empty.
        width_px: width of lines, in pixels.
        labels: the labels that are foreground; empty: all of them.
        empty_is_background: an image that the export lists without a shape shows none; otherwise it is unlabelled
            unless the tool says that someone looked at it. Where something was drawn and none of it paints a pixel, it
            is unlabelled in any case.

    Returns:
        What was written and what was passed over.

    Raises:
        UserError: files that cannot be read, a line each; labels that do not occur; no image; a full folder.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"--output: expected a new folder, found {output} with content. Fix: choose another name")
    with opened(source) as material:
        found = READERS[tool](material)
        if found.faults:
            raise UserError(found.faults)
        names, merged = _names(found)
        if not found.images:
            reasons = "; ".join(f"{count} {reason}" for reason, count in found.passed_over.items())
            raise UserError(
                f"{source}: expected annotations of {tool} and their images, found "
                f"{reasons or 'no such file'}. Fix: choose another --from, or put the images beside the annotations"
            )
        counts = Counter(shape.label for one in found.images for shape in one.shapes)
        chosen = _chosen(labels, counts)
        outcome = _write(found, names, material, output, width_px, chosen, counts, empty_is_background)
        return replace(outcome, merged=merged)


def _names(found: Annotations) -> tuple[set[str], int]:
    """The names taken, and how many annotations were merged.

    Files of one image, as tools write one per class, are taken together, later ones over earlier ones. A second
    annotation in one file is passed over, as is a second image of a name.
    """
    kept: dict[str, AnnotatedImage] = {}
    sources: dict[str, set[Path | None]] = {}
    merged = 0
    for one in found.images:
        if one.name not in kept:
            kept[one.name], sources[one.name] = one, {one.source}
        elif kept[one.name].image != one.image:
            found.passed_over["second image of one name"] += 1
        elif one.source is None or one.source in sources[one.name]:
            found.passed_over["second annotation of an image"] += 1
        else:
            kept[one.name] = _together(kept[one.name], one)
            sources[one.name].add(one.source)
            merged += 1
    found.images = list(kept.values())
    return set(kept), merged


def _together(one: AnnotatedImage, other: AnnotatedImage) -> AnnotatedImage:
    return replace(
        one,
        shapes=(*one.shapes, *other.shapes),
        looked_at=one.looked_at or other.looked_at,
        unread=one.unread + other.unread,
        corrected=one.corrected or other.corrected,
    )


def _chosen(labels: Sequence[str], counts: Counter) -> set[str]:
    missing = sorted(set(labels) - counts.keys())
    if missing:
        raise UserError(
            f"--labels: expected labels that occur ({', '.join(sorted(counts)) or 'there are none'}), found "
            f"{', '.join(missing)}. Fix: take some of these, or leave --labels out for all"
        )
    return set(labels) or {label for label in counts if label.lower() not in _MEANINGS}


def _meaning(label: str, chosen: set[str]) -> str:
    """What shapes of a label are taken for; a label that was chosen is foreground, whatever it is called."""
    return "foreground" if label in chosen else _MEANINGS.get(label.lower(), "not chosen")


def _write(found, names, material: Material, output, width_px, chosen, counts, empty_is_background) -> Outcome:
    passed_over = found.passed_over
    passed_over.update(material.left_out)
    for label, count in counts.items():
        if _meaning(label, chosen) == "not chosen":
            passed_over[f"shape of a label that was not chosen ({label})"] += count
    tally: Counter[str] = Counter()
    uncorrected: list[str] = []
    lines: list[str] = []
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    except OSError as error:
        raise cannot_write(output, error) from error
    try:
        for folder in ("images", "masks"):
            (part / folder).mkdir()
        for one in found.images:
            copy = _copy_image(one.image, part / "images" / one.name)
            if not (one.looked_at or one.unread or empty_is_background):
                tally["unlabelled"] += 1
                continue
            drawn = draw_masks(one, chosen, width_px)
            passed_over["shape that covers no pixel's centre"] += drawn.missed
            if reason := _why_unlabelled(one, drawn):
                passed_over[reason] += 1
                tally["unlabelled"] += 1
                continue
            save_mask(drawn.mask, copy, part / "masks" / f"{one.name}.png")
            tally["labelled"] += 1
            if not one.corrected:
                uncorrected.append(one.name)
            if not drawn.known.all():
                tally["partly"] += 1
                boxes = rectangles(drawn.known)
                lines += [f"{_cell(one.name)},{box.x},{box.y},{box.width},{box.height}" for box in boxes]
        taken = {one.name: one.image for one in found.images}
        for _, file in material.images:  # what nobody has annotated is there to be learned from all the same
            name = material.name_of(file)
            if name not in names:
                names.add(name)
                _copy_image(file, part / "images" / name)
                tally["unlabelled"] += 1
                taken[name] = file
            elif taken[name] != file and not _same_content(taken[name], file):
                passed_over["second image of one name, of which nothing is drawn"] += 1
        if lines:
            (part / AREAS_FILE).write_text("\n".join([",".join(COLUMNS), *lines, ""]), encoding="utf-8")
        part.chmod(0o755)
        part.replace(output)
    except OSError as error:
        raise cannot_write(output, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    about = {label: (count, _meaning(label, chosen)) for label, count in counts.most_common()}
    left_out = {reason: count for reason, count in passed_over.items() if count}
    return Outcome(
        tally["labelled"], tally["partly"], tally["unlabelled"], about, left_out, uncorrected=tuple(uncorrected)
    )


@dataclass(frozen=True)
class DrawnMask:
    """What the shapes of an image become.

    Attributes:
        mask, known: foreground and known pixels, bool (height, width) as displayed.
        missed: shapes that cover no pixel's centre.
        foreground, painted: shapes that are foreground, and those of them that cover a pixel's centre.
    """

    mask: np.ndarray
    known: np.ndarray
    missed: int
    foreground: int
    painted: int


def _why_unlabelled(one: AnnotatedImage, drawn: DrawnMask) -> str | None:
    """Why an image gets no mask: an empty one would say that nothing is there, against what someone drew."""
    if not drawn.known.any():
        return "annotation that leaves no pixel known"
    if drawn.painted:
        return None
    if drawn.foreground:
        return "image left unlabelled, as no shape on it covers a pixel's centre (of another size, or normalised?)"
    return "image left unlabelled, as what was drawn on it was not read" if one.unread else None


def draw_masks(one: AnnotatedImage, chosen: set[str], width_px: float) -> DrawnMask:
    """The mask of an image.

    Later shapes lie over earlier ones: background takes away what is below it. Labelled areas together are what is
    known, all of the image where there are none; what is to be ignored is taken from it.
    """
    width, height = one.size
    mask, known = (np.zeros((height, width), bool) for _ in range(2))
    meanings = [_meaning(shape.label, chosen) for shape in one.shapes]
    areas = [shape for shape, meaning in zip(one.shapes, meanings) if meaning == "labelled area"]
    known[:] = not areas
    missed = sum(not paint(known, area, True, width_px) for area in areas)
    painted = 0
    for shape, meaning in zip(one.shapes, meanings):
        if meaning == "unknown":
            missed += not paint(known, shape, False, width_px)
        elif meaning in ("background", "foreground"):
            covers = paint(mask, shape, meaning == "foreground", width_px) > 0
            missed += not covers
            painted += covers and meaning == "foreground"
    return DrawnMask(mask & known, known, missed, meanings.count("foreground"), painted)


def rectangles(known: np.ndarray) -> list[Box]:
    """Boxes that together are an area of any shape, none over another; an upright rectangle is one of them."""
    boxes: list[Box] = []
    open_runs: dict[tuple[int, int], int] = {}
    for y, row in enumerate(np.pad(known, ((0, 1), (1, 1)))):
        edges = np.flatnonzero(row[1:] != row[:-1])
        runs = set(zip(edges[::2].tolist(), edges[1::2].tolist()))
        for run in open_runs.keys() - runs:
            begin = open_runs.pop(run)
            boxes.append(Box(run[0], begin, run[1] - run[0], y - begin))
        for run in runs - open_runs.keys():
            open_runs[run] = y
    return sorted(boxes, key=lambda box: (box.y, box.x))


def _same_content(one: Path | bytes, other: Path) -> bool:
    """Whether two images are the same file twice, as in an archive and beside it."""
    content = other.read_bytes()
    return content == (one.read_bytes() if isinstance(one, Path) else one)


def _copy_image(image: Path | bytes, stem: Path) -> Path:
    suffix = image.suffix if isinstance(image, Path) else suffix_of(image)
    copy = stem.with_name(stem.name + suffix)
    copy.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, Path):
        shutil.copyfile(image, copy)
    else:
        copy.write_bytes(image)
    return copy


def save_mask(mask: np.ndarray, image: Path, path: Path) -> None:
    """As the image stores its pixels and with its orientation tag, so that both are turned alike."""
    picture = Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0)))
    with naming(image):
        tag, *_ = image_orientation(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    if tag == 1:
        picture.save(path, format="PNG")
        return
    exif = Image.Exif()
    exif[0x0112] = tag
    picture.transpose(_STORED[tag]).save(path, format="PNG", exif=exif)


def _cell(text: str) -> str:
    return f'"{text.replace(chr(34), 2 * chr(34))}"' if any(c in text for c in ',"\n\r') else text
