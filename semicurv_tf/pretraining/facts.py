"""What a pre-training is and began with, `RUN/pretraining.json`: it goes on with the same, or not at all."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from semicurv_tf.drawing import VERSION
from semicurv_tf.errors import UserError
from semicurv_tf.onednn import FACT as ONEDNN
from semicurv_tf.onednn import onednn_in_use
from semicurv_tf.pretraining.settings import PretrainingSettings
from semicurv_tf.training import checkpoints
from semicurv_tf.training.run_lock import LOCK

SETTINGS, CHECKPOINTS = "pretraining.json", "checkpoints"
START_CARD = "start_card"  # of the weights that a run began with: their file may be gone when it ends


def facts_of(settings: PretrainingSettings, steps: int) -> dict[str, Any]:
    """What decides the weights of a pre-training: its settings, its length, the version of the drawing."""
    return {"settings": asdict(settings), "steps": steps, "drawing_version": VERSION}


def begun_with(run: Path) -> tuple[PretrainingSettings, int] | None:
    """Settings and length of the pre-training in a folder; None where none has begun there.

    Raises:
        UserError: the file that tells is damaged.
    """
    facts = _read(run) if (run / SETTINGS).is_file() else None
    if facts is None:
        return None
    known = {field.name for field in fields(PretrainingSettings)}
    given = {name: _tuples(value) for name, value in facts["settings"].items() if name in known}
    return PretrainingSettings(**given), facts["steps"]


def _tuples(value):
    """JSON's lists as tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def checked_facts(run: Path, settings: PretrainingSettings, steps: int) -> dict[str, Any]:
    """What `RUN/pretraining.json` is to hold: of a new run these settings; of another the kernels that it began with.

    Raises:
        UserError: the folder holds other files, a pre-training of other settings, or more steps than `steps`.
    """
    now, before = facts_of(settings, steps), _read(run)
    if before is None:
        return {**now, ONEDNN: onednn_in_use()}
    _require_same(run, before, now)
    _require_length(run, steps)
    kept = {START_CARD: before[START_CARD]} if START_CARD in before else {}
    return {**now, ONEDNN: before.get(ONEDNN, onednn_in_use()), **kept}


def _read(run: Path) -> dict | None:
    """The facts of a run that has begun; None in a folder with nothing in it but the lock."""
    path = run / SETTINGS
    if not path.is_file():
        if any(file.name != LOCK for file in run.iterdir()):
            raise UserError(f"--run {run}: expected a new folder, found other files in it. Fix: another --run folder")
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        looked_up = {"drawing_version": found["drawing_version"], "steps": int(found["steps"])}  # for their errors
        return {**found, **looked_up, "settings": {"without": [], **found["settings"]}}  # older runs have no `without`
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: damaged. Fix: another --run folder") from None


def _require_same(run: Path, before: dict, now: dict):
    old, new = before["settings"], json.loads(json.dumps(now["settings"]))
    changed = [f"{name}: {old.get(name)} -> {value}" for name, value in new.items() if old.get(name) != value]
    if before["drawing_version"] != VERSION:
        changed.append(f"version of the drawing: {before['drawing_version']} -> {VERSION}")
    if changed:
        raise UserError(
            f"--run {run}: holds a pre-training of other settings ({'; '.join(changed)}). "
            "Fix: leave these options out, or take another --run folder"
        )


def _require_length(run: Path, steps: int):
    """No card may tell fewer steps than its weights have learned."""
    newest = checkpoints.newest(run / CHECKPOINTS)
    done = 0 if newest is None else checkpoints.step_of(newest)
    if steps < done:
        raise UserError(
            f"--steps {steps}: expected at least {done}, the steps that {run} has done. "
            f"Fix: --steps {done}, or another --run folder"
        )
