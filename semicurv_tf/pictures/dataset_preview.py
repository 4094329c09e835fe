"""A contact sheet of a dataset: images beside the same with masks overlaid, as one PNG."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from semicurv_tf.data.load import Dataset
from semicurv_tf.data.store import ImageStore
from semicurv_tf.pictures.rgb import as_rgb
from semicurv_tf.whole_files import write_png

_TILE_PX = 192
_CAPTION_PX = 14
_PAIRS_PER_ROW = 3
_POSITIVE = np.array([255, 40, 40])
_NO_DATA = np.array([40, 80, 255])


def preview(dataset: Dataset, output: Path, per_split: int = 6) -> Path:
    """Writes a contact sheet: positive pixels red, pixels that do not count blue.

    Args:
        dataset: from `load_dataset`.
        output: the PNG to write; its folder is made.
        per_split: images per split: those with a mask first, evenly spaced over the split.

    Returns:
        `output`.

    Raises:
        UserError: if the file cannot be written.
    """
    tiles = []
    for split in ("train", "validation", "test"):
        store = getattr(dataset, split)
        if store is not None:
            tiles += [_tile(store, index, split) for index in _chosen(store.labelled, per_split)]
    rows = -(-len(tiles) // _PAIRS_PER_ROW)
    width, height = tiles[0].size
    sheet = Image.new("RGB", (width * _PAIRS_PER_ROW, height * rows), "white")
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % _PAIRS_PER_ROW * width, number // _PAIRS_PER_ROW * height))
    output = Path(output)
    write_png(output, np.asarray(sheet))
    return output


def _chosen(labelled: Sequence[bool], count: int) -> list[int]:
    """Evenly spaced positions of images with a mask, then of others where these are fewer than wanted."""
    chosen: list[int] = []
    for wanted in (True, False):
        places = [index for index, has in enumerate(labelled) if has == wanted]
        number = min(count - len(chosen), len(places))
        chosen += [places[int((place + 0.5) * len(places) / number)] for place in range(number)]
    return chosen


def _tile(store: ImageStore, index: int, split: str) -> Image.Image:
    """An image and its overlay side by side, with a caption."""
    arrays = store.read(int(index))
    colour = as_rgb(arrays["image"]).astype(float)
    overlaid = np.where(arrays["mask"] == 1, 0.35 * colour + 0.65 * _POSITIVE, colour)
    overlaid = np.where(arrays["valid"] != 1, 0.5 * overlaid + 0.5 * _NO_DATA, overlaid)
    tile = Image.new("RGB", (2 * _TILE_PX + 6, _TILE_PX + _CAPTION_PX + 4), "white")
    for column, pixels in enumerate((colour, overlaid)):
        picture = Image.fromarray(pixels.astype(np.uint8))
        enlarged = max(picture.size) < _TILE_PX
        method = Image.Resampling.NEAREST if enlarged else Image.Resampling.BICUBIC
        picture = ImageOps.contain(picture, (_TILE_PX, _TILE_PX), method)
        tile.paste(picture, (column * (_TILE_PX + 2), _CAPTION_PX))
    name = store.names[index].encode("ascii", "replace").decode()  # Pillow's own font is Latin
    suffix = "" if store.labelled[index] else ", no mask"
    ImageDraw.Draw(tile).text((2, 1), f"{split}: {name}{suffix}"[:62], fill="black")
    return tile
