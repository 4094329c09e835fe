"""Which files this package wrote, by a mark in each: others are never replaced unless the user asks for it."""

import contextlib
import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.provenance import first_text, is_result
from semicurv_tf.json_files import read_object
from semicurv_tf.whole_files import PNG_MARK, require_place
from semicurv_tf.wording import counted, some

MEMBER = "semicurv_tf"  # of JSON, and the name of a GeoPackage's metadata
HTML_MARK = '<meta name="generator" content="semicurv-tf">'
_HEAD_BYTES = 4000
_MOST_TABLE_BYTES = 10_000_000
# How the tables begin: of lines, of totals per mask, of pavement, of images to label, and one without a row.
_TABLE = re.compile(
    rb"image,(crack|road|vessel|membrane),segments?,|image,components,dots,segments,|image,area_m2,crack_length_m,"
    rb"|rank,image,disagreement,|image\r?\n\Z"
)

# The whole table of a study: head, rows and its note to its last word, and nothing that someone added.
_STUDY_TABLE = re.compile(
    rb"\| recipe \| method \|[^\n]*\n\|---[^\n]*\n(\| [^\n]* \|\n)*\nIn percent, ([^\n]+\n)*([^\n]* )?beside\.\n"
)
_ADVICE_KEYS = {"sentence", "labels", "now", "twice", "gain", "noise_points"}


def is_own(file: Path) -> bool:
    """Whether this package wrote a file, and whether no editor of labels changed it since.

    Masks and pictures carry a text chunk or tag, GeoJSON and labelme files a member `semicurv_tf`, GeoPackages
    metadata, pages a `generator`; tables are known by their columns, an advice by its keys. Nothing is decoded. A file
    that cannot be read is none of ours.
    """
    known = _KNOWN.get(file.suffix.lower())
    try:
        return known is not None and file.is_file() and known(file)  # a pipe would let its reader wait
    except (OSError, ValueError, UserError):
        return False


def require_own(places: Mapping[str, Iterable[Path]], fix: str = "another name, or move them away first") -> None:
    """Refuses to replace files that someone else wrote, or changed, and places where nothing can be written.

    Args:
        places: option and value, as the user wrote them, to the files that are going to be written; those that do not
            exist count for nothing.
        fix: the remedy.

    Raises:
        UserError: a line per option, with the number of such files and the first few names; or for the first place
            that cannot be written.
    """
    faults = []
    for where, files in places.items():
        files = list(files)
        for first in {file.parent: file for file in files}.values():
            require_place(first)
        foreign = [str(file) for file in dict.fromkeys(files) if file.is_file() and not is_own(file)]
        if foreign:
            faults.append(
                f"{where}: results would replace {counted(len(foreign), 'file')} that semicurv-tf did not write, or "
                f"that changed since: {some(foreign)}. Fix: {fix}"
            )
    if faults:
        raise UserError(faults)


def require_own_folder(where: str, telling: Path, files: Iterable[Path], fix: str) -> None:
    """Refuses to replace files of a folder where the one of them that tells is not ours: not all have a mark.

    Args:
        where: option and value, as the user wrote them.
        telling: the file by which the folder is known for one of ours.
        files: that are going to be written, `telling` among them.
        fix: the remedy.

    Raises:
        UserError: see `require_own`.
    """
    require_own({where: [] if is_own(telling) else files}, fix)
    require_place(telling)


def digest_of(shapes: list[dict]) -> str:
    """What a labelme file keeps of the shapes it was written with: those that an annotator moved have another one."""
    told = [[shape["label"], shape["points"]] for shape in shapes]
    return f"{zlib.crc32(json.dumps(told, ensure_ascii=False).encode()):08x}"


def is_corrected(content: dict) -> bool:
    """Whether the content of a labelme file is an annotator's: not one of `predict --editable` as it was written."""
    try:
        return content.get(MEMBER) != {"shapes": digest_of(content["shapes"])}
    except (KeyError, TypeError):
        return True


def _head(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(_HEAD_BYTES)


def _own_picture(file: Path) -> bool:
    return is_result(file) or (not is_tiff(file) and first_text(file) == PNG_MARK)


def _own_json(file: Path) -> bool:
    """GeoJSON says it in its first line, labelme's form by the digest of its shapes, an advice by its keys."""
    if _head(file).startswith(b'{"type": "FeatureCollection", "semicurv_tf": '):
        return True
    content = read_object(file, "")
    return content.keys() >= _ADVICE_KEYS or not is_corrected(content)


def _own_table(file: Path) -> bool:
    with file.open("rb") as content:
        return _STUDY_TABLE.fullmatch(content.read(_MOST_TABLE_BYTES)) is not None


def _own_geopackage(file: Path) -> bool:
    with contextlib.suppress(sqlite3.Error):
        database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            said = "SELECT 1 FROM gpkg_metadata WHERE metadata LIKE ?"
            return database.execute(said, (f"%{MEMBER}%",)).fetchone() is not None
        finally:
            database.close()
    return False


def _own_network(file: Path) -> bool:
    head = _head(file)
    return b'for="graph" attr.name="coordinates"' in head and b'for="edge" attr.name="wkt"' in head


_KNOWN: dict[str, Callable[[Path], bool]] = {
    **dict.fromkeys((".png", ".tif", ".tiff"), _own_picture),
    **dict.fromkeys((".json", ".geojson"), _own_json),
    ".gpkg": _own_geopackage,
    ".csv": lambda file: _TABLE.match(_head(file)) is not None,
    ".md": _own_table,
    ".graphml": _own_network,
    ".html": lambda file: HTML_MARK.encode() in _head(file),
    ".jsonl": lambda file: not (head := _head(file)) or head.startswith(b'{"source": '),
}
