"""Live progress: nothing is cut at 80 and 120 columns, lines where no terminal is, objects for programs."""

import io
import json
import re

import pytest
from rich.console import Console

from semicurv_tf.cli.console import JsonConsole, QuietConsole
from semicurv_tf.training import progress
from semicurv_tf.training.progress import LiveProgress, fitting

REPORT = {
    "step": 120, "loss": 0.43217, "dice": 0.3511, "npair": 0.0811, "ramp": 0.51, "learning_rate": 0.0003,
    "student_iou": 0.4512, "monitor_student_iou": 0.612, "monitor_teacher_iou": 0.6314,
}  # fmt: skip


def shown(width, terminal=True):
    said = io.StringIO()
    console = Console(file=said, force_terminal=terminal, width=width, legacy_windows=False, soft_wrap=True)
    with LiveProgress(0, 1500, console) as live:
        live(REPORT)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue())  # colours; what is left moves the cursor
    lines = re.split(r"\x1b\[[0-9?;]*[A-Za-z]|\r|\n", plain)
    return [line for line in lines if line]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_what_fits_is_whole(width):
    lines = shown(width)
    assert all(len(line.rstrip()) <= width for line in lines) and "…" not in "".join(lines)
    last = lines[-1]
    assert "120/1500" in last and "left 0:" in last and "loss 0.4322" in last
    assert ("IoU 61.2 % (teacher 63.1 %)" in last) == (width >= 80)
    whole = ["dice 0.3511", "npair 0.0811", "ramp 0.51", "lr 0.0003", "batch IoU 45.1 %"]
    assert all(part in last for part in whole) == (width == 200)


def test_a_line_elsewhere_has_all():
    (line,) = shown(80, terminal=False)
    assert (
        line.startswith("step 120/1500  left 0:0")
        and "lr 0.0003  batch IoU 45.1 %  IoU 61.2 % (teacher 63.1 %)" in line
    )


def test_what_matters_most_comes_first():
    parts = {"loss": "loss 1", "dice": "dice 2", "iou": "IoU 3 %"}
    assert fitting(parts, 100) == ["loss 1", "dice 2", "IoU 3 %"]
    assert fitting(parts, 8 + 9) == ["loss 1", "IoU 3 %"]
    assert fitting(parts, 8) == ["loss 1"] and fitting(parts, 0) == []


def test_lines_every_half_minute(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    said = io.StringIO()
    live = LiveProgress(0, 100, Console(file=said, width=80))
    for step in range(1, 101):
        now[0] += 1
        live({"step": step, "loss": 0.5})
    lines = said.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["30/100", "60/100", "90/100", "100/100"]
    assert "left 0:01:10" in lines[0]


def test_objects_for_programs(capsys):
    console = JsonConsole()
    console.print("warning: the surface is wet")
    console.print("3 steps, float32")
    LiveProgress(0, 1500, console)({**REPORT, "loss": float("nan")})
    warning, message, report = map(json.loads, capsys.readouterr().out.splitlines())
    assert warning == {"warning": "the surface is wet"} and message == {"message": "3 steps, float32"}
    assert report["step"] == 120 and report["steps"] == 1500 and report["loss"] is None
    assert report["monitor_student_iou"] == 0.612 and report["left_seconds"] >= 0


def test_quiet_says_warnings_alone(capsys):
    console = QuietConsole()
    console.print("3 steps")
    console.print("warning: the surface is wet")
    LiveProgress(0, 1500, console)({**REPORT, "step": 1500})
    JsonConsole(warnings_only=True).print("3 steps")
    said = capsys.readouterr()
    assert said.err == "warning: the surface is wet\n" and said.out == ""
