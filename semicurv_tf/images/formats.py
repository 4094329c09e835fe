"""Which image formats are read, by name and by content; which files go with images; what becomes of all others."""

import importlib.util
import stat
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

IMAGE_SUFFIXES = frozenset({
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".jp2", ".j2k", ".jpx",
    ".ppm", ".pgm", ".pbm", ".pnm",
})  # fmt: skip
# A file is what its content says, whatever its suffix; formats that run other programs (EPS) stay out.
JPEG2000 = "JPEG2000"  # Pillow's name of the format
PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM", JPEG2000)
# By windows, beside TIFF. GDAL opens hundreds of formats, some of which read other files or the network (VRT, WMS): the
# driver is named. PPM is left out: GDAL does not spread its values as Pillow does.
GDAL_DRIVERS = {
    "JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "BMP": "BMP", "WEBP": "WEBP", "GIF": "GIF", JPEG2000: "JP2OpenJPEG",
}  # fmt: skip
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # TIFF and BigTIFF, of either byte order

HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
RAW_SUFFIXES = frozenset({".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2"})
_EXTRAS = ((HEIF_SUFFIXES, "pillow_heif", "pillow-heif"), (RAW_SUFFIXES, "rawpy", "rawpy"))

# What lies beside images and belongs to them: world files, projections, statistics and overviews of GIS programs.
_COMPANIONS = frozenset({".tfw", ".tifw", ".jgw", ".jpgw", ".pgw", ".pngw", ".bpw", ".wld", ".prj", ".ovr"})
_COMPANION_NAMES = frozenset({"thumbs.db", "desktop.ini"})
_FILES = frozenset({
    ".csv", ".geojson", ".gpkg", ".graphml", ".html", ".json", ".jsonl", ".pdf", ".shp", ".txt", ".xml", ".zip",
})  # fmt: skip
_HINTS = {
    ".json": "an annotation is no image: semicurv-tf datasets import",
    ".xml": "an annotation is no image: semicurv-tf datasets import",
    ".pdf": "save its pages as images",
    ".zip": "unpack it",
    ".vrt": "it names other files: gdal_translate in.vrt out.tif",
}


def names_a_file(path: Path) -> bool:
    """Whether a path is no folder and has the suffix of a file that commands read or write: no name for a folder."""
    return path.suffix.lower() in IMAGE_SUFFIXES | _FILES and not path.is_dir()


def is_tiff(path: Path) -> bool:
    """Whether the file begins as a TIFF or a BigTIFF does; a pipe, which would let its reader wait, does not."""
    if not stat.S_ISREG(path.stat().st_mode):
        return False
    with path.open("rb") as file:
        return file.read(4) in TIFF_MAGIC


def is_image_name(path: Path) -> bool:
    """Whether a file of this name is read as an image, with the packages that are installed."""
    suffix = path.suffix.lower()
    return suffix in IMAGE_SUFFIXES or any(suffix in suffixes and _installed(module) for suffixes, module, _ in _EXTRAS)


def is_companion(path: Path) -> bool:
    """Whether a file belongs to an image beside it, or is a file manager's own."""
    name = path.name.lower()
    return path.suffix.lower() in _COMPANIONS or name in _COMPANION_NAMES or name.endswith(".aux.xml")


def said_of_passed_over(files: Iterable[Path]) -> str | None:
    """A line on files that are not read as images, by reason; None where there are none.

    Example:
        >>> said_of_passed_over([Path("a.heic"), Path("b.heic"), Path("c.json")])
        '3 files passed over: 2 .heic (pip install pillow-heif), 1 .json (...)'
    """
    counts = Counter(path.suffix.lower() or "without suffix" for path in files)
    if not counts:
        return None
    parts = []
    for suffix, count in counts.most_common():
        hint = next((f"pip install {package}" for suffixes, _, package in _EXTRAS if suffix in suffixes), None)
        hint = hint or _HINTS.get(suffix)
        parts.append(f"{count} {suffix}{f' ({hint})' if hint else ''}")
    total = sum(counts.values())
    return f"{total} file{'s' if total > 1 else ''} passed over: {', '.join(parts)}"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
