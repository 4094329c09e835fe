"""Checkpoints: student, teacher, optimizer and step in one file, written beside and renamed.

A checkpoint is a folder `step-000200/` with `state.npz`: one array per variable, in float32 as trained, and
with its SHA-256 in `state.sha256`, which is checked on reading. Data order, schedules and random numbers are
functions of the seed and the step, so the step is all that they need.
"""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from semicurv_tf.errors import UserError

STATE, CHECKSUM = "state.npz", "state.sha256"

# What a damaged checkpoint is renamed to, so that it is neither read nor counted among those kept.
DAMAGED = "damaged-"


def save(folder: Path, method, step: int, kept: int) -> Path:
    """Writes the checkpoint of a step and deletes all but the newest `kept`.

    Args:
        folder: the run's folder of checkpoints.
        method: a compiled method.
        step: steps done.
        kept: number of checkpoints that stay.

    Returns:
        The new checkpoint's folder.

    Raises:
        UserError: when it cannot be written; earlier checkpoints stay as they are.
    """
    target = folder / f"step-{step:06d}"
    beside = folder / f".step-{step:06d}.tmp"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
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
        free_mb = shutil.disk_usage(folder).free // 2**20 if folder.exists() else 0
        raise UserError(
            f"{target}: cannot be written ({error.strerror}; {free_mb} MB free). "
            f"Earlier checkpoints are untouched. Fix: make room, then semicurv-tf train --resume {folder.parent}"
        ) from None
    for old in all_checkpoints(folder)[:-kept]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def all_checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints, oldest first."""
    return sorted((path for path in folder.glob("step-*") if (path / STATE).is_file()), key=step_of)


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
    damaged, faults = [], []
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
    for part in folder.glob(".step-*.tmp"):
        shutil.rmtree(part, ignore_errors=True)


class DamagedCheckpoint(UserError):
    """A checkpoint that was not written whole, or changed since."""


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
    saved = _read(checkpoint)
    counts = lambda name: not (foreign and name.startswith("other/"))
    chosen, variables = (
        {name: each for name, each in every.items() if counts(name)} for every in (saved, _variables(method))
    )
    _assign(checkpoint, chosen, variables)
    return int(saved["step"])


def restore_deployed(checkpoint: Path, network) -> int:
    """Puts the deployed network's weights of a checkpoint into a network of the same architecture.

    Returns:
        The steps done.
    """
    saved = _read(checkpoint)
    _assign_part(checkpoint, saved, "teacher" if _has_teacher(saved) else "student", network)
    return int(saved["step"])


def restore_student_and_teacher(checkpoint: Path, student, make_teacher: Callable) -> tuple[int, object | None]:
    """Puts the student's weights into a network, and the teacher's into another where the run has a teacher.

    Args:
        checkpoint: a checkpoint's folder.
        student: a network of the run's architecture.
        make_teacher: makes another such network; called only where there is a teacher.

    Returns:
        The steps done, and the teacher or None.
    """
    saved = _read(checkpoint)
    _assign_part(checkpoint, saved, "student", student)
    teacher = make_teacher() if _has_teacher(saved) else None
    if teacher is not None:
        _assign_part(checkpoint, saved, "teacher", teacher)
    return int(saved["step"]), teacher


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


def _read(checkpoint: Path) -> dict:
    try:
        # Checkpoints of earlier versions have no checksum, only the archive's own.
        if (checkpoint / CHECKSUM).is_file():
            expected = (checkpoint / CHECKSUM).read_text(encoding="utf-8").split()[:1]
            if expected != [_checksum(checkpoint / STATE)]:
                raise ValueError("its checksum differs")
        with np.load(checkpoint / STATE, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedCheckpoint(
            f"{checkpoint / STATE}: damaged ({error}). Fix: delete the folder {checkpoint.name}; the one before it is then used"
        ) from None


def _has_teacher(saved: dict) -> bool:
    return any(key.startswith("teacher/") for key in saved)


def _assign_part(checkpoint: Path, saved: dict, part: str, network):
    _assign(checkpoint, {key: saved[key] for key in saved if key.startswith(f"{part}/")}, _named(part, network.weights))


def _assign(checkpoint: Path, saved: dict, variables: dict):
    arrays = {name: array for name, array in saved.items() if name != "step"}
    if arrays.keys() != variables.keys() or any(arrays[name].shape != tuple(variables[name].shape) for name in arrays):
        raise UserError(
            f"{checkpoint}: belongs to another configuration (its variables do not fit this method and model). "
            "Fix: use the config.yaml that stands beside the checkpoints"
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
