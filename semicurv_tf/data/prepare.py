"""Preparing a dataset once: checked, cut and packed by TFDS into a cache folder.

    CACHE/NAME-FINGERPRINT/NAME/VERSION/*.array_record    what TFDS writes
    CACHE/NAME-FINGERPRINT/rows.json                      names, sizes, pixel sums per example

The fingerprint covers names, sizes and times of the source files, the options and the builder's
version: a changed source is prepared again. Work is done in a temporary folder that is renamed at
the end, so a folder of that name is always whole.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shlex
import shutil
import socket
import urllib.error
from dataclasses import dataclass
from pathlib import Path

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.errors import UserError
from semicurv_tf.json_files import read_object
from semicurv_tf.parts import new_part, remove_abandoned
from semicurv_tf.wording import typed

CACHE_VARIABLE = "SEMICURV_TF_CACHE"
_ROWS = "rows.json"
_FORMAT = "array_record"  # random access
_REVISION = 5  # of what is written; raise it when rows or stored pixels change


def cache_folder(cache_dir: str | os.PathLike | None = None) -> Path:
    """The cache: the argument, else $SEMICURV_TF_CACHE, else ~/.cache/semicurv_tf."""
    default = os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "semicurv_tf"
    return Path(cache_dir or default).expanduser()


@dataclass(frozen=True)
class Prepared:
    """Prepared data.

    Attributes:
        folder: the TFDS folder, for `tfds.builder_from_directory`.
        rows: split name to one dict per example, in the order they are stored.
        notes: lines worth a warning.
        value_range: of values wider than 8 bit, "LOW:HIGH"; None where there are none.
    """

    folder: Path
    rows: dict[str, list[dict]]
    notes: list[str]
    value_range: str | None = None


def prepare(
    name: str, data_dir=None, *, cache_dir=None, options: dict | None = None, on_source=None, again: bool = False
) -> Prepared:
    """Prepares a dataset unless the cache already has it.

    A cache may be shared: what another user prepared is only read.

    Args:
        name: a name of the catalogue.
        data_dir: folder with the published files; None for drawn or downloadable datasets.
        cache_dir: see `cache_folder`.
        options: the builder's options; the key `url` names an archive to download instead.
        on_source: called after each source file that is prepared, for progress.
        again: prepare it even if the cache has it, for example because that is damaged.

    Returns:
        Where the prepared data are, and what is in them.

    Raises:
        UserError: with every fault of the source files listed, before anything is written; or the cache cannot be
            read or written, or is damaged.
    """
    cache = cache_folder(cache_dir)
    part = new_part(cache / name)
    builder = make_builder(name, data_dir, options, part)
    source = builder.source_dir
    final = cache / f"{name}-{_fingerprint(builder, source)}"
    with _reading(cache):
        there = (final / _ROWS).is_file()
    if again or not there:
        builder.on_source = on_source or builder.on_source
        try:
            with _writing(cache), quiet_tfds():
                cache.mkdir(parents=True, exist_ok=True)
                remove_abandoned(cache, below=False)
                part.mkdir()
                _run(builder, (part if source else cache) / "downloads")
                shutil.rmtree(part / "downloads", ignore_errors=True)
                described = {"rows": builder.rows, "notes": builder.notes}
                described["value_range"] = builder.value_range and builder.value_range.text
                (part / _ROWS).write_text(json.dumps(described))
                _publish(part, final, again)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    remedy = again_command(name, data_dir, cache_dir, options)
    with _reading(cache):
        described = read_object(final / _ROWS, remedy)
    rows, notes = _checked_rows(described, final / _ROWS, remedy)
    return Prepared(final / name / str(builder.version), rows, notes, described.get("value_range"))


def again_command(name: str, data_dir=None, cache_dir=None, options: dict | None = None) -> str:
    """What to type where prepared data are damaged."""
    words = ["semicurv-tf", "datasets", "prepare", "--again", "--dataset", name]
    for option, value in (("--data-dir", data_dir), ("--cache-dir", cache_dir)):
        words += [] if value is None else [option, str(value)]
    for key, value in (options or {}).items():
        words += ["--set", f"data.options.{key}={json.dumps(value)}"]
    return shlex.join(words)


def _checked_rows(described: dict, file: Path, remedy: str) -> tuple[dict[str, list[dict]], list[str]]:
    rows, notes = described.get("rows"), described.get("notes")
    if (
        not isinstance(rows, dict)
        or not isinstance(notes, list)
        or not all(isinstance(note, str) for note in notes)
        or not all(isinstance(each, list) and all(map(_is_row, each)) for each in rows.values())
    ):
        raise UserError(f"{file}: expected a row per image, found something else. Fix: {remedy}")
    return rows, notes


def _is_row(row) -> bool:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("name", "source")):
        return False
    shape = row.get("shape")
    return (
        isinstance(shape, list) and len(shape) == 3 and all(isinstance(side, int) and side > 0 for side in shape)
        and isinstance(row.get("labelled"), bool) and isinstance(row.get("valid"), int)
        and all(isinstance(row.get(key), list) and len(row[key]) == shape[-1] for key in ("sum", "square_sum"))
    )  # fmt: skip


def make_builder(name: str, data_dir, options: dict | None, prepared_dir: Path):
    """The builder of a dataset, reading from `data_dir` and writing to `prepared_dir`.

    Raises:
        UserError: unknown dataset or option, or no folder where one is needed.
    """
    from semicurv_tf.data.builders import BUILDERS

    info = dataset_info(name)
    options = dict(options or {})
    builder = BUILDERS[name](
        source_dir=data_dir, url=options.pop("url", None), options=options,
        data_dir=prepared_dir, file_format=_FORMAT,
    )  # fmt: skip
    if not builder.NEEDS_FILES:
        builder.source_dir = None
    elif (data_dir is None and not builder.url) or (data_dir and not Path(data_dir).is_dir()):
        found = "none given" if data_dir is None else f"no folder {data_dir}"
        raise UserError(info.said_missing(found))
    return builder


def _run(builder, downloads: Path) -> None:
    import tensorflow_datasets as tfds

    builder.download_and_prepare(
        download_dir=downloads,
        download_config=tfds.download.DownloadConfig(try_download_gcs=False),
    )


def _publish(temporary: Path, final: Path, again: bool) -> None:
    if final.is_dir() and (again or not (final / _ROWS).is_file()):
        shutil.rmtree(final)  # without rows it cannot be whole: they are written before the rename
    try:
        temporary.rename(final)
    except OSError:
        if not (final / _ROWS).is_file():  # else another process was faster with the same data
            raise


def _fingerprint(builder, source: Path | None) -> str:
    """16 hex digits that change with the files under `source`, the options or the version."""
    digest = hashlib.sha256()
    url = builder.url if source is None else None
    where = str(source and source.resolve())
    known = [_REVISION, builder.name, str(builder.version), builder.options, where, url]
    digest.update(json.dumps(known).encode())
    for file in _files_below(source) if source is not None and builder.NEEDS_FILES else ():
        try:
            status = file.stat()
            digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(
                "utf-8", "surrogateescape"
            ))  # fmt: skip
        except OSError:  # a link that leads nowhere; reading it names it
            digest.update(f"{file}\0broken\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _files_below(folder: Path):
    """All files at most five levels below, sorted by folder; linked folders are entered."""
    stack = [(folder, 0)]
    while stack:
        current, depth = stack.pop()
        entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_dir(entry):
                if depth < 5:
                    stack.append((Path(entry.path), depth + 1))
            else:
                yield Path(entry.path)


def _is_dir(entry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


@contextlib.contextmanager
def _writing(cache: Path):
    """Says in one line that the cache cannot be written to, or is full."""
    try:
        yield
    except OSError as error:
        if _is_of_network(error):
            reason = " ".join(str(error.strerror or error).split())[:120]
            raise UserError(
                f"--data-dir: expected the files, found none given and no way to download them ({reason}). "
                "Fix: --data-dir FOLDER with them; semicurv-tf datasets list says where to get them"
            ) from None
        if error.errno is None:  # no fault of a disk
            raise
        raise UserError(
            f"{cache}: expected room to write the prepared data, found: {error.strerror or error}. "
            f"Fix: free space, or choose another folder with {CACHE_VARIABLE} or data.cache_dir"
        ) from None


def _is_of_network(error: OSError) -> bool:
    """Whether an error is one of a connection: of Python's own, of urllib, or of requests, which TFDS takes."""
    own = (ConnectionError, TimeoutError, socket.gaierror, urllib.error.URLError)
    unreachable = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
    by_others = type(error).__module__.split(".")[0] in ("requests", "urllib3")
    return isinstance(error, own) or error.errno in unreachable or by_others


@contextlib.contextmanager
def _reading(cache: Path):
    """Says in one line that another user's cache may not be read."""
    try:
        yield
    except PermissionError as error:
        raise UserError(
            f"{error.filename or cache}: expected prepared data that you may read, found: {error.strerror}. "
            f"Fix: its owner types chmod -R a+rX {typed(cache)}, or choose another folder with "
            f"{CACHE_VARIABLE}"
        ) from None


@contextlib.contextmanager
def quiet_tfds():
    """No progress bars and chatter of TFDS while it writes."""
    import tensorflow_datasets as tfds

    logger = logging.getLogger("absl")
    level = logger.level
    tfds.disable_progress_bar()
    logger.setLevel(logging.ERROR)
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        logger.setLevel(level)
        tfds.enable_progress_bar()
