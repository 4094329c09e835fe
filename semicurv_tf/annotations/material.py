"""The files that an import may read: those in the user's folder, or in an archive, and no others.

A file that names an image names it as the tool knew it: a path of another machine, a URL, an upload with a prefix. It
is looked for among the images at and below the folder, so that no path leads out of it.
"""

import contextlib
import json
import lzma
import os
import re
import stat
import struct
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.parsers import expat

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import RAW_SUFFIXES
from semicurv_tf.images.header import image_orientation, read_header
from semicurv_tf.images.lists import same_name
from semicurv_tf.images.opener import LARGEST_WHOLE_PIXELS
from semicurv_tf.images.photographs import find_photographs
from semicurv_tf.images.walk import walk_files, walk_images

MOST_TEXT_BYTES = 2 * 2**30  # of a JSON or XML file
MOST_UNPACKED_BYTES = 64 * 2**30  # of an archive
_RATIO = 1000  # between a member's size unpacked and packed: DEFLATE ends at 1032, drawn masks stay well below
_MORE_THAN_ONE = "image found more than once by its name"
# How names are compared: to the letter, in one Unicode form, without escapes, in any case; what fits first counts.
_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    same_name,
    lambda name: same_name(unquote(name)),
    lambda name: same_name(unquote(name)).casefold(),
)
_UPLOAD_PREFIX = re.compile(r"[0-9a-f]{8}-")  # Label Studio's, before the name of an uploaded file
_ANNOTATIONS = (".json", ".xml", ".geojson", ".gpkg", ".shp")
_Content = TypeVar("_Content")
_ByName = dict[str, list[Path]]
# Folders of masks in archives of CVAT and Supervisely.
_NOT_IMAGES = {"SegmentationClass", "SegmentationObject", "masks_human", "masks_machine", "masks_instances"}


class Material:
    """The files of an import.

    Args:
        roots: the folders to look into, the user's first.

    Attributes:
        images: the image files there, in order, without results and data sets of ours.
        left_out: the reason why an image file is none of them, to how many; an annotation may mean one all the same,
            where none of `images` has its name.
    """

    def __init__(self, roots: list[Path]):
        self.roots = roots
        self.images: list[tuple[Path, Path]] = []
        self.left_out: Counter[str] = Counter()
        self._left_out: list[tuple[Path, Path]] = []
        for root in roots:
            self._look_into(root)
        self._by_name, self._left_out_by_name = _by_spelling(self.images), _by_spelling(self._left_out)
        self._by_stem = [_by_spelling(images, lambda file: file.stem) for images in (self.images, self._left_out)]

    def _look_into(self, root: Path) -> None:
        found = find_photographs(root)
        sets = [folder for folder in found.layouts if folder != root and not _holds_annotations(folder)]
        taken = [file for file in found.images if not any(folder in file.parents for folder in sets)]
        of_sets = sorted(set(found.images) - set(taken))
        self.left_out["result that semicurv-tf predict wrote"] += found.results.total()
        self.left_out["image beside a folder of images that has masks"] += found.beside.total()
        self.left_out["image of a folder inside that has images and masks"] += len(of_sets)
        kept = set(taken)
        for file in walk_images(root):
            if not _NOT_IMAGES & set(file.relative_to(root).parts):
                (self.images if file in kept else self._left_out).append((root, file))

    def files(self, *suffixes: str) -> list[Path]:
        """Files of these suffixes at and below the folders, sorted; hidden ones are not among them."""
        return [file for root in self.roots for file in walk_files(root) if file.suffix.lower() in suffixes]

    def contents(
        self, suffix: str, read: Callable[[Path], _Content], faults: list[str]
    ) -> Iterator[tuple[Path, _Content]]:
        """The files of a suffix that can be read, each with its content.

        Args:
            suffix: such as ".json".
            read: `read_json` or `read_xml`.
            faults: gets a line for each file that cannot be read.
        """
        for path in self.files(suffix):
            try:
                content = read(path)
            except UserError as error:
                faults.extend(error.lines)
            else:
                yield path, content

    def find(self, reference: str, beside: Path | None = None) -> Path | str:
        """The image that a file means by `reference`.

        Args:
            reference: a path, a URL or a name; backslashes are taken as slashes. Unicode's form, %20 and case are
                looked over where no file has the name to the letter and one alone has it otherwise.
            beside: the annotation file, whose folder a relative path begins at.

        Returns:
            The file; or the reason why there is none.
        """
        path = PurePosixPath(_plain(reference))
        if not path.name:
            return "no image named"
        for spelling, *by_name in zip(_SPELLINGS, self._by_name, self._left_out_by_name):
            found = _found(path, beside, spelling, *by_name)
            if found is not None:
                return found
        for spelling, left_out in zip(_SPELLINGS, self._left_out_by_name):
            found = _one_of(_named(path, spelling, left_out))
            if found is not None:
                return found
        return "image not found in the folder"

    def find_sized(
        self, reference: str, beside: Path | None = None, subset: str | None = None
    ) -> tuple[Path, tuple[int, int]] | str:
        """The image of `find` with its (width, height) as displayed; or the reason why it cannot be had.

        Args:
            reference, beside: see `find`.
            subset: the folder that tells images of one name apart, as train/ and val/ do.
        """
        found = self.find(reference, beside)
        if found == _MORE_THAN_ONE and subset:
            inside = self.find(f"{subset}/{reference}", beside)
            found = inside if isinstance(inside, Path) else found
        return with_size(found)

    def by_stem(self, stem: str) -> Path | str:
        """The image of a relative path without suffix; or the reason why there is none."""
        name = PurePosixPath(stem).name
        for by_spelling in self._by_stem:
            for spelling, by_stem in zip(_SPELLINGS, by_spelling):
                ends = spelling(f"/{stem}")
                files = by_stem.get(spelling(name), ())
                found = _one_of([[file for file in files if spelling(file.with_suffix("").as_posix()).endswith(ends)]])
                if found is not None:
                    return found
        return "image not found in the folder"

    def root_of(self, file: Path) -> Path:
        """The folder of `roots` that a file lies in."""
        return next(root for root in self.roots if file.is_relative_to(root))

    def name_of(self, file: Path) -> str:
        """What an image will be called: its path below the folder, without `images/` before it and without suffix."""
        root = self.root_of(file)
        parts = file.relative_to(root).with_suffix("").parts
        return "/".join(parts[1:] if len(parts) > 1 and parts[0].lower() in ("images", "jpegimages") else parts)


def _found(
    path: PurePosixPath, beside: Path | None, spelling: Callable[[str], str], kept: _ByName, left_out: _ByName
) -> Path | str | None:
    """The one image that a path means in a spelling; a reason where there are several, None where there is none.

    A file that was left out is meant where its path says so. Its name alone says less than that of an image in another
    spelling: results and copies have the names of photographs.
    """
    name, ends = spelling(path.name), spelling(f"/{path.as_posix().lstrip('/')}")
    groups = []
    if beside is not None and not path.is_absolute():
        exact = spelling(os.path.normpath(beside.parent / path))
        for files in (kept, left_out):
            groups.append([file for file in files.get(name, ()) if spelling(os.path.normpath(file)) == exact])
    if "/" in ends[1:]:
        for files in (kept, left_out):
            groups.append([file for file in files.get(name, ()) if spelling(file.as_posix()).endswith(ends)])
    return _one_of([*groups, *_named(path, spelling, kept)])


def _named(path: PurePosixPath, spelling: Callable[[str], str], files: _ByName) -> list[list[Path]]:
    """The files of a path's name, and those of the name without what an upload puts before it."""
    names = (path.name, _UPLOAD_PREFIX.sub("", path.name, count=1))
    return [files.get(spelling(name), []) for name in names]


def _one_of(groups: list[list[Path]]) -> Path | str | None:
    """The file of the first group that has any; a reason where it has several, None where all are empty."""
    found = next(filter(None, groups), None)
    if found is None:
        return None
    return found[0] if len(found) == 1 else _MORE_THAN_ONE


@contextlib.contextmanager
def opened(source: Path) -> Iterator[Material]:
    """The material of a folder or of a .zip archive; archives in the folder are unpacked beside it for the time.

    Raises:
        UserError: there is no such folder, or an archive is damaged or hostile.
    """
    if not source.exists():
        raise UserError(f"{source}: expected the folder of an export, found nothing. Fix: check the path")
    archives = [source] if source.is_file() else sorted(source.glob("*.zip"))
    if source.is_file() and not zipfile.is_zipfile(source):
        raise UserError(f"{source}: expected a folder or a .zip archive, found another file. Fix: give its folder")
    with contextlib.ExitStack() as stack:
        roots = [] if source.is_file() else [source]
        for archive in archives:
            roots.append(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            _unpack(archive, roots[-1])
        yield Material(roots)


def read_json(path: Path):
    """The content of a JSON file.

    Raises:
        UserError: naming the file.
    """
    try:
        return json.loads(_text_bytes(path))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: expected JSON, found {_short(error)}. Fix: export it again, or remove it") from None


def read_text(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> str:
    """The content of a text file in UTF-8, with a byte order mark or without.

    Raises:
        UserError: naming the file.
    """
    try:
        return _text_bytes(path, most_bytes).decode("utf-8-sig")
    except ValueError as error:
        raise UserError(f"{path}: expected text in UTF-8, found {_short(error)}. Fix: save it as UTF-8") from None


def read_xml(path: Path) -> ElementTree.Element:
    """The root element of an XML file. A DOCTYPE is refused: entities are how a small file becomes a large one.

    Raises:
        UserError: naming the file.
    """
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(*_):
        raise UserError(f"{path}: expected XML without a DOCTYPE, found one. Fix: remove it, or export the file again")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(_text_bytes(path), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UserError(f"{path}: expected XML, found {_short(error)}. Fix: export it again, or remove it") from None
    return builder.close()


def displayed_size(image: Path) -> tuple[int, int] | str:
    """(width, height) of an image as displayed, from its header; or the reason why it cannot be had."""
    if image.suffix.lower() in RAW_SUFFIXES:
        return "raw file of a camera, whose size is not known before it is developed"
    try:
        orientation, width, height = image_orientation(image)
    except Exception:  # decoders raise half a dozen kinds on damaged headers
        return "image cannot be read"
    if width * height > LARGEST_WHOLE_PIXELS:
        return f"image of more than {LARGEST_WHOLE_PIXELS // 10**6} million pixels"
    if read_header(image).frames > 1:
        return "stack of several pages, whose shapes belong to one of them"
    return (height, width) if orientation > 4 else (width, height)


def with_size(image: Path | str) -> tuple[Path, tuple[int, int]] | str:
    """An image and its `displayed_size`; or the reason, given or found, why it cannot be had."""
    if isinstance(image, str):
        return image
    size = displayed_size(image)
    return size if isinstance(size, str) else (image, size)


def _by_spelling(images: list[tuple[Path, Path]], key: Callable[[Path], str] = lambda file: file.name) -> list[_ByName]:
    """The files of each name, or of each other `key`, in each of `_SPELLINGS`."""
    named: list[_ByName] = [{} for _ in _SPELLINGS]
    for _, file in images:
        for spelling, by_name in zip(_SPELLINGS, named):
            by_name.setdefault(spelling(key(file)), []).append(file)
    return named


def _holds_annotations(folder: Path) -> bool:
    return any(file.suffix.lower() in _ANNOTATIONS or _is_yolo(file) for file in walk_files(folder))


def _is_yolo(file: Path) -> bool:
    """Whether a file is one of YOLO's labels, whose folder holds no masks."""
    return file.suffix.lower() == ".txt" and any(folder.name.lower() == "labels" for folder in file.parents)


def _text_bytes(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
            raise UserError(
                f"{path}: expected a file of at most {most_bytes // 10**6} MB, found "
                f"{status.st_size // 10**6} MB. Fix: export it in parts"
            )
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}). Fix: check its rights") from None


# What zipfile raises for damage: in its lists, in names that are not the UTF-8 they claim to be, and in what is packed.
_DAMAGE = (
    zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as members:
            room = MOST_UNPACKED_BYTES
            for member in members.infolist():
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or not path.parts or path.parts[0].endswith(":"):
                    raise UserError(
                        f"{archive}: expected paths within the archive, found {member.filename!r}. "
                        "Fix: export it again, or unpack it yourself"
                    )
                room -= member.file_size
                if room < 0 or member.file_size > _RATIO * max(member.compress_size, 1000):
                    raise UserError(
                        f"{archive}: expected an archive of drawn masks, found {member.filename!r}, which unpacks to "
                        f"{member.file_size // 2**20} MB. Fix: export it again, or unpack it yourself"
                    )
            members.extractall(folder)
    except _DAMAGE as error:
        raise UserError(
            f"{archive}: expected a .zip archive, found damage ({_short(error)}). Fix: export it again"
        ) from None


def _plain(reference: str) -> str:
    text = reference.replace("\\", "/")
    try:
        parts = urlsplit(text) if "://" in text or "?" in text else None
    except ValueError:  # no address: such as http://[::1/a.png
        parts = None
    if parts is None:
        return text
    named = parse_qs(parts.query).get("d")  # /data/local-files/?d=photos/a.jpg
    return named[0] if named else unquote(parts.path)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
