"""Writes a folder of damaged and odd images with masks, to try readers on.

    python scripts/damaged_inputs.py FOLDER [--count 200] [--seed 0]

FOLDER/images and FOLDER/masks have the layout of dataset `folder`; FOLDER/manifest.json says of
each pair what was done to it, and whether it can be read ("read", with a digest of the right pixels
where they are exact) or must be named in a report ("named").
"""

import argparse
import hashlib
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

NAMED, READ = "named", "read"


class Writer:
    """Writes one pair; each method below is one kind of damage and returns what to expect."""

    def __init__(self, folder: Path, name: str, generator: np.random.Generator):
        self.images, self.masks = folder / "images", folder / "masks"
        self.name, self.generator = name, generator
        self.pixels = generator.integers(0, 256, (48, 64, 3), np.uint8)
        mask = np.zeros((48, 64), np.uint8)
        mask[int(generator.integers(0, 44)) :][:4] = 255
        self.mask = mask
        self.save_mask(mask)

    def save(self, suffix: str, array=None, **options) -> Path:
        path = self.images / f"{self.name}{suffix}"
        picture = self.pixels if array is None else array
        picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        picture.save(path, **options)
        return path

    def save_mask(self, array, suffix: str = ".png", **options) -> Path:
        path = self.masks / f"{self.name}{suffix}"
        picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
        picture.save(path, **options)
        return path

    def read(self, pixels=None):
        return READ, None if pixels is None else digest(pixels)


def digest(pixels: np.ndarray) -> str:
    """What identifies the right pixels, uint8 (height, width, 3)."""
    return hashlib.blake2b(np.ascontiguousarray(pixels), digest_size=12).hexdigest()


def truncated(suffix):
    def write(writer):
        path = writer.save(suffix)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * writer.generator.uniform(0.1, 0.9))])
        return NAMED, None

    return write


def truncated_mask(writer):
    writer.save(".png")
    path = writer.save_mask(writer.pixels[..., 0])
    path.write_bytes(path.read_bytes()[:-300])
    return NAMED, None


def empty(writer):
    (writer.images / f"{writer.name}.png").write_bytes(b"")
    return NAMED, None


def zeros(writer):
    (writer.images / f"{writer.name}.jpg").write_bytes(bytes(5000))
    return NAMED, None


def text(writer):
    (writer.images / f"{writer.name}.png").write_text("<html>404 not found</html>" * 50)
    return NAMED, None


def flipped_bytes(writer):
    path = writer.save(".png")
    content = bytearray(path.read_bytes())
    for position in writer.generator.integers(100, len(content) - 100, 8):
        content[position] ^= 0xFF
    path.write_bytes(content)
    return NAMED, None


def wrong_suffix(true_format, suffix, exact):
    def write(writer):
        writer.save(suffix, format=true_format)
        return writer.read(writer.pixels if exact else None)

    return write


def huge_header(writer):
    path = writer.save(".png")
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 60000, 60000)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    path.write_bytes(content)
    return NAMED, None


def one_pixel(writer):
    writer.save(".png", writer.pixels[:1, :1])
    writer.save_mask(writer.mask[:1, :1])
    return NAMED, None


def cmyk(suffix):
    def write(writer):
        writer.save(suffix, Image.fromarray(writer.pixels).convert("CMYK"))
        return writer.read()

    return write


def wide_grey(writer):
    wide = writer.generator.integers(0, 65536, (48, 64), np.uint16)
    writer.save(".png", wide)
    return writer.read(np.repeat((wide >> 8).astype(np.uint8)[..., None], 3, axis=-1))


def wide_colour(writer):
    wide = writer.generator.integers(0, 65536, (48, 64, 3), np.uint16)
    tifffile.imwrite(writer.images / f"{writer.name}.tif", wide, photometric="rgb")
    return writer.read((wide >> 8).astype(np.uint8))


def floating_point(writer):
    tifffile.imwrite(writer.images / f"{writer.name}.tif", writer.pixels.astype(np.float32), photometric="rgb")
    return READ, None  # stretched by the range of all such images


def animated(suffix):
    def write(writer):
        frames = [Image.fromarray(np.roll(writer.pixels, shift, axis=0)) for shift in (0, 9, 20)]
        writer.save(suffix, frames[0], save_all=True, append_images=frames[1:])
        return NAMED, None

    return write


def odd_name(writer):
    writer.save(".png")
    return writer.read(writer.pixels)


def link_loop(writer):
    path = writer.images / f"{writer.name}.png"
    path.symlink_to(path)
    return NAMED, None


def broken_link(writer):
    (writer.images / f"{writer.name}.png").symlink_to(writer.images / "nowhere.png")
    return NAMED, None


def pipe(writer):
    os.mkfifo(writer.images / f"{writer.name}.png")
    return NAMED, None


def folder_loop(writer):
    """Around a sound image: a sub-folder that links back to its parent."""
    below = writer.images / f"{writer.name}-folder"
    below.mkdir()
    (below / "again").symlink_to(writer.images)
    writer.save(".png")
    return writer.read(writer.pixels)


def swapped(writer):
    writer.save(".png", writer.mask)
    writer.save_mask(writer.pixels)
    return NAMED, None


def sizes_differ(writer):
    writer.save(".png", writer.pixels[:-1])
    return NAMED, None


def grey_mask(writer):
    writer.save(".png")
    writer.save_mask(writer.pixels[..., 0])
    return NAMED, None


def jpeg_mask(writer):
    writer.save(".png")
    (writer.masks / f"{writer.name}.png").unlink()
    blurred = Image.fromarray(writer.mask).resize((32, 24)).resize((64, 48))
    writer.save_mask(blurred, ".jpg", quality=60)
    return NAMED, None


def palette_mask(writer):
    writer.save(".png")
    palette = Image.fromarray((writer.mask > 0).astype(np.uint8)).convert("P")
    palette.putpalette([0, 0, 0, 128, 0, 0])
    writer.save_mask(palette)
    return writer.read(writer.pixels)


def one_bit_mask(writer):
    writer.save(".png")
    writer.save_mask(Image.fromarray(writer.mask > 0))
    return writer.read(writer.pixels)


def transparent(writer):
    alpha = writer.generator.integers(0, 256, (48, 64, 1), np.uint8)
    writer.save(".png", np.concatenate([writer.pixels, alpha], axis=-1))
    return writer.read(writer.pixels)


def turned_by_tag(writer):
    """The camera's tag turns the image; its mask carries none, and is turned alike."""
    exif = Image.Exif()
    exif[0x0112] = 6
    writer.save(".jpg", exif=exif)
    return READ, None


def without_mask(writer):
    writer.save(".png")
    (writer.masks / f"{writer.name}.png").unlink()
    return writer.read(writer.pixels)


def mask_alone(writer):
    return NAMED, None


KINDS = {
    **{f"truncated {suffix}": truncated(suffix)
       for suffix in (".png", ".jpg", ".tif", ".bmp", ".webp", ".gif")},
    "truncated mask": truncated_mask,
    "no bytes": empty,
    "zero bytes": zeros,
    "text": text,
    "flipped bytes": flipped_bytes,
    "PNG named .jpg": wrong_suffix("PNG", ".jpg", exact=True),
    "JPEG named .png": wrong_suffix("JPEG", ".png", exact=False),
    "TIFF named .bmp": wrong_suffix("TIFF", ".bmp", exact=True),
    "BMP named .tif": wrong_suffix("BMP", ".tif", exact=True),
    "huge header": huge_header,
    "one pixel": one_pixel,
    "CMYK JPEG": cmyk(".jpg"),
    "CMYK TIFF": cmyk(".tif"),
    "16 bit grey": wide_grey,
    "16 bit colour": wide_colour,
    "floating point": floating_point,
    **{f"animated {suffix}": animated(suffix) for suffix in (".gif", ".png", ".webp", ".tif")},
    "name not in ASCII": odd_name,
    "link to itself": link_loop,
    "broken link": broken_link,
    "pipe": pipe,
    "loop of folders": folder_loop,
    "mask and image swapped": swapped,
    "sizes differ": sizes_differ,
    "mask of many values": grey_mask,
    "JPEG mask": jpeg_mask,
    "palette mask": palette_mask,
    "1 bit mask": one_bit_mask,
    "transparent": transparent,
    "turned by its tag": turned_by_tag,
    "without mask": without_mask,
    "mask alone": mask_alone,
}  # fmt: skip


def write_damaged(folder: Path, count: int = 200, seed: int = 0) -> list[dict]:
    """Writes `count` pairs, all kinds in turn; the same seed writes the same pairs.

    Args:
        folder: where to; `images/`, `masks/` and `manifest.json` are made in it.
        count: how many pairs.
        seed: of pixels and of where files are cut.

    Returns:
        The manifest: dicts of name, kind, expected ("read" or "named") and digest (or None).
    """
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    manifest = []
    kinds = list(KINDS.items())
    for number in range(count):
        kind, write = kinds[number % len(kinds)]
        name = f"{number:03d}"
        if write is odd_name:
            name += "-straße é 道路 \N{CAT FACE}"
        writer = Writer(folder, name, np.random.default_rng([seed, number]))
        expected, right = write(writer)
        manifest.append({"name": name, "kind": kind, "expected": expected, "digest": right})
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    manifest = write_damaged(arguments.folder, arguments.count, arguments.seed)
    named = sum(entry["expected"] == NAMED for entry in manifest)
    print(f"{len(manifest)} pairs: {named} to be named, {len(manifest) - named} to be read")


if __name__ == "__main__":
    main()
