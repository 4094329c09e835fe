"""A pre-training in a folder: steps, a journal, checkpoints to go on from, and the averaged weights with their card.

RUN/pretraining.json        settings, length, version of the drawing
RUN/journal.jsonl           losses and IoU on the drawn images of each hundred steps
RUN/checkpoints/            as of a training run
RUN/drawn/                  images, drawn by a process of its own while the training goes on
RUN/weights-STEP.npz        averaged weights now and then, float32
RUN/start.npz, start.json   at the end: for `model.start`, float16, and their card
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from semicurv_tf.drawing import VERSION
from semicurv_tf.errors import UserError
from semicurv_tf.onednn import FACT as ONEDNN
from semicurv_tf.onednn import onednn_in_use
from semicurv_tf.pretraining.learner import PretrainingLearner
from semicurv_tf.pretraining.pool import DrawnPool
from semicurv_tf.pretraining.settings import PretrainingSettings
from semicurv_tf.training import checkpoints
from semicurv_tf.training.run_lock import LOCK, locked
from semicurv_tf.training.stopping import Stopped
from semicurv_tf.weights.builtin import read_weights, write_weights
from semicurv_tf.whole_files import write_json

SETTINGS, START = "pretraining.json", "start.npz"
REPORT_EVERY = 100
KEPT_AT = (1_000, 2_000, 3_000, 6_000)  # steps whose averaged weights are kept, beside every `KEPT_EVERY`
KEPT_EVERY = 3_000


def pretrain(
    run: Path, settings: PretrainingSettings, steps: int, *, drawn: Path | None = None, draw: bool = True,
    checkpoint_every: int = 500, say=print, stop_requested: Callable[[], bool] = lambda: False,
):  # fmt: skip
    """Trains, or goes on from the newest checkpoint of the folder.

    Args:
        run: the folder; made where it is missing.
        settings: what is trained, and on what.
        steps: the whole run's length.
        drawn: folder of the drawn images; None: within the run.
        draw: whether to draw what is missing there.
        checkpoint_every: steps.
        say: called with a line every `REPORT_EVERY` steps: the scalars, means since the last line.
        stop_requested: whether to end after this step, with a checkpoint.

    Raises:
        UserError: the folder holds a pre-training of other settings or other files, another process works in it, or the
            loss is not finite.
        Stopped: on request, with a checkpoint written.
    """
    run.mkdir(parents=True, exist_ok=True)
    with locked(run):
        _pretrain(run, settings, steps, drawn, draw, checkpoint_every, say, stop_requested)


def _pretrain(run, settings, steps, drawn, draw, checkpoint_every, say, stop_requested):
    _require_same(run, settings)
    learner = PretrainingLearner(settings, steps)
    first = checkpoints.restore_newest(run / "checkpoints", learner, say)
    facts = {"settings": asdict(settings), "steps": steps, "drawing_version": VERSION, ONEDNN: onednn_in_use()}
    write_json(run / SETTINGS, facts)
    pool = DrawnPool(drawn or run / "drawn", settings, steps, draw)
    start, sums, count = time.perf_counter(), {}, 0
    try:
        for step in range(first, steps):
            image, mask = pool.batch(step)
            report = learner.train_step(tf.constant(image), tf.constant(mask))
            for name, value in report.items():
                sums[name] = sums.get(name, 0.0) + float(value)
            count += 1
            done, stop = step + 1, stop_requested()
            if done % REPORT_EVERY == 0 or done == steps or stop:
                line = {"step": done, **{name: round(value / count, 5) for name, value in sums.items()}}
                line["seconds_per_step"] = round((time.perf_counter() - start) / count, 4)
                if not np.isfinite(line["loss"]):
                    raise UserError(
                        f"{run}: the loss is not finite at step {done}. Fix: another --seed and a new --run"
                    )
                with open(run / "journal.jsonl", "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                say(line)
                start, sums, count = time.perf_counter(), {}, 0
            if done % checkpoint_every == 0 or done == steps or stop:
                checkpoints.save(run / "checkpoints", learner, done, kept=2)
            if done in KEPT_AT or done % KEPT_EVERY == 0 or done == steps:
                save_weights(run / f"weights-{done:06d}.npz", learner.teacher)
            if stop and done < steps:
                raise Stopped(done)
    finally:
        pool.close()
    card: dict[str, Any] = {
        "widths": settings.widths, "made_by": "semicurv-tf pretrain", "settings": asdict(settings), "steps": steps,
        "drawing_version": VERSION, "licence": "Apache-2.0", "images": "drawn by this project; no third-party image",
    }  # fmt: skip
    if settings.start:
        card["start"] = read_weights(settings.start).card
    write_weights(run / START, learner.teacher.get_weights(), card)
    say(f"wrote {run / START}")


def _require_same(run: Path, settings: PretrainingSettings):
    """A run goes on with the settings it began with, or not at all."""
    path = run / SETTINGS
    if not path.is_file():
        if any(file.name != LOCK for file in run.iterdir()):
            raise UserError(f"--run {run}: expected a new folder, found other files in it. Fix: another --run folder")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        before, drawing = {"without": [], **found["settings"]}, found["drawing_version"]  # runs from before `without`
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: damaged. Fix: another --run folder") from None
    now = json.loads(json.dumps(asdict(settings)))
    changed = [f"{name}: {before.get(name)} -> {value}" for name, value in now.items() if before.get(name) != value]
    if drawing != VERSION:
        changed.append(f"version of the drawing: {drawing} -> {VERSION}")
    if changed:
        raise UserError(
            f"--run {run}: holds a pre-training of other settings ({'; '.join(changed)}). "
            "Fix: leave these options as they were, or take another --run folder"
        )


def save_weights(path: Path, network):
    """All weights of a network in their order, float32."""
    weights = enumerate(network.get_weights())
    arrays: dict[str, Any] = {f"{number:03d}": np.asarray(weight) for number, weight in weights}
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        np.savez(file, **arrays)
    part.replace(path)
