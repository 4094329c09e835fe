"""Lists of names in text files, as people's tools write them: UTF-8 with or without BOM, UTF-16, any line ends."""

import codecs
import contextlib
import unicodedata
from pathlib import Path

from semicurv_tf.errors import UserError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_list(path: Path) -> list[str]:
    """The lines of a list that are not empty, without white space around them.

    Raises:
        UserError: the file cannot be read, or is text of another encoding.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: expected a list that can be read, found {error.strerror}. Fix: check the file"
        ) from None
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), None) or _without_mark(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise UserError(
            f"{path}: expected a list of names as UTF-8 or UTF-16 text, found other bytes. Fix: save it as UTF-8"
        ) from None
    if "\0" in text:
        raise UserError(f"{path}: expected a list of names as text, found bytes of another kind. Fix: save it as UTF-8")
    return [line.strip() for line in text.splitlines() if line.strip()]


def same_name(name: str) -> str:
    """A name in the one Unicode form in which names are compared (NFC): systems write the same letters differently."""
    return unicodedata.normalize("NFC", name)


def find_listed(folder: Path, name: str) -> Path:
    """The file of a listed name, whichever Unicode form the disk has; the name as it is where there is none."""
    for form in (None, "NFC", "NFD"):
        path = folder / (unicodedata.normalize(form, name) if form else name)
        with contextlib.suppress(OSError):  # a name that is longer than a disk takes
            if path.exists():
                return path
    return folder / name


def _without_mark(content: bytes) -> str:
    """UTF-16 without a mark has a zero in every second byte of Western text."""
    head = content[:200]
    if len(head) >= 4 and head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if len(head) >= 4 and head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    return "utf-8"
