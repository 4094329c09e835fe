"""Pixels whose label nobody knows: a value of the mask, or everything outside the boxes that were labelled.

    mask values 0, 1 and 255            255 is unknown (0 and 255 alone: 255 is foreground); in 16 bit also 65535
    data.options.mask_ignore=V          V is unknown
    no-data value of a mask (a TIFF)    is unknown, except 0, which is background
    FOLDER/labelled_areas.csv           image,x,y,width,height: the boxes of that image that are labelled, in pixels

An unknown pixel is as good a pixel of the image as any other: it counts in no loss that looks at a mask and in no
score, but in the image's mean and where the image serves without its mask. Boxes are half open, x to the right, y down,
the first pixel is 0, 0.
"""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from semicurv_tf.data.folder_layout import AREAS_FILE
from semicurv_tf.data.folder_names import ImageNames
from semicurv_tf.errors import UserError

UNKNOWN = 2  # in the array `valid` as it is stored: the image is sound there, its label unknown
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # of tables that were saved without commas
COLUMNS = ("image", "x", "y", "width", "height")


@dataclass(frozen=True)
class Box:
    """A labelled box: columns `x` to `x + width - 1`, rows `y` to `y + height - 1`, in pixels."""

    x: int
    y: int
    width: int
    height: int


def read_areas(folder: Path, names: Collection[str]) -> tuple[dict[str, list[Box]], list[str]]:
    """The boxes of `labelled_areas.csv`.

    Args:
        folder: the user's folder; without the file there are no boxes.
        names: the images, as relative paths without suffix; the file may name them with it.

    Returns:
        Name to its boxes, and a line per fault.
    """
    file = folder / AREAS_FILE
    areas: dict[str, list[Box]] = {}
    faults: list[str] = []
    images = ImageNames(names)
    if not file.is_file():
        return areas, faults
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines)
            if not set(COLUMNS) <= set(table.fieldnames or ()):
                head = ",".join(map(str, table.fieldnames or ())) or "nothing"
                other = next((said for mark, said in _SEPARATORS.items() if mark in head), None)
                raise UserError(
                    f"{file}: expected the columns {','.join(COLUMNS)}, found {head}. "
                    f"Fix: {f'save it with commas for {other}' if other else 'make them the first line'}"
                )
            for row in table:
                where = f"{file}, line {table.line_num}"
                name = images.find(row["image"] or "")
                numbers = [number for column in COLUMNS[1:] if (number := _whole(row[column])) is not None]
                if name is None:
                    faults.append(
                        f"{where}: expected an image of the folder, found {row['image']!r}. "
                        "Fix: write its path below images/, or remove the line"
                    )
                elif len(numbers) < 4 or min(numbers) < 0 or min(numbers[2:]) < 1:
                    faults.append(
                        f"{where}: expected whole pixels, x and y from 0, width and height from 1, found "
                        f"{','.join(str(row[column]) for column in COLUMNS[1:])}. Fix: 0,0,128,128 is a box"
                    )
                else:
                    areas.setdefault(name, []).append(Box(*numbers))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{file}: expected a table in UTF-8, found {error}. Fix: save it as CSV in UTF-8") from None
    return areas, faults


def inside(boxes: list[Box], height: int, width: int, name: str) -> np.ndarray:
    """bool (height, width), true in the boxes.

    Raises:
        UserError: a box does not lie within the image.
    """
    known = np.zeros((height, width), bool)
    for box in boxes:
        if box.x + box.width > width or box.y + box.height > height:
            raise UserError(
                f"{AREAS_FILE}: expected boxes within {name} of {width}x{height} pixels, found "
                f"{box.x},{box.y},{box.width},{box.height}. Fix: end the box at the image's edge"
            )
        known[box.y : box.y + box.height, box.x : box.x + box.width] = True
    return known


def labelled_boxes(known: np.ndarray) -> list[list[int]]:
    """Where training crops should lie: the bounding boxes of the known areas.

    Args:
        known: bool (height, width).

    Returns:
        [top, left, bottom, right, known pixels] per connected area, half open; the areas that together hold 99 % of
        the known pixels, largest first.
    """
    areas, count = ndimage.label(known)
    sizes = np.bincount(areas.ravel(), minlength=count + 1)[1:]
    order = np.argsort(-sizes, kind="stable")
    enough = np.searchsorted(np.cumsum(sizes[order]), 0.99 * sizes.sum()) + 1
    found = ndimage.find_objects(areas)
    return [
        [rows.start, columns.start, rows.stop, columns.stop, int(sizes[index])]
        for index in order[:enough] for rows, columns in [found[index]]
    ]  # fmt: skip


def place_in_boxes(boxes: list[list[int]], place, size: tuple[int, int], crop: tuple[int, int]) -> tuple[int, int]:
    """Where a crop goes for it to lie within one of the boxes, or to hold it whole where the box is smaller.

    Args:
        boxes: as `labelled_boxes` gives them; each is taken as often as it has known pixels.
        place: two random numbers in [0, 1).
        size: height and width of the image.
        crop: height and width of the crop.

    Returns:
        The crop's first row and column.
    """
    shares = np.cumsum([box[4] for box in boxes]) / sum(box[4] for box in boxes)
    which = min(int(np.searchsorted(shares, place[0], "right")), len(boxes) - 1)
    before = shares[which - 1] if which else 0.0
    down = min((place[0] - before) / (shares[which] - before), 1.0)  # what the choice of the box left of the number
    top, left, bottom, right, _ = boxes[which]
    return (
        _between(top, bottom, down, size[0], crop[0]),
        _between(left, right, place[1], size[1], crop[1]),
    )  # fmt: skip


def _between(begin: int, end: int, share: float, size: int, crop: int) -> int:
    low, high = sorted((begin, end - crop))
    low, high = (min(max(0, value), max(0, size - crop)) for value in (low, high))
    return low + min(int(share * (high - low + 1)), high - low)


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None
