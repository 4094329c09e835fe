"""Guards: a run stops at the first loss that is not finite, and says when predictions collapse or scores fall."""

import math

from semicurv_tf.errors import UserError
from semicurv_tf.methods.registry import LOSS_LABELS

# A share of predicted foreground below or above these is a collapse (Xu et al. 2022, Sect. III-D).
COLLAPSED_TO_BACKGROUND = 0.001
COLLAPSED_TO_FOREGROUND = 0.95
# A single batch may be empty by chance: the running mean counts, over about this many steps.
COLLAPSE_STEPS = 50
# Below the best so far by this much, the monitored IoU has fallen; less is the noise of a few images.
FALLEN = 0.03


def stop_at_non_finite(report: dict):
    """Raises at a loss that is NaN or infinite.

    Args:
        report: `step` and the losses of the step.

    Raises:
        UserError: naming the step, the losses and the remedies.
    """
    if math.isfinite(report["loss"]):
        return
    parts = ", ".join(f"{name} {report[name]:g}" for name in LOSS_LABELS if name in report)
    raise UserError(
        f"step {report['step']}: the loss is not finite ({parts}); the last checkpoint is intact. "
        "Fix: look for damaged images with semicurv-tf datasets verify, lower training.learning_rate, "
        "or --precision float32"
    )


class CollapseWarning:
    """Warns once an episode when the predicted foreground runs towards nothing or everything.

    Args:
        warn: called with the line for the user.
    """

    def __init__(self, warn):
        self._warn = warn
        self._mean = None
        self._warned = False

    def __call__(self, report: dict):
        current = report["foreground"]
        self._mean = current if self._mean is None else self._mean + (current - self._mean) / COLLAPSE_STEPS
        collapsed = not COLLAPSED_TO_BACKGROUND <= self._mean <= COLLAPSED_TO_FOREGROUND
        if collapsed and not self._warned and report["step"] >= COLLAPSE_STEPS:
            side = "background" if self._mean < 0.5 else "foreground"
            self._warn(
                f"step {report['step']}: predictions collapse to {side}: {100 * self._mean:.2f} % of the pixels are "
                "predicted foreground. If this lasts, lower method.consistency_weight, raise method.rampup, "
                "or label more images"
            )
            self._warned = True
        elif not collapsed:
            self._warned = False


class FallWarning:
    """Warns once an episode when the monitored IoU of the network to deploy lies well below its best so far.

    Args:
        warn: called with the line for the user.
        images: which images are monitored, for the user.
    """

    def __init__(self, warn, images: str):
        self._warn, self._images = warn, images
        self._best, self._at, self._warned = 0.0, 0, False

    def __call__(self, report: dict):
        now = report.get("monitor_teacher_iou", report.get("monitor_student_iou"))
        if now is None:
            return
        if now >= self._best:
            self._best, self._at, self._warned = now, report["step"], False
        elif now < self._best - FALLEN and not self._warned:
            self._warn(
                f"step {report['step']}: the IoU on {self._images} images fell to {100 * now:.1f} % from "
                f"{100 * self._best:.1f} % at step {self._at}. If this lasts, a new run is better off with "
                f"--steps {self._at}, or with --method supervised"
            )
            self._warned = True
