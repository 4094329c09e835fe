"""The pipeline of Apache Beam with two workers gives what the plain command gives."""

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("apache_beam", reason="needs the extra beam: pip install 'semicurv-tf[beam]'")

TWO_WORKERS = ("--runner=DirectRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing")


def test_two_workers_give_what_the_plain_command_gives(command, small_run, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(5):
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (40, 50, 3), np.uint8)).save(
            images / f"{number}.png"
        )
    (images / "bad.png").write_bytes(b"bad")
    options = ("--run", small_run, "--input", images, "--probability")
    plain = command("predict", *options, "--output", tmp_path / "plain", expect=2)
    bulk = command(
        "predict",
        "--runner",
        "beam",
        *options,
        "--output",
        tmp_path / "bulk",
        "--",
        *TWO_WORKERS,
        expect=2,
        own_process=True,
    )
    for said in (plain, bulk):
        assert "5 predicted, 0 finished before, 1 failed" in said and said.count("error:") == 1 and "bad.png" in said
    for number in range(5):
        for name in (f"{number}.png", f"{number}.probability.png"):
            assert (tmp_path / "bulk" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
    lines = lambda name: [json.loads(line) for line in (tmp_path / "bulk" / name).read_text().splitlines()]
    assert [line["source"] for line in lines("failed.jsonl")] == [str(images / "bad.png")]
    assert sorted(line["source"] for line in lines("predicted.jsonl")) == [
        str(images / f"{number}.png") for number in range(5)
    ]

    # The bad file is put right and one mask lost: the next call does these two.
    Image.new("RGB", (40, 50)).save(images / "bad.png")
    (tmp_path / "bulk" / "3.png").unlink()
    again = command("predict", "--runner", "beam", *options, "--output", tmp_path / "bulk", own_process=True)
    assert "2 predicted, 4 finished before, 0 failed" in again
    assert not (tmp_path / "bulk" / "failed.jsonl").exists() and len(lines("predicted.jsonl")) == 2


def test_options_that_lead_nowhere(command, small_run, tmp_path):
    Image.new("RGB", (40, 50)).save(tmp_path / "a.png")
    said = command(
        "predict",
        "--run",
        small_run,
        "--input",
        tmp_path / "a.png",
        "--output",
        tmp_path / "out",
        "--",
        "--runner=DirectRunner",
        expect=2,
    )
    assert "--runner=DirectRunner" in said and "Fix: leave it out, or --runner beam" in said
    said = command(
        "predict",
        "--runner",
        "beam",
        "--run",
        small_run,
        "--input",
        tmp_path / "a.png",
        "--output",
        tmp_path / "m.png",
        expect=2,
    )
    assert "expected a folder for --runner beam" in said
    said = command(
        "predict",
        "--runner",
        "beam",
        "--run",
        small_run,
        "--input",
        tmp_path / "a.png",
        "--output",
        tmp_path / "out",
        "--",
        "--runner=Tractor",
        expect=2,
        own_process=True,
    )
    assert "Tractor" in said and said.count("error:") == 1
