"""A pre-training in a folder: steps, a journal, checkpoints to go on from, and the averaged weights with their card.

RUN/pretraining.json        settings, length, version of the drawing
RUN/journal.jsonl           losses and IoU on the drawn images of each hundred steps
RUN/checkpoints/            as of a training run
RUN/drawn/                  images, drawn by a process of its own while the training goes on
RUN/weights-STEP.npz        averaged weights now and then, float32
RUN/weights.npz, .json      at the end: for `model.start`, float16, and their card
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tensorflow as tf

from semicurv_tf.drawing import VERSION
from semicurv_tf.errors import UserError
from semicurv_tf.json_files import read_object
from semicurv_tf.pretraining.learner import PretrainingLearner
from semicurv_tf.pretraining.pool import DrawnPool
from semicurv_tf.pretraining.settings import PretrainingSettings
from semicurv_tf.training import checkpoints
from semicurv_tf.training.run_lock import LOCK
from semicurv_tf.training.stopping import Stopped
from semicurv_tf.weights.builtin import Weights, write_weights
from semicurv_tf.whole_files import write_json

REPORT_EVERY = 100
KEPT_AT = (1_000, 2_000, 3_000, 6_000)  # steps whose averaged weights are kept, beside every `KEPT_EVERY`
KEPT_EVERY = 3_000
SETTINGS, JOURNAL, WEIGHTS = "pretraining.json", "journal.jsonl", "weights.npz"
THRESHOLD = 0.5


def pretrain(
    run: Path,
    settings: PretrainingSettings,
    steps: int,
    *,
    drawn: Path | None = None,
    draw: bool = True,
    checkpoint_every: int = 500,
    say: Callable[[dict], None] = print,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Weights:
    """Trains, or goes on from the newest checkpoint of the folder.

    Args:
        run: the folder; made where it is missing.
        settings: what is trained, and on what.
        steps: the whole run's length.
        drawn: folder of the drawn images; None: within the run.
        draw: whether to draw what is missing there.
        checkpoint_every: steps.
        say: called with the means of the last `REPORT_EVERY` steps.
        stop_requested: whether to end after this step, with a checkpoint.

    Returns:
        The averaged weights with their card, as they lie in the run.

    Raises:
        UserError: the folder belongs to other settings or another version of the drawing, or the loss is not finite.
        Stopped: on request, with a checkpoint written.
    """
    _claim(run, settings, steps)
    learner = PretrainingLearner(settings, steps)
    first = checkpoints.restore_newest(run / "checkpoints", learner, lambda line: say({"note": line}))
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
                if not math.isfinite(line["loss"]):
                    raise UserError(f"{run}: the loss is not finite at step {done}. Fix: --seed, or a new --run")
                with (run / JOURNAL).open("a", encoding="utf-8") as file:
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
    return write_weights(run / WEIGHTS, learner.teacher.get_weights(), card(settings, steps))


def card(settings: PretrainingSettings, steps: int) -> dict:
    """What the weights are, for whoever finds the file."""
    return {
        "what": "averaged weights of a residual UNet without encoding, for images of three channels",
        "command": f"semicurv-tf pretrain --run RUN --steps {steps} --seed {settings.seed}",
        "seed": settings.seed,
        "steps": steps,
        "drawing_version": VERSION,
        "widths": list(settings.widths),
        "settings": asdict(settings),
        "threshold": THRESHOLD,
        "data": "drawn images alone: no photograph, no label, no other project's weights",
        "licence": "Apache-2.0",
    }


def save_weights(path: Path, network) -> None:
    """All weights of a network in their order, float32."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **{f"{number:03d}": np.asarray(weight) for number, weight in enumerate(network.get_weights())})
    part.replace(path)


def _claim(run: Path, settings: PretrainingSettings, steps: int) -> None:
    """Makes the folder, or checks that it belongs to these settings; its length may change."""
    wanted = json.loads(json.dumps({"settings": asdict(settings), "drawing_version": VERSION}))
    path = run / SETTINGS
    if path.exists():
        found = read_object(path, "take a new --run")
        told = {**found.get("settings", {}), "drawing_version": found.get("drawing_version")}
        asked = {**wanted["settings"], "drawing_version": VERSION}
        other = [f"{key}: {told.get(key)} -> {value}" for key, value in asked.items() if told.get(key) != value]
        if other:
            raise UserError(f"{run}: belongs to another pre-training ({'; '.join(other)}). Fix: take a new --run")
    elif run.exists() and any(file.name != LOCK for file in run.iterdir()):
        raise UserError(f"{run}: expected a new folder or one of a pre-training, found other files. Fix: another --run")
    run.mkdir(parents=True, exist_ok=True)
    write_json(path, {**wanted, "steps": steps})
