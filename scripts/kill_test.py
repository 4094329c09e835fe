"""Kills a training again and again, resumes it each time, and compares it with one that was left alone.

    python scripts/kill_test.py --folder /tmp/kills --kills 20 --results results/kill_test

Kills are `kill -9` at seeded random moments spread over the run: inside a step, inside the writing of a checkpoint
(the driver waits for its temporary folder to appear), and while the resumed process starts. Both trainings must end
with the same bits in every variable of student, teacher and optimizer, and with a log that has every step once.
FOLDER/whole and FOLDER/killed are the two runs; RESULTS/kills.json holds each kill and the outcome.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np

PROGRAM = [sys.executable, "-m", "semicurv_tf.cli.main", "train"]
# Inside a step is where a run mostly is; a checkpoint's writing must be aimed at; starting is the rest.
KINDS = ("step", "checkpoint", "checkpoint", "step", "start")
STEP_SECONDS = 0.5  # a kill inside a step comes this much at most after a checkpoint
WRITING_SECONDS = 0.02  # and one inside a checkpoint this much after its temporary folder appears
STARTING_SECONDS = 8.0
WAIT_SECONDS = 600.0


@click.command()
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="A new folder for the two runs.")
@click.option("--kills", default=20, show_default=True)
@click.option("--steps", default=800, show_default=True, help="Length of the run.")
@click.option("--seed", default=0, show_default=True, help="Of the kills' moments.")
@click.option("--method", default="semicurv", show_default=True)
@click.option("--results", type=click.Path(path_type=Path), help="Where kills.json goes.")
def main(folder, kills, steps, seed, method, results):
    """Kill, resume, compare; exit code 1 where the two runs differ."""
    if folder.exists():
        raise SystemExit(f"error: --folder {folder}: exists already. Fix: another one, or remove it")
    folder.mkdir(parents=True)
    every = max(1, steps // (3 * kills))
    arguments = ["--dataset", "synthetic", "--method", method, "--steps", str(steps), "--precision", "float32"]
    for setting in (
        "model.widths=[4,8]",
        "data.crop=32",
        f"training.checkpoint_every={every}",
        f"training.monitor_every={steps}",
    ):
        arguments += ["--set", setting]
    whole, killed = folder / "whole", folder / "killed"
    start = time.monotonic()
    _wait(_start([*arguments, "--run", str(whole)]))
    print(f"uninterrupted: {steps} steps in {time.monotonic() - start:.0f} s", flush=True)

    random_numbers, records = random.Random(seed), []
    for number in range(kills):
        kind = KINDS[number % len(KINDS)]
        due = (number + 1) * steps // (kills + 1)
        record = _life(killed, arguments, kind, due, random_numbers)
        records.append({"kill": number + 1, **record})
        print(json.dumps(records[-1]), flush=True)
    _wait(_start(_going_on(killed, arguments)))
    outcome = _compare(whole, killed, steps)
    if results is not None:
        results.mkdir(parents=True, exist_ok=True)
        content = {
            "kills": kills,
            "steps": steps,
            "seed": seed,
            "method": method,
            "checkpoint_every": every,
            **outcome,
            "each": records,
        }
        (results / "kills.json").write_text(json.dumps(content, indent=2) + "\n")
    print(json.dumps(outcome, indent=2))
    sys.exit(0 if outcome["same_bits"] and outcome["log_has_every_step_once"] else 1)


def _life(run, arguments, kind, due, random_numbers):
    """Starts or resumes the run, kills it at one moment, and says what was found."""
    resumed_from = _newest(run)
    process = _start(_going_on(run, arguments))
    if kind == "start":
        delay = random_numbers.uniform(0, STARTING_SECONDS)
        time.sleep(delay)
    else:
        _until(process, lambda: _newest(run) >= max(due, resumed_from + 1))
        if kind == "checkpoint":
            _until(process, lambda: any((run / "checkpoints").glob(".part-*")), pause=0)
        delay = random_numbers.uniform(0, STEP_SECONDS if kind == "step" else WRITING_SECONDS)
        time.sleep(delay)
    ended = process.poll()
    if ended is not None and ended != 0:
        raise SystemExit(f"error: the training ended by itself with exit code {ended}:\n{process.stderr.read()}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    half_written = sorted(path.name for path in (run / "checkpoints").glob(".part-*")) if run.exists() else []
    return {
        "kind": kind,
        "delay_seconds": round(delay, 4),
        "resumed_from": resumed_from,
        "newest_checkpoint": _newest(run),
        "half_written": half_written,
        "had_ended": ended is not None,
    }


def _start(arguments):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [*PROGRAM, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _going_on(run, arguments):
    return ["--resume", str(run)] if (run / "config.yaml").exists() else [*arguments, "--run", str(run)]


def _wait(process):
    _, errors = process.communicate(timeout=WAIT_SECONDS)
    if process.returncode:
        raise SystemExit(f"error: the training failed:\n{errors}")


def _until(process, condition, pause=0.002):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if process.poll() is not None:
            return
        if time.monotonic() > deadline:
            process.kill()
            raise SystemExit("error: the training got nowhere")
        time.sleep(pause)


def _newest(run):
    """Steps of the newest checkpoint; 0 where there is none."""
    return max((int(path.name.removeprefix("step-")) for path in (run / "checkpoints").glob("step-*")), default=0)


def _compare(whole, killed, steps):
    """Whether the last checkpoints are the same, bit for bit, and the logs whole."""
    states = [np.load(run / "checkpoints" / f"step-{steps:06d}" / "state.npz") for run in (whole, killed)]
    same = states[0].files == states[1].files and all(
        states[0][name].tobytes() == states[1][name].tobytes() for name in states[0].files
    )
    logged = [
        [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()] for run in (whole, killed)
    ]
    digest = lambda state: hashlib.sha256(b"".join(state[name].tobytes() for name in state.files)).hexdigest()
    return {
        "same_bits": same,
        "variables": len(states[0].files) - 1,
        "sha256": [digest(state) for state in states],
        "log_has_every_step_once": logged[0] == logged[1] == sorted(set(logged[0])),
    }


if __name__ == "__main__":
    main()
