"""The sentence by hand; and the whole command on a small folder: planned, trained, stopped, gone on with, refused."""

import json
import shlex
import shutil

import pytest
from PIL import Image

import semicurv_tf
from semicurv_tf.advice.outcome import as_dict, sentence, summarise_advice, table
from semicurv_tf.advice.trainings import default_steps
from semicurv_tf.cli import main as entry
from semicurv_tf.training import run_folder, run_lock
from tests.drawn_folder import draw_folder

NEXT = "semicurv-tf next --run R --count 8 --output R/next"


LONGER = "semicurv-tf advise R --steps 120"


def advice_of(gain, command=None, longer=None):
    """Two folds of 4, 2 and 1 masks; each doubling brings so many points."""
    networks = [(fold, level, 4 // 2**level) for fold in (1, 2) for level in range(3)]
    found = [{"mean": {"iou": 0.5 - 0.01 * gain * level}, "images": 3} for _, level, _ in networks]
    return summarise_advice(networks, found, labels=4, steps=40, run_steps=120, command=command, longer=longer)


def test_sentences():
    assert sentence(advice_of(0.0)).startswith("enough: twice the labels are expected to bring less than 1 point (4 mo")
    text = sentence(advice_of(6.0))
    assert (
        text.startswith("label more: 4 more masks to learn from are expected to bring IoU from 49 to 5")
        and "which" not in text
    )
    assert sentence(advice_of(6.0, NEXT)) == text.replace("label more", "label these") + f"; which: {NEXT}"
    assert sentence(advice_of(-2.0, NEXT, LONGER)).endswith(f"as too short ones do; surer: {LONGER}")
    assert sentence(advice_of(0.0, NEXT, LONGER)) == sentence(advice_of(0.0))
    assert sentence(advice_of(-2.0, NEXT)).startswith("enough")  # at the run's own length it is what it is
    assert as_dict(advice_of(6.0, NEXT))["next"] == shlex.split(NEXT)


def test_the_table_has_each_network_and_both_expected_scores():
    advice = advice_of(6.0)
    lines = table(advice).splitlines()
    assert [line.split() for line in lines[:4]] == [
        ["masks", "fold", "1", "fold", "2", "mean", "IoU"],
        ["1", "38.0", "38.0", "38.0"], ["2", "44.0", "44.0", "44.0"], ["4", "50.0", "50.0", "50.0"],
    ]  # fmt: skip
    assert lines[4].split()[:3] == ["4,", "now", f"{advice.now.expected:.1f}"]
    assert lines[5].split()[:3] == ["8,", "twice", f"{advice.twice.expected:.1f}"]
    assert "two sizes" not in "".join(lines)
    assert "6 images with a mask" in lines[6] and "40 steps long, the run 120" in lines[7]


def test_lengths():
    assert [default_steps(steps) for steps in (1500, 480, 361, 360, 121, 3)] == [500, 160, 121, 120, 120, 3]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run on four photographs with a mask and two without."""
    place = tmp_path_factory.mktemp("advise")
    draw_folder(place / "my", 4, others=2)
    words = [
        "train", place / "my", "--run", place / "run one", "--steps", 2, "--precision", "float32",
        "--set", "model.start=none", "--set", "model.widths=[4,8]", "--set", "training.pictures_every=0",
        "--set", "training.optimizer=sgd", "--quiet",
    ]  # fmt: skip
    entry.cli(list(map(str, words)), standalone_mode=False)
    return place / "run one"


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run one")


def test_planned_trained_gone_on_with_and_refused_when_the_run_is_another(run, call_command, monkeypatch):
    weights, before = (run / "deployed.keras").read_bytes(), sorted(path.name for path in run.iterdir())
    said = call_command("advise", run, "--folds", 2, "--dry-run")
    assert "4 networks in 2 folds learn from 2 and 1 masks, each 2 steps long (the run: 2): about" in said.err
    assert sorted(path.name for path in run.iterdir()) == before and not said.out

    # Stopped in the third network, as by Ctrl-C.
    from semicurv_tf.evaluation import folds
    from semicurv_tf.training.stopping import Stopped

    begun, real = [], folds.train

    def stopped(config, folder, *rest, **options):
        begun.append(folder)
        if len(begun) == 3:
            raise Stopped(1)
        real(config, folder, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(folds, "train", stopped)
        said = call_command("advise", run, "--folds", 2, expect=130)
    assert "stopped at step 1, checkpoint written. Continue: the same command" in said.err
    assert not (run / "advice.json").exists()

    first = begun[0] / "log.jsonl"
    moment = first.stat().st_mtime_ns
    said = call_command("advise", run, "--folds", 2)
    assert "2 of them done already" in said.err and "network 1 of 2: fold 2, 2 masks" in said.err
    assert first.stat().st_mtime_ns == moment and "retracing" not in said.err and "Next: semicurv-tf" not in said.err
    assert (run / "deployed.keras").read_bytes() == weights
    assert "two sizes of label sets alone" in said.out
    content = json.loads((run / "advice.json").read_text())
    assert content["sentence"] in said.out.splitlines() and [one["labels"] for one in content["scores"]] == [2, 1, 2, 1]
    assert 0 <= content["twice"]["low"] <= content["twice"]["expected"] <= content["twice"]["high"] <= 100
    assert content["next"][:4] == ["semicurv-tf", "next", "--run", str(run)]
    with Image.open(run / "advice.png") as picture:
        assert picture.size == (960, 600)
    call_command(*content["next"][1:])  # what is printed works when pasted
    assert (run / "next" / "next.csv").exists()

    # A network scores what it never saw, and the smaller set lies inside the larger one.
    for fold in (1, 2):
        manifests = [run_folder.read_manifest(begun[0].parents[1] / f"fold-{fold}" / f"set-{k}") for k in (1, 2)]
        larger, smaller = ({entry.name for entry in entries if entry.learned} for entries in manifests)
        held = {entry.name for entry in manifests[0] if entry.split == "test"}
        assert smaller < larger and len(held) == 2 and not held & larger

    said = call_command("advise", run, "--folds", 2)
    assert "nothing to train" in said.err
    assert semicurv_tf.open_run(run).advise(2) == content
    said = call_command("advise", run, "--folds", 5, expect=2)
    assert "--folds 5: expected at least 5 photographs with masks in this run, found 4. Fix: --folds 4" in said.err
    with run_lock.locked(run):
        assert "is training in it" in call_command("advise", run, "--folds", 2, expect=2).err
    config = run / "config.yaml"  # as if it had been trained by another recipe
    config.write_text(config.read_text().replace("learning_rate: 0.0003", "learning_rate: 0.001"))
    said = call_command("advise", run, "--folds", 2, expect=2)
    assert "training.learning_rate: 0.0003 -> 0.001" in said.err and f"Fix: remove {run / 'advice'}" in said.err


@pytest.mark.parametrize("name", ["advice.json", "advice.png"])
def test_a_file_of_someone_elses_is_not_replaced(run, call_command, name):
    (run / name).write_text('{"mine": 1}')
    said = call_command("advise", run, expect=2)
    assert f"{run}: results would replace 1 file that semicurv-tf did not write" in said.err and name in said.err
    assert (run / name).read_text() == '{"mine": 1}'


def test_what_cannot_be_advised(run, tmp_path, call_command):
    facts = json.loads((run / "run.json").read_text())
    learned = lambda names: (run / "run.json").write_text(json.dumps({**facts, "labelled": names}))
    learned(facts["labelled"][:2])
    said = call_command("advise", run, expect=2)
    assert "at least 3 photographs with masks, two to learn from and one to score, found 2" in said.err
    command = shlex.join(["semicurv-tf", "next", "--run", str(run), "--count", "1", "--output", str(run / "next")])
    assert f"Fix: label 1 more (which: {command}), and train again" in said.err
    learned([])
    assert "expected a run that learned from masks, found none" in call_command("advise", run, expect=2).err
    learned(facts["labelled"])
    (run / "deployed.keras").unlink()
    said = call_command("advise", run, expect=2)
    assert (
        "expected a finished run" in said.err and "Fix: wait until it ends, or semicurv-tf train --resume" in said.err
    )
    assert "no run folder" in call_command("advise", tmp_path / "none", expect=2).err
    assert not (run / "advice").exists()


def test_a_learned_photograph_that_is_gone_is_named_and_left_out(finished, run, tmp_path, call_command):
    images = shutil.copytree(finished.parent / "my", tmp_path / "my")
    gone = json.loads((run / "run.json").read_text())["labelled"][0]
    for path in [*images.glob(f"images/{gone}.*"), *images.glob(f"masks/{gone}.*")]:
        path.unlink()
    said = call_command("advise", run, "--data-dir", images, "--folds", 3, "--dry-run")
    assert f"{gone}.png" in said.err and "learned from 3 masks" in said.err
