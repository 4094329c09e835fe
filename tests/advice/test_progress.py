"""What is said while networks are trained: time left, warnings once, nothing else."""

import io

from rich.console import Console

from semicurv_tf.advice import progress


def test_lines_time_left_and_warnings(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    said = Console(file=io.StringIO(), width=200)
    with progress.AdviceProgress(said, networks=3, steps=101) as shown:
        shown.begins("fold 1, 4 masks")
        shown.print("warning: a pixel is odd")
        shown.print("101 steps, float32, seed 0")
        for seconds, step in ((40, 1), (45, 2), (90, 51)):  # compiling takes 40 s, a step one
            clock[0] = seconds
            shown.report({"step": step})
        clock[0] = 150
        shown.begins("fold 1, 2 masks")
        shown.print("warning: a pixel is odd")
        clock[0] = 190
        shown.report({"step": 1})
        clock[0] = 220
        shown.report({"step": 61})
    assert said.file.getvalue().splitlines() == [
        "network 1 of 3: fold 1, 4 masks",
        "warning: a pixel is odd",
        "network 1 of 3: fold 1, 4 masks, step 1/101",
        "network 1 of 3: fold 1, 4 masks, step 51/101, about 6 min left",  # 50 steps, and twice 40 + 101 s: 332 s
        "network 2 of 3: fold 1, 2 masks",
        "network 2 of 3: fold 1, 2 masks, step 1/101",
        "network 2 of 3: fold 1, 2 masks, step 61/101, about 3 min left",  # 40 half seconds, and once 150 s
    ]
