"""The short form of `scripts/fuzz.py`: a few cases of everything that reads what people have."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz():
    specification = importlib.util.spec_from_file_location("fuzz_script", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_nothing_breaks_hangs_or_grows(tmp_path):
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, SCRIPT, "--files", "160", "--answers", "20", "--seed", "7", "--write", figures,
         "--hang-seconds", "120"],  # a machine that runs other things too is slow, which is no fault
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    targets = json.loads(figures.read_text())["targets"]
    assert (
        all(each["cases"] >= 6 for each in targets.values()) and sum(each["refused"] for each in targets.values()) > 50
    )


def test_it_finds_what_is_wrong(tmp_path):
    """A reader that breaks, one that dies and one that hangs are told apart, and the others are still run."""
    program = f"""
import importlib.util, os, sys, time
specification = importlib.util.spec_from_file_location("fuzz_script", {str(SCRIPT)!r})
fuzz = importlib.util.module_from_spec(specification)
specification.loader.exec_module(fuzz)
def run_case(targets, target, number, seed):
    if number == 1: raise ZeroDivisionError("x")
    if number == 2: os._exit(9)
    if number == 4: time.sleep(600)
    return ["a line"]
fuzz.run_case, fuzz.PATIENCE = run_case, 2
if "--work" in sys.argv: fuzz.main(); sys.exit()
fuzz.__file__ = __file__
print(__import__("json").dumps(fuzz.fuzz("card", 6, 0, 5.0)))
"""
    script = tmp_path / "run.py"
    script.write_text(program)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert (found["cases"], found["tracebacks"], found["crashes"], found["hangs"]) == (6, 1, 1, 1)
    assert found["faults"]["the process ended with 9"] == [2] and found["refused"] == 3


def test_a_case_is_the_same_file_wherever_it_is_run(fuzz):
    seeds = [content for _, content in fuzz.masks()]
    first, again = (fuzz.mutated(seeds[0], fuzz.random.Random("0 mask 3"), seeds) for _ in range(2))
    assert first == again != seeds[0]
