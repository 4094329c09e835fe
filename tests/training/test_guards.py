"""Guards: non-finite losses stop, collapse warns once an episode."""

import math

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.training.guards import CollapseWarning, FallWarning, stop_at_non_finite


def test_finite_losses_pass():
    stop_at_non_finite({"step": 1, "loss": 0.5, "dice": 0.5})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_first_non_finite_loss_names_step_and_parts(value):
    with pytest.raises(UserError) as caught:
        stop_at_non_finite({"step": 37, "loss": value, "dice": 0.25, "npair": value})
    (line,) = caught.value.lines
    assert "step 37" in line and "dice 0.25" in line and f"npair {value:g}" in line and "Fix:" in line


@pytest.mark.parametrize("foreground, side", [(0.0, "background"), (1.0, "foreground")])
def test_collapse_warns_once_and_again_after_recovery(foreground, side):
    lines = []
    guard = CollapseWarning(lines.append)
    for step in range(1, 600):
        guard({"step": step, "foreground": 0.08})
    assert not lines
    for step in range(600, 1200):
        guard({"step": step, "foreground": foreground})
    assert len(lines) == 1 and f"collapse to {side}" in lines[0]
    for step in range(1200, 1800):
        guard({"step": step, "foreground": 0.08})
    for step in range(1800, 2400):
        guard({"step": step, "foreground": foreground})
    assert len(lines) == 2


def test_a_single_empty_batch_is_no_collapse():
    lines = []
    guard = CollapseWarning(lines.append)
    for step in range(200):
        guard({"step": step, "foreground": 0.0 if step % 5 else 0.02})
    assert not lines


def test_a_falling_iou_is_said_once_until_it_has_a_new_best():
    lines = []
    guard = FallWarning(lines.append, "validation")
    for step, iou in enumerate((0.5, 0.75, 0.73, 0.65, 0.6, 0.76, 0.7), start=1):
        guard({"step": step, "monitor_student_iou": 0.1, "monitor_teacher_iou": iou})
    guard({"step": 8})  # a step that is not monitored
    assert [line.split(":")[0] for line in lines] == ["step 4", "step 7"]
    assert "IoU on validation images fell to 65.0 % from 75.0 % at step 2" in lines[0] and "--steps 2" in lines[0]
    assert "from 76.0 % at step 6" in lines[1]


def test_without_a_teacher_the_student_is_the_one_that_falls():
    lines = []
    guard = FallWarning(lines.append, "labelled")
    for step, iou in ((100, 0.7), (200, 0.6)):
        guard({"step": step, "monitor_student_iou": iou})
    assert len(lines) == 1 and lines[0].startswith("step 200")
