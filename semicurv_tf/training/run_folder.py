"""The folder of a run: what was asked for, what was chosen, and the network that came out.

RUN/config.yaml       the resolved configuration
RUN/run.json          versions, seed, channels, statistics, names of the labelled images
RUN/manifest.jsonl    a line per image: where it is, its split, its content hash (see `data/manifest.py`)
RUN/checkpoints/      step-000200/ ... : everything needed to go on
RUN/kept/             the checkpoint to deploy, where one before the last was better on validation images
RUN/log.jsonl         one JSON object per report
RUN/tensorboard/      the same as curves
RUN/transplants.png   what `method.transplants` does: some, with their mask and where it counts
RUN/deployed.keras    the network to deploy, float32, written when the run ends
RUN/scores.json       what `evaluate` measured
RUN/temperature.json  what its logits are divided by, fitted on validation images, where they were calibrated
RUN/threshold.json    the threshold, and the steps after it, that were chosen on validation images, where they were
"""

import errno
import math
import platform
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from semicurv_tf.config import Config, dump_config, load_stored_config
from semicurv_tf.data.manifest import Entry, write_manifest
from semicurv_tf.data.manifest import read_manifest as read_entries
from semicurv_tf.errors import UserError
from semicurv_tf.json_files import is_number, read_object
from semicurv_tf.parts import new_part, remove_abandoned
from semicurv_tf.postprocessing.settings import PostProcessing, from_dict
from semicurv_tf.training import facts as run_facts
from semicurv_tf.whole_files import write_json
from semicurv_tf.wording import typed

CONFIG, RUN, LOG, DEPLOYED, SCORES = "config.yaml", "run.json", "log.jsonl", "deployed.keras", "scores.json"
THRESHOLD, MANIFEST, TEMPERATURE = "threshold.json", "manifest.jsonl", "temperature.json"
CHECKPOINTS, KEPT, TENSORBOARD = "checkpoints", "kept", "tensorboard"
TRANSPLANTS = "transplants.png"

PACKAGES = ("tensorflow", "keras", "tensorflow-datasets", "numpy", "scipy", "pydantic", "Pillow")


def default_run(config: Config) -> Path:
    """`runs/DATASET-METHOD-LABELS-seedN`, where the user named no folder; with the network's name where it is not the
    default."""
    network = "" if config.model.name == "residual_unet" else f"-{config.model.name}"
    labels = config.data.labels
    share = f"{labels}labels" if isinstance(labels, int) else "all" if labels == 1 else f"{labels:g}"
    return Path("runs") / f"{config.data.dataset}-{config.method.name}{network}-{share}-seed{config.training.seed}"


def require_free(run: Path):
    """Refuses a run folder that holds anything: an existing run is never touched.

    Raises:
        UserError: naming the folder and the ways on.
    """
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        going_on = f"--resume {typed(run)} to go on with it, or " if (run / CONFIG).is_file() else ""
        raise UserError(f"--run {run}: already exists and is not empty. Fix: {going_on}another --run folder")


def create(run: Path, config: Config, facts: dict, entries: Sequence[Entry] | None = None):
    """Makes the folder with its configuration and facts; nothing is left of it if that fails.

    Args:
        run: an absent or empty folder.
        config: the resolved configuration.
        facts: `channels`, `mean`, `standard_deviation`, `labelled`, `steps`, ... JSON values.
        entries: of the run's manifest; None: it keeps none.
    """
    require_free(run)
    staging = new_part(run)
    try:
        run.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(run.parent, below=False)
        staging.mkdir()
        (staging / CONFIG).write_text(dump_config(config), encoding="utf-8")
        write_json(staging / RUN, {**facts, "seed": config.training.seed, "versions": versions()})
        if entries is not None:
            write_manifest(staging / MANIFEST, entries)
        if run.exists():
            run.rmdir()
        staging.rename(run)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and run.is_dir():
            raise UserError(f"--run {run}: was begun by another process meanwhile. Fix: another --run folder") from None
        raise UserError(
            f"--run {run}: cannot be written ({error.strerror}). Fix: a folder you may write to, with space left"
        ) from None


def read_config(run: Path) -> Config:
    """The configuration of an existing run.

    Raises:
        UserError: when the folder is no run.
    """
    if not (run / CONFIG).is_file() or not (run / RUN).is_file():
        raise UserError(
            f"{run}: no run folder (no {CONFIG} and {RUN} in it). Fix: a folder made by `semicurv-tf train --run`"
        )
    return load_stored_config(run / CONFIG)


def read_facts(run: Path) -> dict:
    """The content of run.json."""
    read_config(run)
    return run_facts.read_facts(run / RUN)


def read_manifest(run: str | Path) -> tuple[Entry, ...] | None:
    """The images of a run; None where an earlier version made it, which kept no manifest.

    Raises:
        UserError: the manifest is damaged.
    """
    path = Path(run) / MANIFEST
    return read_entries(path) if path.exists() else None


def load_deployed(run: str | Path):
    """The network to deploy, from the run's `deployed_checkpoint`, calibrated where the run was.

    Args:
        run: the run folder.

    Returns:
        The network, a float32 `keras.Model` from raw images `(batch, height, width, channels)` to logits
        `(batch, height, width, 1)`; and the content of run.json with `step`, the checkpoint's, and, unless one
        says otherwise, `tta`, how predictions are averaged, and `no_data`, which values training left out ("": none).

    Raises:
        UserError: no run, no checkpoint, or a damaged one.
    """
    from semicurv_tf.training import checkpoints

    checkpoint, make_network, facts = _checkpoint(Path(run), deployed_checkpoint(run))
    network = make_network()
    step = checkpoints.restore_deployed(checkpoint, network)
    network.divide_logits(temperature(run, step))
    config = read_config(Path(run))
    taken = {"tta": config.model.tta, "no_data": str(config.data.options.get("no_data", ""))}
    return network, {**facts, "step": step, **taken}


def temperature(run: str | Path, step: int) -> float:
    """What the logits of the deployed network are divided by; 1 where the run was never calibrated.

    Raises:
        UserError: `RUN/temperature.json` is damaged, or was fitted to the network of another step.
    """
    path = Path(run) / TEMPERATURE
    if not path.is_file():
        return 1.0
    content = read_json(path)
    found = content.get("temperature")
    if not is_number(found) or not 0 < found < math.inf:
        raise UserError(f"{path}: expected a temperature above 0, found {found!r}. Fix: delete the file")
    if content.get("step") != step:
        raise UserError(
            f"{path}: fitted at step {content.get('step')}, the run is at step {step}. Fix: delete the file, then "
            f"semicurv-tf evaluate --run {typed(run)} --choose calibration"
        )
    return float(found)


def load_student_and_teacher(run: str | Path):
    """Student and teacher, from the run's `deployed_checkpoint`; see `load_deployed`.

    Returns:
        The student; the teacher, or None where the run has none; and the content of run.json with `step`.
    """
    from semicurv_tf.training import checkpoints

    checkpoint, make_network, facts = _checkpoint(Path(run), deployed_checkpoint(run))
    student = make_network()
    step, teacher = checkpoints.restore_student_and_teacher(checkpoint, student, make_network)
    return student, teacher, {**facts, "step": step}


def deployed_checkpoint(run: str | Path) -> Path | None:
    """The checkpoint whose network is deployed: the kept one, else the newest; None where there is none yet."""
    from semicurv_tf.training import checkpoints

    return checkpoints.newest(Path(run) / KEPT) or checkpoints.newest(Path(run) / CHECKPOINTS)


def _checkpoint(run: Path, checkpoint: Path | None):
    """A checkpoint of a run, what makes its network without weights, and run.json."""
    from semicurv_tf.models import build_network

    config, facts = read_config(run), read_facts(run)
    if checkpoint is None:
        raise UserError(f"{run}: has no checkpoint yet. Fix: semicurv-tf train --resume {typed(run)}")
    return (
        checkpoint,
        lambda: build_network(
            config.model,
            facts["channels"],
            facts["mean"],
            facts["standard_deviation"],
            times_smaller=config.data.times_smaller,
        ),
        facts,
    )


def read_choice(run: str | Path) -> dict | None:
    """The content of RUN/threshold.json: how a threshold was chosen on validation images; None where none was.

    Raises:
        UserError: the file is damaged.
    """
    path = Path(run) / THRESHOLD
    if not path.is_file():
        return None
    choice = read_json(path)
    threshold = choice.get("threshold")
    if not is_number(threshold) or not 0 < threshold < 1:
        raise UserError(
            f"{path}: expected a threshold in (0, 1), found {threshold!r}. Fix: choose it again, or delete the file"
        )
    return choice


def chosen_threshold(run: str | Path, step: int | None = None) -> float | None:
    """The threshold that was chosen on validation images; None where none was.

    Args:
        run: the run folder.
        step: of the network whose masks it is for; None: of the run's deployed one, where there is one.

    Raises:
        UserError: `RUN/threshold.json` is damaged, or was chosen for the network of another step.
    """
    choice = _choice_at(run, step)
    return None if choice is None else float(choice["threshold"])


def chosen_postprocessing(run: str | Path, step: int | None = None) -> PostProcessing:
    """The steps that were chosen together with the threshold on validation images; none where none were.

    Args:
        run, step: see `chosen_threshold`.

    Raises:
        UserError: as `chosen_threshold`.
    """
    choice = _choice_at(run, step)
    return from_dict((choice or {}).get("postprocessing"), Path(run) / THRESHOLD)


def _choice_at(run: str | Path, step: int | None) -> dict | None:
    from semicurv_tf.training import checkpoints

    choice = read_choice(run)
    if choice is None:
        return None
    if step is None:
        deployed = deployed_checkpoint(run)
        step = None if deployed is None else checkpoints.step_of(deployed)
    if None not in (step, choice.get("step")) and step != choice["step"]:
        raise UserError(
            f"{Path(run) / THRESHOLD}: chosen at step {choice['step']}, the run is at step {step}. "
            f"Fix: semicurv-tf evaluate --run {typed(run)} --choose-threshold, or --threshold NUMBER"
        )
    return choice


def versions() -> dict:
    """Versions of Python, this package and those that decide its numbers."""
    from semicurv_tf import __version__

    found = {"python": platform.python_version(), "semicurv-tf": __version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def version_changes(facts: dict) -> list[str]:
    """Packages whose versions are others than when the run began, e.g. "keras 3.9.0, now 3.15.1"."""
    then, now = facts.get("versions", {}), versions()
    return [
        f"{package} {then.get(package, 'absent')}, now {now.get(package, 'absent')}"
        for package in sorted({*then, *now})
        if then.get(package) != now.get(package)
    ]


def read_json(path: Path) -> dict:
    """The object in one of a run's JSON files.

    Raises:
        UserError: naming a file that is missing, damaged, or holds something else.
    """
    return read_object(path, "restore it from a copy of the run, or name a complete run folder")
