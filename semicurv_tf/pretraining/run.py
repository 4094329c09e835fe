"""A pre-training in a folder: steps, a journal, checkpoints to go on from, and the averaged weights with their card.

RUN/pretraining.json        settings, length, version of the drawing
RUN/journal.jsonl           losses and IoU on the drawn images of each hundred steps
RUN/checkpoints/            as of a training run
RUN/drawn/                  images, drawn by a process of its own while the training goes on
RUN/weights-STEP.npz        averaged weights now and then, float32
RUN/start.npz, start.json   at the end: for `model.start`, float16, and their card
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from semicurv_tf.errors import UserError
from semicurv_tf.onednn import FACT as ONEDNN
from semicurv_tf.onednn import other_kernels
from semicurv_tf.pretraining.facts import CHECKPOINTS, SETTINGS, START_CARD, checked_facts, facts_of
from semicurv_tf.pretraining.journal import REPORT_EVERY, PretrainingJournal
from semicurv_tf.pretraining.learner import PretrainingLearner
from semicurv_tf.pretraining.pool import DrawingStopped, DrawnPool
from semicurv_tf.pretraining.settings import PretrainingSettings
from semicurv_tf.training import checkpoints
from semicurv_tf.training.run_lock import locked
from semicurv_tf.training.stopping import Stopped
from semicurv_tf.weights.builtin import BUILT_IN, START_FILE, read_weights, write_weights
from semicurv_tf.whole_files import cannot_write, write_json, written_whole
from semicurv_tf.wording import counted

JOURNAL, DRAWN = "journal.jsonl", "drawn"
KEPT_AT = (1_000, 2_000, 3_000, 6_000)  # steps whose averaged weights are kept, beside every `KEPT_EVERY`
KEPT_EVERY = 3_000
SAME_COMMAND = "run the same command again"  # what goes on with a run


def pretrain(
    run: Path, settings: PretrainingSettings, steps: int, *, drawn: Path | None = None, draw: bool = True,
    checkpoint_every: int = 500, say: Callable[[Any], None] = print,
    stop_requested: Callable[[], bool] = lambda: False,
):  # fmt: skip
    """Trains, or goes on from the newest checkpoint of the folder.

    Args:
        run: the folder; made where it is missing.
        settings: what is trained, and on what.
        steps: the whole run's length.
        drawn: folder of the drawn images; None: within the run.
        draw: whether to draw what is missing there.
        checkpoint_every: steps.
        say: called every `REPORT_EVERY` steps with the scalars, means since the last such call, and with what is worth
            saying beside them.
        stop_requested: whether to end after this step, or before the image that is drawn for it, with a checkpoint.

    Raises:
        UserError: the folder holds a pre-training of other settings, more steps or other files, another process works
            in it, it cannot be written, or the loss is not finite.
        Stopped: on request, with a checkpoint written.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # a file of that name, or a folder that may not be written to
        raise cannot_write(run, error) from None
    with locked(run):
        facts = checked_facts(run, settings, steps)
        if kernels := other_kernels(facts[ONEDNN], "before the same command"):
            say(kernels)
        learner = PretrainingLearner(settings, steps)
        first = checkpoints.restore_newest(run / CHECKPOINTS, learner, say)
        facts[START_CARD] = _start_card(run, learner, facts)
        write_json(run / SETTINGS, facts)
        checkpoints.remove_parts(run / CHECKPOINTS)
        pool = DrawnPool(drawn or run / DRAWN, settings, steps, draw, say, stop_requested)
        try:
            _learn(run, learner, pool, first, checkpoint_every, say, stop_requested)
        finally:
            pool.close()
        _write_start(run, learner, facts[START_CARD])
        say(f"wrote {run / START_FILE}")


def _learn(run: Path, learner: PretrainingLearner, pool: DrawnPool, first: int, checkpoint_every, say, stop_requested):
    """The steps from `first` on: each learns, is reported, and is kept where it is time for that."""
    journal = PretrainingJournal(run / JOURNAL, first)
    if journal.damaged:
        say(f"{run / JOURNAL}: {counted(journal.damaged, 'damaged line')} left out")
    for step in range(first, learner.steps):
        try:
            image, mask = pool.batch(step)
        except DrawingStopped:
            if journal.steps:
                _report(run, journal, step, say)
            checkpoints.save(run / CHECKPOINTS, learner, step, kept=2, going_on=SAME_COMMAND)
            raise Stopped(step) from None
        journal.add(learner.train_step(tf.constant(image), tf.constant(mask)))
        done, stop = step + 1, stop_requested()
        last = stop or done == learner.steps
        if done % REPORT_EVERY == 0 or last:
            _report(run, journal, done, say)
        if done % checkpoint_every == 0 or last:
            checkpoints.save(run / CHECKPOINTS, learner, done, kept=2, going_on=SAME_COMMAND)
        if done in KEPT_AT or done % KEPT_EVERY == 0 or done == learner.steps:
            save_weights(run / f"weights-{done:06d}.npz", learner.teacher)
        if stop and done < learner.steps:
            raise Stopped(done)


def _report(run: Path, journal: PretrainingJournal, done: int, say):
    """The means since the last report, into the journal and to the user."""
    line = journal.line(done)
    if not np.isfinite(line["loss"]):
        raise UserError(f"{run}: the loss is not finite at step {done}. Fix: another --seed and a new --run")
    journal.write(line)
    say(line)


def _start_card(run: Path, learner: PretrainingLearner, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Has a run without a checkpoint begin with its weights; the card of those that it began with."""
    start = learner.settings.start
    begun = checkpoints.newest(run / CHECKPOINTS) is not None
    if begun and START_CARD in facts:
        return facts[START_CARD]
    if start and start not in BUILT_IN and not Path(start).is_file():
        raise UserError(
            f"--run {run}: expected the weights that it starts from, {start}, found no such file. "
            "Fix: put it back, or take another --run folder"
        )
    if begun:  # before the card was kept
        return read_weights(start).card if start else None
    return learner.begin()


def _write_start(run: Path, learner: PretrainingLearner, start_card: dict[str, Any] | None):
    """The averaged weights for `model.start`, with the card that says how they came about."""
    settings = learner.settings
    card: dict[str, Any] = {
        "widths": settings.widths, "made_by": "semicurv-tf pretrain", **facts_of(settings, learner.steps),
        "licence": "Apache-2.0", "images": "drawn by this project; no third-party image",
    }  # fmt: skip
    if start_card is not None:
        card["start"] = start_card
    write_weights(run / START_FILE, learner.teacher.get_weights(), card)


def save_weights(path: Path, network):
    """All weights of a network in their order, float32."""
    arrays: dict[str, Any] = {f"{number:03d}": np.asarray(each) for number, each in enumerate(network.get_weights())}
    with written_whole(path) as part, open(part, "wb") as file:
        np.savez(file, **arrays)
