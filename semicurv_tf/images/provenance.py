"""Which state of an image file a result was made from: its size and time, kept inside the result."""

import struct
from pathlib import Path

from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.opener import open_tiff

KEYWORD = "semicurv_tf source"
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


def _kept_state(result: Path) -> str | None:
    try:
        if is_tiff(result):
            with open_tiff(result) as tiff:
                tag = tiff.pages[0].aspage().tags.get(_DESCRIPTION_TAG)
                said = "" if tag is None else str(tag.value)
        else:
            with result.open("rb") as file:
                file.seek(33)  # behind the signature and IHDR
                length, kind = struct.unpack(">I4s", file.read(8))
                content = file.read(min(length, 1000)) if kind == b"tEXt" else b""
                said = content.partition(b"\0")[2].decode("latin-1")
    except OSError:
        raise
    except Exception:  # a result of another kind, or a damaged one
        return None
    return said if said.startswith(KEYWORD) else None
