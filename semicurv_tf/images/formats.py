"""Which image formats are read, by name and by content."""

from pathlib import Path

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"})
# A file is what its content says, whatever its suffix; formats that run other programs (EPS) stay out.
PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # TIFF and BigTIFF, of either byte order


def is_tiff(path: Path) -> bool:
    """Whether the file begins as a TIFF or a BigTIFF does."""
    with path.open("rb") as file:
        return file.read(4) in TIFF_MAGIC
