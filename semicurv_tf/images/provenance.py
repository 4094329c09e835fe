"""Which state of an image file a result was made from: its size and time, kept inside the result."""

import stat
import struct
from pathlib import Path

from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.opener import open_tiff

KEYWORD = "semicurv_tf source"
_SUFFIXES = frozenset({".png", ".tif", ".tiff"})  # of results
_DESCRIPTION_TAG = 270


def state_of(image: Path) -> str:
    """Size in bytes and time of modification in nanoseconds, as text."""
    status = image.stat()
    return f"{KEYWORD}: {status.st_size} bytes, modified {status.st_mtime_ns} ns"


def png_chunk(state: str) -> tuple[bytes, bytes]:
    """Kind and content of the PNG chunk that carries a state; it comes first after the header."""
    return b"tEXt", KEYWORD.encode("latin-1") + b"\0" + state.encode("latin-1")


def is_made_from(result: Path, image: Path) -> bool:
    """Whether a result was made from an image file as it is now.

    A result that does not say so (another program's, or an older version's) must be no older than the image.
    """
    try:
        kept = _kept_state(result)
        if kept is None:
            return result.stat().st_mtime_ns >= image.stat().st_mtime_ns
        return kept == state_of(image)
    except OSError:
        return False


def is_result(file: Path) -> bool:
    """Whether `predict` wrote a PNG or TIFF, by the mark in it; nothing is decoded, and what cannot be read is none."""
    if file.suffix.lower() not in _SUFFIXES:
        return False
    try:
        return stat.S_ISREG(file.stat().st_mode) and _kept_state(file) is not None
    except OSError:
        return False


def first_text(png: Path) -> tuple[str, str]:
    """Keyword and text of the chunk behind a PNG's header; empty where it is no text.

    Raises:
        OSError: the file cannot be read.
    """
    with png.open("rb") as file:
        file.seek(33)  # behind the signature and IHDR
        head = file.read(8)
        if len(head) < 8 or head[4:] != b"tEXt":
            return "", ""
        keyword, _, text = file.read(min(struct.unpack(">I", head[:4])[0], 1000)).partition(b"\0")
    return keyword.decode("latin-1"), text.decode("latin-1")


def _kept_state(result: Path) -> str | None:
    try:
        if is_tiff(result):
            with open_tiff(result) as tiff:
                tag = tiff.pages[0].aspage().tags.get(_DESCRIPTION_TAG)
                said = "" if tag is None else str(tag.value)
        else:
            _, said = first_text(result)
    except OSError:
        raise
    except Exception:  # a result of another kind, or a damaged one
        return None
    return said if said.startswith(KEYWORD) else None
