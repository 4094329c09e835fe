"""Checkpoints: student, teacher, optimizer and step in one file, written beside and renamed.

A checkpoint is a folder `step-000200/` with `state.npz`: one array per variable, in float32 as trained, and
with its SHA-256 in `state.sha256`, which is checked on reading. Data order, schedules and random numbers are
functions of the seed and the step, so the step is all that they need.
"""

import contextlib
import hashlib
import os
import re
import shutil
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.parts import create_file, new_part, remove_abandoned
from semicurv_tf.whole_files import PASSING
from semicurv_tf.wording import typed

STATE, CHECKSUM = "state.npz", "state.sha256"

# What a damaged checkpoint is renamed to, so that it is neither read nor counted among those kept.
DAMAGED = "damaged-"
_NAME = re.compile(r"step-[0-9]{6,}")
_LARGEST_ITEM_BYTES = 16


def save(folder: Path, method, step: int, kept: int, going_on: str | None = None) -> Path:
    """Writes the checkpoint of a step and deletes all but the newest `kept`.

    Args:
        folder: the run's folder of checkpoints.
        method: a compiled method.
        step: steps done.
        kept: number of checkpoints that stay.
        going_on: what continues the run once the fault is mended; None: `train --resume`.

    Returns:
        The new checkpoint's folder.

    Raises:
        UserError: when it cannot be written; earlier checkpoints stay as they are.
    """
    target = folder / f"step-{step:06d}"
    beside = new_part(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        with open(beside / STATE, "wb") as file:
            np.savez(file, step=np.int64(step), **_arrays(method))
            _to_disk(file)
        with open(beside / CHECKSUM, "w", encoding="utf-8") as file:
            file.write(f"{_checksum(beside / STATE)}  {STATE}\n")
            _to_disk(file)
        if target.exists():
            shutil.rmtree(target)
        beside.rename(target)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise _cannot_write(folder, target, error, going_on) from None
    for old in all_checkpoints(folder)[:-kept]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def require_writable(folder: Path):
    """Refuses a folder of checkpoints that cannot be written, before the steps that would be lost.

    Raises:
        UserError: it is a file, or may not be written to.
    """
    part = new_part(folder / STATE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        create_file(part)
        part.unlink()
    except OSError as error:
        raise _cannot_write(folder, folder, error) from None


def _cannot_write(folder: Path, path: Path, error: OSError, going_on: str | None = None) -> UserError:
    going_on = going_on or f"semicurv-tf train --resume {typed(folder.parent)}"
    if error.errno not in PASSING:
        return UserError(
            f"{path}: cannot be written ({error.strerror}). Earlier checkpoints are untouched. "
            f"Fix: make {folder} a folder that you may write to, then {going_on}"
        )
    free_mb = shutil.disk_usage(folder.parent).free // 2**20 if folder.parent.exists() else 0
    return RetryLater(
        f"{path}: cannot be written ({error.strerror}; {free_mb} MB free). Earlier checkpoints are untouched. "
        f"Fix: make room, then {going_on}"
    )


def all_checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints, oldest first; other files and copies (`step-000012.bak`) are passed over."""
    found = (path for path in folder.glob("step-*") if _NAME.fullmatch(path.name))
    return sorted((path for path in found if (path / STATE).is_file()), key=step_of)


def step_of(checkpoint: Path) -> int:
    """The steps done, by the folder's name."""
    return int(checkpoint.name.removeprefix("step-"))


def newest(folder: Path) -> Path | None:
    """The newest complete checkpoint, or None."""
    found = all_checkpoints(folder)
    return found[-1] if found else None


def restore_newest(folder: Path, method, warn: Callable[[str], None], move: bool = True) -> int:
    """Puts the newest whole checkpoint into a method; damaged ones after it are named and moved aside.

    Args:
        folder: the run's folder of checkpoints.
        method: a compiled method.
        warn: called with a line for each damaged checkpoint.
        move: rename damaged checkpoints; False in a process that only reads the run.

    Returns:
        The steps done; 0 where there is no checkpoint.

    Raises:
        UserError: all are damaged, or they belong to another configuration; nothing is renamed then.
    """
    damaged: list[Path] = []
    faults: list[str] = []
    for checkpoint in reversed(all_checkpoints(folder)):
        try:
            step = restore(checkpoint, method)
        except DamagedCheckpoint as error:
            damaged.append(checkpoint)
            faults.extend(error.lines)
            continue
        for bad in damaged:
            warn(f"{bad} is damaged; {checkpoint.name} is used")
            if move:
                shutil.rmtree(folder / f"{DAMAGED}{bad.name}", ignore_errors=True)
                bad.rename(folder / f"{DAMAGED}{bad.name}")
        return step
    if faults:
        raise UserError(faults)
    return 0


def remove_parts(folder: Path):
    """Removes what a process that was killed while writing left behind."""
    remove_abandoned(folder, below=False)


class DamagedCheckpoint(UserError):
    """A checkpoint that was not written whole, or changed since."""


def require_whole(checkpoint: Path):
    """Raises `DamagedCheckpoint` where a checkpoint is not what was written; no array is read."""
    _Archive(checkpoint)


def restore(checkpoint: Path, method, foreign: bool = False) -> int:
    """Puts a checkpoint into a method whose variables exist already.

    Args:
        checkpoint: its folder.
        method: a compiled method.
        foreign: of another method; what that one or this one has beside networks and optimizer is left out.

    Returns:
        The steps done.

    Raises:
        UserError: damaged, or of another configuration; the method is then unchanged.
    """
    file = _Archive(checkpoint)
    counts = lambda name: not (foreign and name.startswith("other/"))
    variables = {name: variable for name, variable in _variables(method).items() if counts(name)}
    _assign(file, [name for name in file.shapes if counts(name)], variables)
    return file.step


def restore_deployed(checkpoint: Path, network) -> int:
    """Puts the deployed network's weights of a checkpoint into a network of the same architecture.

    Returns:
        The steps done.
    """
    file = _Archive(checkpoint)
    _assign_part(file, "teacher" if file.has_teacher else "student", network)
    return file.step


def restore_student_and_teacher(checkpoint: Path, student, make_teacher: Callable) -> tuple[int, object | None]:
    """Puts the student's weights into a network, and the teacher's into another where the run has a teacher.

    Args:
        checkpoint: a checkpoint's folder.
        student: a network of the run's architecture.
        make_teacher: makes another such network; called only where there is a teacher.

    Returns:
        The steps done, and the teacher or None.
    """
    file = _Archive(checkpoint)
    _assign_part(file, "student", student)
    teacher = make_teacher() if file.has_teacher else None
    if teacher is not None:
        _assign_part(file, "teacher", teacher)
    return file.step, teacher


def _variables(method) -> dict:
    """All that a step changes, by name."""
    variables = _named("student", method.student.weights)
    if method.teacher is not None:
        variables |= _named("teacher", method.teacher.weights)
    return variables | _named("optimizer", method.optimizer.variables) | _named("other", method.other_variables)


def _named(part: str, variables) -> dict:
    """Variables by a name that is unique and tells their order: two layers may share a path."""
    return {f"{part}/{index:03d}": variable for index, variable in enumerate(variables)}


def _arrays(method) -> dict:
    return {name: keras.ops.convert_to_numpy(variable) for name, variable in _variables(method).items()}


def _checksum(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _to_disk(file):
    """Past the system's memory, so that a reboot does not leave a name without its content."""
    file.flush()
    os.fsync(file.fileno())


class _Archive:
    """A checkpoint's file, of which the headers are read first, and arrays only where they fit.

    Raises:
        DamagedCheckpoint: it is not what was written.

    Attributes:
        shapes: of the arrays, by name, without the step.
        step: the steps done.
    """

    def __init__(self, checkpoint: Path):
        self.checkpoint = checkpoint
        with self._damage_named():
            # Checkpoints of earlier versions have no checksum, only the archive's own.
            if (checkpoint / CHECKSUM).is_file():
                expected = (checkpoint / CHECKSUM).read_text(encoding="utf-8").split()[:1]
                if expected != [_checksum(checkpoint / STATE)]:
                    raise ValueError("its checksum differs")
            self.shapes = _shapes(checkpoint / STATE)
            if self.shapes.pop("step", None) != ():
                raise ValueError("no step in it")
            self.step = int(self.read(["step"])["step"])

    @property
    def has_teacher(self) -> bool:
        return any(name.startswith("teacher/") for name in self.shapes)

    def read(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """The arrays of these names; their shapes have been checked by the caller."""
        with self._damage_named(), np.load(self.checkpoint / STATE, allow_pickle=False) as file:
            return {name: file[name] for name in names}

    @contextlib.contextmanager
    def _damage_named(self):
        try:
            yield
        except _DAMAGE as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise DamagedCheckpoint(
                f"{self.checkpoint / STATE}: damaged ({reason}). "
                f"Fix: delete the folder {self.checkpoint.name}; the one before it is then used"
            ) from None


# What NumPy and zipfile raise for damaged headers; they read them with Python's own tokenizer.
_DAMAGE = (
    ArithmeticError, AttributeError, EOFError, IndexError, KeyError, MemoryError, NotImplementedError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays in an .npz file, by their headers: of a few bytes each, whatever they claim to hold."""
    shapes: dict[str, tuple[int, ...]] = {}
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            # NumPy takes a member without the suffix before one with it: two of a name could be two things.
            if name == member.filename or name in shapes:
                raise ValueError(f"{member.filename}: not an array of its own name")
            with archive.open(member) as content:
                # Headers of format 2.0 and 3.0 may be of 4 GB, and are read before NumPy looks at them.
                if np.lib.format.read_magic(content) != (1, 0):
                    raise ValueError(f"{member.filename}: a format that NumPy does not write for numbers")
                shape, _, dtype = np.lib.format.read_array_header_1_0(content)
            if dtype.hasobject or dtype.itemsize > _LARGEST_ITEM_BYTES:
                raise ValueError(f"{member.filename} holds {dtype}, no numbers")
            shapes[name] = shape
    return shapes


def _assign_part(file: _Archive, part: str, network):
    _assign(file, [name for name in file.shapes if name.startswith(f"{part}/")], _named(part, network.weights))


def _assign(file: _Archive, names: list[str], variables: dict):
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    if {name: file.shapes[name] for name in names} != expected:
        raise UserError(
            f"{file.checkpoint}: belongs to another configuration (its variables do not fit this method and model). "
            "Fix: use the config.yaml that stands beside the checkpoints"
        )
    arrays = file.read(names)
    for name, variable in variables.items():
        variable.assign(arrays[name])
