import io

from rich.console import Console

from semicurv_tf.cli import image_progress as progress


def test_lines_with_time_left_where_no_terminal_shows_a_bar(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    said = io.StringIO()
    with progress.ImageProgress(2, Console(file=said, width=200)) as shown:
        shown.begin("huge.tif")
        for _ in range(10):  # a tenth of the first image every 20 seconds
            now[0] += 20
            shown.advance(0.1)
    lines = said.getvalue().splitlines()
    # Not more often than every 30 seconds; at 40 s a tenth of all is done, so 360 s are left.
    assert lines[0] == "predicting 0/2 10.0 %  left 0:06:00  huge.tif"
    assert len(lines) == 5 and lines[-1].startswith("predicting 1/2 50.0 %  left 0:03:20")


def test_a_bar_on_a_terminal():
    said = io.StringIO()
    with progress.ImageProgress(1, Console(file=said, force_terminal=True, width=120)) as shown:
        shown.begin("huge.tif")
        shown.advance(0.25)
    assert "huge.tif" in said.getvalue() and "25%" in said.getvalue()
