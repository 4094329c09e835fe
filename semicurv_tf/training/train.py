"""A training run from a configuration to a deployed network, and on from its last checkpoint."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
from rich.console import Console

from semicurv_tf.config import Config, differences, dump_config
from semicurv_tf.config.data import described_labels
from semicurv_tf.data.load import Dataset
from semicurv_tf.data.manifest import entries_of
from semicurv_tf.data.split import choose_labelled
from semicurv_tf.errors import UserError
from semicurv_tf.methods import build_method
from semicurv_tf.methods.fused_adam import FusedAdam
from semicurv_tf.methods.schedule import first_unlabelled_step, learning_rate, steps_of_epoch, steps_of_run
from semicurv_tf.models.vgg16 import require_file
from semicurv_tf.onednn import FACT as ONEDNN
from semicurv_tf.onednn import onednn_in_use, other_kernels
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.batches import batches_of_run, show_transplants
from semicurv_tf.training.best import BestSoFar
from semicurv_tf.training.devices import Devices, open_devices, require_equal_shares, require_same_run
from semicurv_tf.training.faults import LOST_WORKER, lost_worker
from semicurv_tf.training.gathering import gather_workers
from semicurv_tf.training.guards import stop_at_non_finite
from semicurv_tf.training.journal import Journal
from semicurv_tf.training.listeners import Listener, listeners_of_run
from semicurv_tf.training.loop import run_steps
from semicurv_tf.training.monitor import monitored_images
from semicurv_tf.training.precision import Precision, resolve_precision
from semicurv_tf.training.run_data import moved, open_dataset, open_training_dataset
from semicurv_tf.training.run_lock import locked
from semicurv_tf.training.start import begin, described_start, start_facts
from semicurv_tf.training.stopping import Stopped, StopRequest
from semicurv_tf.training.task import Task, read_task
from semicurv_tf.whole_files import write_json, written_whole
from semicurv_tf.wording import counted, typed

# What may differ when a run goes on: its length, on what it runs, and how it is kept and watched.
RESUMABLE = {"steps", "epochs", "devices", "wait_minutes", "checkpoint_every", "checkpoints_kept"}
RESUMABLE |= {"monitor", "monitor_every", "monitor_images", "pictures_every"}
# And where its images lie and are kept: that they are the same, the manifest tells.
MOVABLE = {"data_dir", "unlabelled_dir", "cache_dir", "memory_mb"}

# From what was asked for and what the images are like to the configuration of a run; see `train`.
Complete = Callable[[Config, Dataset, Sequence[str], Console], Config]

# Above this many, the labelled images are counted and not named on the screen; run.json names all.
NAMES_SHOWN = 12


class OpenImages(NamedTuple):
    """Images that are open and split already; `labelled` are the names of those with a mask to learn from."""

    dataset: Dataset
    labelled: tuple[str, ...]


def train(
    config: Config,
    run: Path,
    console: Console,
    dry_run: bool = False,
    complete: Complete | None = None,
    images: OpenImages | None = None,
):
    """Trains from scratch into a new run folder.

    Args:
        config: the resolved configuration.
        run: an absent or empty folder.
        console: for progress and messages.
        dry_run: stop before the first step, with nothing written.
        complete: called once the images are known, with the configuration, the dataset, the names of the labelled
            images and a console; returns the configuration to train with. Data, labels and devices stay; it may say
            at which size (`data.resize`) images are seen.
        images: what to train on; None: what the configuration says.

    Raises:
        UserError: whatever the user can put right.
        Stopped: after Ctrl-C, with a checkpoint written.
    """
    task = read_task()
    run_folder.require_free(run)
    if config.model.trunk_weights is not None:
        require_file(config.model.trunk_weights)
    start = start_facts(config)
    console = console if task.chief else Console(quiet=True)
    devices = claim_devices(config, task)
    dataset = images.dataset if images is not None else open_dataset(config, console)
    if dataset.value_range:  # a folder that grows must not change what its values mean
        options = {**config.data.options, "value_range": dataset.value_range}
        config = config.model_copy(update={"data": config.data.model_copy(update={"options": options})})
    with_mask = [name for name, has in zip(dataset.train.names, dataset.train.labelled) if has]
    labelled: Sequence[str] = images.labelled if images is not None else ()
    if images is None:
        labelled = choose_labelled(with_mask, config.data.labels, config.training.seed)
    if complete is not None:
        config = complete(config, dataset, labelled, console)
    dataset = dataset.shrunk(config.data.times_smaller)
    mean, standard_deviation = dataset.statistics()
    facts = {
        "dataset": config.data.dataset,
        "method": config.method.name,
        "channels": dataset.channels,
        "value_range": dataset.value_range,
        "mean": [float(value) for value in mean],
        "standard_deviation": [float(value) for value in standard_deviation],
        "training_images": len(dataset.train),
        "labelled": list(labelled),
        "steps": steps_of_run(config.training, len(labelled)),
        "precision": resolve_precision(config.training.precision)._asdict(),
        ONEDNN: onednn_in_use(),
        "start": start,
    }
    _introduce(config, facts, dataset, devices, console)
    if dry_run:
        console.print("dry run: nothing was written")
        return
    if task.chief:
        stores = {split: getattr(dataset, split) for split in ("train", "validation", "test")}
        run_folder.create(run, config, facts, entries_of(stores, labelled))
    with locked(run) if task.chief else contextlib.nullcontext():
        _train(config, run, dataset, facts, devices, console)


def resume(run: Path, changed: Config | None, console: Console):
    """Goes on from the newest whole checkpoint; without one, from the start.

    Args:
        run: an existing run.
        changed: the configuration with the user's changes, or None; only the run's length, its devices, how it
            is kept and watched, and where its images lie may differ.

    Raises:
        UserError: no run, another configuration, other images, another process in it, or no whole checkpoint.
    """
    task = read_task()
    with locked(run) if task.chief else contextlib.nullcontext():
        _resume(run, changed, task, console if task.chief else Console(quiet=True))


def _resume(run: Path, changed: Config | None, task: Task, console: Console):
    config, facts = run_folder.read_config(run), run_folder.read_facts(run)
    if changed is not None and changed != config:
        foreign = [
            line
            for line in differences(config, changed)
            if line.split(":")[0] not in {f"training.{key}" for key in RESUMABLE} | {f"data.{key}" for key in MOVABLE}
        ]
        if foreign:
            raise UserError(
                f"--resume {run}: belongs to another configuration ({'; '.join(foreign)}). "
                "Fix: leave these options out, or start a new --run"
            )
        _require_possible_length(run, config, changed, facts)
        if changed.data.unlabelled_dir != config.data.unlabelled_dir:
            moved(config, unlabelled_dir=changed.data.unlabelled_dir)
        config = changed
    devices = claim_devices(config, task)
    other = run_folder.version_changes(facts)
    if other:
        console.print(f"warning: other versions than when the run began, so numbers may differ: {'; '.join(other)}")
    if kernels := other_kernels(facts.get(ONEDNN), f"semicurv-tf train --resume {typed(run)}"):
        console.print(kernels)
    dataset = open_training_dataset(run, config, console).shrunk(config.data.times_smaller)
    missing = sorted(set(facts["labelled"]) - {row["name"] for row in dataset.train.rows if row["labelled"]})
    if missing:
        raise UserError(
            f"--data-dir {config.data.data_dir}: {len(missing)} of the run's labelled images are missing "
            f"({', '.join(missing[:5])}). Fix: restore them"
        )
    if task.chief:
        _keep_changes(run, config, facts, console)
    facts["steps"] = steps_of_run(config.training, len(facts["labelled"]))
    _introduce(config, facts, dataset, devices, console)
    _train(config, run, dataset, facts, devices, console)


def _require_possible_length(run: Path, config: Config, changed: Config, facts: dict):
    """Refuses a change of epochs that steps override, and a length that is behind the run already."""
    old, new = config.training, changed.training
    if new.epochs != old.epochs and new.steps is not None and new.steps == old.steps:
        raise UserError(
            f"training.epochs: the length of {run} is training.steps={new.steps}, which wins. "
            f"Fix: --steps N, or --set training.steps=null --set training.epochs={new.epochs}"
        )
    newest = checkpoints.newest(run / run_folder.CHECKPOINTS)
    done, wanted = 0 if newest is None else checkpoints.step_of(newest), steps_of_run(new, len(facts["labelled"]))
    if wanted < done:
        raise UserError(
            f"training.steps: expected at least the {done} steps that {run} has done, found {wanted}. "
            f"Fix: --steps {done}, or more"
        )


def _keep_changes(run: Path, config: Config, facts: dict, console: Console):
    """Writes a changed configuration; also after a crash between its two files."""
    steps = steps_of_run(config.training, len(facts["labelled"]))
    if steps != facts["steps"]:
        console.print(
            f"the run has {counted(steps, 'step')} now, {facts['steps']} before: "
            "learning rate and ramp follow the new length"
        )
        write_json(run / run_folder.RUN, {**facts, "steps": steps})
    if config != run_folder.read_config(run):
        with written_whole(run / run_folder.CONFIG) as part:
            part.write_text(dump_config(config), encoding="utf-8")


def claim_devices(config: Config, task: Task) -> Devices:
    """The devices of a run, refused where they cannot share its batch; before TensorFlow does anything else."""
    training = config.training
    require_equal_shares(training, config.method.reads_unlabelled, task.workers * training.devices)
    # A worker other than the chief has no console, but its waiting is the user's to know.
    gather_workers(task, training.wait_minutes, lambda line: print(line, file=sys.stderr, flush=True))
    return open_devices(training.devices, task)


def _introduce(config: Config, facts: dict, dataset: Dataset, devices: Devices, console: Console):
    names = facts["labelled"]
    shown = ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
    understood = described_labels(config.data.labels, sum(dataset.train.labelled))
    console.print(
        f"{facts['dataset']}, {facts['method']}: {len(names)} labelled ({understood}) of {facts['training_images']} "
        f"training images{': ' if shown else ''}{shown}"
    )
    precision = f"{facts['precision']['name']} ({facts['precision']['reason']})"
    on = f", on {devices.description}" if devices.description else ""
    console.print(f"{counted(facts['steps'], 'step')}, {precision}, seed {config.training.seed}{on}")
    if config.data.resize:
        console.print(
            f"images are seen at {config.data.resize} of their size (data.resize), and scores below are of that size; "
            "masks come back at the images' own"
        )
    if start := facts.get("start"):
        console.print(described_start(start))
    first = first_unlabelled_step(config.method, facts["steps"])
    if config.method.reads_unlabelled and first:
        console.print(f"unlabelled images from step {first + 1} on")


def _train(config: Config, run: Path, dataset, facts: dict, devices: Devices, console: Console):
    training, steps, chief = config.training, facts["steps"], devices.task.chief
    labelled = dataset.train.indices(facts["labelled"])
    unlabelled = sorted(set(range(len(dataset.train))) - set(labelled)) or labelled

    warn = lambda line: console.print(f"warning: {line}")
    try:
        with devices.strategy.scope():
            method = compiled_method(config, facts)
        if chief:
            checkpoints.require_writable(run / run_folder.CHECKPOINTS)
            checkpoints.remove_parts(run / run_folder.CHECKPOINTS)
        first_step = checkpoints.restore_newest(run / run_folder.CHECKPOINTS, method, warn, move=chief)
        if first_step == 0:
            begin(method, config)
        require_same_run(devices, first_step, _must_be_the_same(config, facts))
    except LOST_WORKER as error:
        raise lost_worker(error, "before the first step", devices.task) or error from None
    if first_step:
        console.print(f"resuming from step {first_step}")
    if chief and first_step < steps and (run / run_folder.TEMPERATURE).exists():
        (run / run_folder.TEMPERATURE).unlink()
        console.print(
            f"the calibration is dropped: semicurv-tf evaluate --run {typed(run)} --choose calibration fits another"
        )

    # An image that is labelled in part is an unlabelled one as well.
    in_part = {index for index in labelled if "known" in dataset.train.rows[index]}
    both = sorted(in_part | set(unlabelled))
    batches = batches_of_run(config, dataset.train, labelled, both, first_step, steps, devices)
    if config.method.transplants and chief and first_step == 0:
        show_transplants(config, run, dataset.train, labelled, unlabelled, console)
    watched = monitored_images(training.monitor, training.monitor_images, dataset, labelled, unlabelled)
    if watched.indices:
        console.print(f"monitoring IoU on {counted(len(watched.indices), 'image')}: {watched.name}")
    else:
        console.print("no image is labelled, so no IoU is monitored")
    epoch_steps = steps_of_epoch(training, len(labelled))
    journal = Journal(run / run_folder.LOG, run / run_folder.TENSORBOARD, first_step, epoch_steps) if chief else None
    if journal is not None and journal.damaged:
        console.print(f"note: {counted(journal.damaged, 'damaged line')} of {run / run_folder.LOG} left out")
    keep_best = training.keep == "best" and watched.store is dataset.validation
    with contextlib.ExitStack() as stack:
        listeners: list[Listener] = [stop_at_non_finite]
        best: BestSoFar | None = None
        if journal is not None:
            others, best = listeners_of_run(
                stack, training, run, method, watched, journal, first_step, steps, console, keep_best
            )  # fmt: skip
            listeners += others
        asked = stack.enter_context(StopRequest())
        for report, stop in run_steps(method, batches, devices, first_step, lambda: asked.requested):
            for listener in listeners:
                listener(report)
            step = report["step"]
            if journal is not None and (stop or step % training.checkpoint_every == 0 or step == steps):
                # The log first: a resumed run cuts it back to its checkpoint and goes on from there.
                journal.flush()
                checkpoints.save(run / run_folder.CHECKPOINTS, method, step, training.checkpoints_kept)
            if stop and step < steps:
                raise Stopped(step)
        if chief:
            if best is not None:
                console.print(best.finish())
            _finish(run, steps, scored=dataset.test is not None and any(dataset.test.labelled), console=console)


def _must_be_the_same(config: Config, facts: dict) -> dict:
    """What all workers of a run must agree on, by a name for the user; where the data lie may differ between hosts."""
    chosen = config.model_dump(mode="json")
    parts = {f"the section {name}": chosen[name] for name in ("model", "method", "views", "training")}
    data = [facts[key] for key in ("labelled", "mean", "training_images")]
    return {**parts, "the precision": facts["precision"]["name"], "the data": data}


def compiled_method(config: Config, facts: dict):
    """The method with its optimizer and all variables made, ready for a checkpoint."""
    training = config.training
    precision = Precision(facts["precision"]["name"], "")
    method = build_method(
        config, facts["channels"], facts["mean"], facts["standard_deviation"], facts["steps"], precision.policy
    )
    rate = learning_rate(training, facts["steps"])
    if training.optimizer == "adam":
        optimizer = FusedAdam(rate)
    else:
        optimizer = keras.optimizers.SGD(rate, momentum=training.sgd_momentum)
    if precision.name == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    method.compile(optimizer=optimizer)
    return method


def _finish(run: Path, steps: int, scored: bool, console: Console):
    """Writes the deployed network in float32 for Keras users; `scored`: there are test images with a mask."""
    network, _ = run_folder.load_deployed(run)
    with written_whole(run / run_folder.DEPLOYED) as part:
        network.save(part)
    following = (
        f"evaluate --run {typed(run)}" if scored else f"predict --run {typed(run)} --input PHOTOS --output MASKS"
    )
    console.print(f"{counted(steps, 'step')} done: {run / run_folder.DEPLOYED}. Next: semicurv-tf {following}")
