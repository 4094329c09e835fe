"""Standard output and error that are closed or full, by the installed command."""

import csv
import subprocess
from pathlib import Path

import pytest

from semicurv_tf.config import dump_config, load_config, parse_setting
from semicurv_tf.spreadsheet import cell
from semicurv_tf.vector.table import write_table


def bash(line):
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["semicurv-tf datasets list", "semicurv-tf --help", "semicurv-tf --version"])
def test_a_full_standard_output_is_one_line(command):
    done = bash(f"{command} >/dev/full")
    assert done.returncode == 75
    assert done.stderr == (
        "error: standard output: cannot be written (No space left on device). "
        "Fix: make room where it is redirected to\n"
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("semicurv-tf datasets list 2>&-", 0), ("semicurv-tf datasets list >&-", 0),
        ("semicurv-tf datasets list <&- >&- 2>&-", 0),
        ("semicurv-tf predict --run x --input y --output z 2>&-", 2), ("semicurv-tf predict 2>/dev/full", 2),
        ("set -o pipefail; semicurv-tf datasets list | head -1", 0),
    ],
)  # fmt: skip
def test_closed_and_full_streams_change_no_outcome(line, code, tmp_path):
    done = bash(f"cd {tmp_path}; {line}")
    assert done.returncode == code and "Traceback" not in done.stderr + done.stdout


def test_cells_that_begin_as_formulas_are_quoted_and_numbers_are_not(tmp_path):
    names = ["=cmd|' /C calc'!A0.png", "+1a.png", "-2+3.png", "@SUM(A1).png", "\tx", "a=b.png"]
    write_table(tmp_path / "a.csv", [{"image": name, "orientation_deg": -12.5} for name in names])
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [f"'{name}" for name in names[:-1]] + ["a=b.png"]
    assert {row["orientation_deg"] for row in rows} == {"-12.5"}
    assert [cell(value) for value in ("-3.25", "+1e-3", "=1", "@", "", None, -1)] == [
        "-3.25",
        "+1e-3",
        "'=1",
        "'@",
        "",
        None,
        -1,
    ]


def test_a_folder_named_as_a_number_stays_a_text(tmp_path):
    for name in ("2024", "1e5", "0x10"):
        config = load_config(None, {"data.data_dir": name})
        (tmp_path / "config.yaml").write_text(dump_config(config))
        assert load_config(tmp_path / "config.yaml") == config and config.data.data_dir == name
    assert parse_setting("training.learning_rate=1e-3") == ("training.learning_rate", 0.001)
    assert parse_setting("data.data_dir=1e5") == ("data.data_dir", "1e5")
