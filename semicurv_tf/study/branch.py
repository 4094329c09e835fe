"""Starts a run from the checkpoint of another that did the same until there, so that shared steps are trained once.

A recipe that begins with labelled images alone (`method.unlabelled_from`) does until then, bit for bit, what its
supervised baseline does: up to that step, both need training only once.
"""

import shutil
from pathlib import Path

from semicurv_tf.config import Config, differences
from semicurv_tf.errors import UserError
from semicurv_tf.methods.schedule import first_unlabelled_step
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.train import compiled_method

# What of the section `method` decides what is learned from labelled images alone.
_DECIDES_EARLIER = (
    "supervised_loss", "dice_over", "ema_alpha", "start_share", "teacher_statistics", "side_weight", "loss_pose"
)  # fmt: skip
_WITHOUT_INFLUENCE = ("training.checkpoint", "training.monitor", "training.pictures")  # how these keys begin


def branch(parent: Path, step: int, run: Path, config: Config):
    """Makes a run that goes on from another's checkpoint; `training.train.resume` then trains the rest.

    Args:
        parent: a run with a checkpoint of `step`.
        step: steps done there.
        run: an absent folder.
        config: of the new run; it must do what the parent did until `step`.

    Raises:
        UserError: the two differ before `step`, or there is no such checkpoint.
    """
    remedy = "Fix: make it the same, or leave --share out"
    faults = [
        f"--share {step}: {run.name} must do what {parent.name} does until then: {line}. {remedy}"
        for line in _earlier(parent, step, config)
    ]
    checkpoint = parent / run_folder.CHECKPOINTS / f"step-{step:06d}"
    if not checkpoint.is_dir():
        faults.append(
            f"--share {step}: {parent} has no checkpoint of that step. Fix: a new --runs, and "
            f"--set training.checkpoint_every={step} --set training.checkpoints_kept=9"
        )
    if faults:
        raise UserError(faults)
    facts = {**run_folder.read_facts(parent), "method": config.method.name}
    method = compiled_method(config, facts)
    checkpoints.restore(checkpoint, method, foreign=True)
    run_folder.create(run, config, facts, run_folder.read_manifest(parent))
    checkpoints.save(run / run_folder.CHECKPOINTS, method, step, kept=1)
    # A run that goes on cuts its log back to its checkpoint.
    shutil.copy(parent / run_folder.LOG, run / run_folder.LOG)


def _earlier(parent: Path, step: int, config: Config) -> list[str]:
    """What makes the two differ before a step, a line each."""
    other = run_folder.read_config(parent)
    steps = run_folder.read_facts(parent)["steps"]
    lines = []
    for line in differences(other, config):
        key = line.split(":")[0]
        if key.startswith(_WITHOUT_INFLUENCE):
            continue
        if not key.startswith("method.") or key.removeprefix("method.") in _DECIDES_EARLIER:
            lines.append(line)
    for each in (other, config):
        if each.method.reads_unlabelled and first_unlabelled_step(each.method, steps) < step:
            lines.append(
                f"method.unlabelled_from: {each.method.unlabelled_from}, "
                f"step {first_unlabelled_step(each.method, steps)}"
            )
        if not each.method.needs_teacher:
            lines.append("method.average_weights: false")
    return lines
