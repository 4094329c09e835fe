"""The manifest of a run, and finding its images again: hand-made rows, files, and random growths."""

import json
import random
import shutil

import pytest

from semicurv_tf.data.decoded import DecodedMemory
from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.manifest import Entry, entries_of, read_manifest, write_manifest
from semicurv_tf.data.run_images import find_run_images
from semicurv_tf.data.split import split_by_name
from semicurv_tf.data.store import ImageStore
from semicurv_tf.errors import UserError


def _row(name, image=None, mask="m", root="data", size=(20, 30), valid=600):
    return {"name": name, "source": name, "path": f"images/{name}.png", "root": root, "shape": [*size, 3],
            "labelled": mask is not None, "positive": 5, "valid": valid, "range": [0, 9],
            "digest": image or f"pixels of {name}", "mask_digest": f"{mask} of {name}"}  # fmt: skip


def _stores(**rows):
    return {split: ImageStore(part, [{"image": row["name"]} for row in part], DecodedMemory(1))
            for split, part in rows.items()}  # fmt: skip


@pytest.fixture
def stores():
    return _stores(
        train=[_row("a"), _row("b"), _row("u", mask=None)], validation=[_row("v")], test=[_row("t"), _row("s")]
    )


def _names(found):
    return {split: store.names for split, store in found.stores.items()}


SAME = {"train": ("a", "b", "u"), "validation": ("v",), "test": ("t", "s")}


def test_what_is_written_is_read(stores, tmp_path):
    entries = entries_of(stores, ["a"])
    write_manifest(tmp_path / "manifest.jsonl", entries)
    lines = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()]
    assert lines[0] == {
        "root": "data", "path": "images/a.png", "name": "a", "split": "train", "labelled": True, "learned": True,
        "width": 30, "height": 20, "image_hash": "pixels of a", "mask_hash": "m of a", "valid_px": 600,
    }  # fmt: skip
    assert [(line["name"], line["labelled"], line["learned"]) for line in lines[1:4]] == [
        ("b", True, False), ("u", False, False), ("v", True, False)
    ]  # fmt: skip
    assert lines[2]["mask_hash"] is None
    assert read_manifest(tmp_path / "manifest.jsonl") == entries


def test_names_of_any_kind_are_kept(tmp_path):
    names = ["späte Straße", "line\u2028separator", "not utf-8 \udcff", 'quo"te', "new\nline"]
    entries = entries_of(_stores(train=[_row(name) for name in names]), names)
    write_manifest(tmp_path / "m", entries)
    assert [entry.name for entry in read_manifest(tmp_path / "m")] == names


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "damaged"),
        ("{}\n", "line 1: damaged"),
        ("[1]\n", "line 1: damaged"),
        ('{"root": "data"', "line 1: damaged"),
    ],
)
def test_damaged_manifests_are_named(tmp_path, text, said):
    (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(UserError, match=said) as error:
        read_manifest(tmp_path / "manifest.jsonl")
    assert "manifest.jsonl" in error.value.lines[0] and "Fix:" in error.value.lines[0]


def test_shown_is_the_path_and_the_part():
    entry = Entry("data", "images/deep/p00.png", "deep/p00", "train", True, True, 1, 1, "", "", 1)
    assert entry.shown == "images/deep/p00.png"
    assert Entry("data", "a/22.tif", "22-3", "train", True, True, 1, 1, "", "", 1).shown == "a/22.tif (22-3)"
    assert Entry("data", None, "train-0001", "train", True, True, 1, 1, "", "", 1).shown == "train-0001"


def test_nothing_changed(stores):
    found = find_run_images(entries_of(stores, ["a"]), stores)
    assert _names(found) == SAME and found.new is None
    assert found.changes.lines() == found.changes.notes() == []


def test_another_split_of_the_folder_moves_nothing_and_order_is_kept(stores):
    entries = entries_of(stores, ["a"])
    now = _stores(train=[_row("s"), _row("v"), _row("b")], test=[_row("u", mask=None), _row("a"), _row("t")])
    found = find_run_images(entries, now)
    assert _names(found) == SAME and not found.changes.lines()
    assert found.stores["test"]._records[1] == {"image": "s"}


def test_what_came_is_new_and_copies_are_not(stores):
    entries = entries_of(stores, ["a"])
    now = _stores(
        train=[*stores["train"].rows, _row("n1"), _row("n2", mask=None), _row("copy of b", image="pixels of b")],
        validation=[_row("v"), _row("n3")], test=stores["test"].rows,
    )  # fmt: skip
    found = find_run_images(entries, now)
    assert _names(found) == SAME and found.new.names == ("n1", "n3")
    assert found.changes.new == (3, 2) and found.changes.lines() == []
    assert found.changes.notes() == [
        "3 images are new, not part of this run (2 with a mask: `evaluate --new` scores them)",
        "1 added file holds an image that this run has: copy of b = b",
    ]


def test_what_changed_or_went_is_named_a_line_each(stores):
    entries = entries_of(stores, ["a"])
    now = _stores(
        train=[_row("a", mask=None), _row("b", mask="other"), _row("u", mask=None, valid=500)],
        validation=[_row("v", size=(10, 30))], test=[_row("t", image="painted over")],
    )  # fmt: skip
    changes = find_run_images(entries, now).changes
    assert changes.lines() == [
        "--data-dir: images/s.png (test): is not there any more",
        "--data-dir: images/a.png (labelled): its mask is not there any more",
        "--data-dir: images/b.png (training, unlabelled): its mask changed",
        "--data-dir: images/u.png (training, unlabelled): changed: 500 pixels count, 600 in this run",
        "--data-dir: images/v.png (validation): changed: 30x10 pixels, 30x20 in this run",
        "--data-dir: images/t.png (test): changed: other pixels than in this run",
    ]
    assert changes.lines(lambda entry: entry.learned) == changes.lines()[1:2]
    assert changes.of_split("test") == {"changed": ["t"], "gone": ["s"]}
    assert changes.of_split("labelled") == {"changed": ["a"]} and changes.of_split("new") == {}


def test_a_test_image_that_shows_a_training_image_now_is_left_out(stores):
    entries = entries_of(stores, ["a"])
    now = _stores(train=stores["train"].rows, validation=[_row("v")], test=[_row("t", image="pixels of b"), _row("s")])
    found = find_run_images(entries, now)
    assert found.stores["test"].names == ("s",) and found.changes.of_split("test") == {"left_out": ["t"]}
    assert found.changes.lines() == [
        "--data-dir: images/t.png (test): shows the training image images/b.png now; left out"
    ]


def test_a_mask_drawn_since_is_not_learned_from_but_a_test_image_is_scored_by_it():
    then = _stores(train=[_row("a"), _row("u", mask=None)], test=[_row("t", mask=None)])
    now = _stores(train=[_row("a"), _row("u")], test=[_row("t")])
    found = find_run_images(entries_of(then, ["a"]), now)
    assert found.stores["train"].labelled == (True, False) and found.stores["test"].labelled == (True,)
    assert found.new is None and not found.changes.lines()
    assert found.changes.notes() == ["2 images of this run have masks now, which this run does not learn from: u, t"]


def test_the_second_folder_has_names_of_its_own():
    extra = _stores(train=[_row("a", image="x", mask=None, root="unlabelled"), _row("z", mask=None, root="unlabelled")])
    data = _stores(train=[_row("a"), _row("b")])
    entries = entries_of({"train": data["train"].joined(extra["train"])}, ["a"])
    assert [(entry.root, entry.name, entry.learned) for entry in entries] == [
        ("data", "a", True), ("data", "b", False), ("unlabelled", "a", False), ("unlabelled", "z", False)
    ]  # fmt: skip
    found = find_run_images(entries, data, extra["train"])
    assert found.stores["train"].roots == ("data", "data", "unlabelled", "unlabelled") and not found.changes.lines()
    without = find_run_images(entries, data)
    assert without.stores["train"].names == ("a", "b") and without.changes.unseen == 2
    other = _stores(train=[_row("q", mask=None, root="unlabelled")])["train"]
    (line,) = find_run_images(entries, data, other).changes.lines()
    assert line == "--unlabelled-dir: none of the run's 2 images is there any more"


def test_another_folder_is_refused_and_another_reading_is_one_line(stores):
    entries = entries_of(stores, ["a"])
    with pytest.raises(UserError, match="--data-dir: expected the images of this run, found none of its 6. Fix:"):
        find_run_images(entries, _stores(train=[_row("x"), _row("y")]))
    other = {
        split: [_row(row["name"], image=f"other {row['name']}") for row in store.rows]
        for split, store in stores.items()
    }
    (line,) = find_run_images(entries, _stores(**other)).changes.lines()
    assert line.startswith("--data-dir: none of the run's 6 images is as it was")


def test_no_trained_image_in_any_test_score_over_200_random_growths():
    """24 images grow to 60; masks come, images go and are renamed: neither the run nor a new one tests on the 24's."""
    for trial in range(200):
        generator = random.Random(trial)
        names = [f"{generator.choice(['', 'day2/'])}IMG_{number:04d}" for number in generator.sample(range(10_000), 60)]
        with_mask = {name for name in names if generator.random() < generator.choice([0.5, 0.9, 1.0])}
        before = _folder(names[:24], with_mask, trial)
        entries = entries_of(before, before["train"].names[:5])
        trained = {entry.name for entry in entries if entry.split == "train"}
        learned_pixels = {entry.image_hash for entry in entries if entry.split == "train"}
        with_mask |= {name for name in names if generator.random() < 0.2}
        removed = {name for name in names if generator.random() < generator.choice([0.0, 0.1])}
        renamed = {name for name in names[:24] if generator.random() < 0.05}
        kept = [f"moved/{name}" if name in renamed else name for name in names if name not in removed]
        pixels = {f"moved/{name}": f"pixels of {name}" for name in names}
        masks = with_mask | {f"moved/{name}" for name in with_mask}
        after = _folder(kept, masks, trial, pixels)
        found = find_run_images(entries, after)
        scored = [store for split, store in found.stores.items() if split != "train"] + [found.new] * (
            found.new is not None
        )
        for store in scored:
            assert not trained & set(store.names), trial
            assert not learned_pixels & {row["digest"] for row in store.rows}, trial
        assert found.stores["train"].names == tuple(
            entry.name for entry in entries if entry.split == "train" and entry.name in kept
        )
        # A new run on the folder, if nothing was taken away or renamed: the masks that were learned from stay in training.
        if not removed and not renamed:
            learned = {entry.name for entry in entries if entry.split == "train" and entry.labelled}
            assert learned <= set(after["train"].names), trial


def _folder(names, with_mask, seed, pixels=None):
    labelled = sorted(name for name in names if name in with_mask)
    parts = split_by_name(labelled, 0.1, 0.1, seed)
    parts["train"] = parts["train"] + sorted(set(names) - set(labelled))
    rows = lambda part: [_row(name, (pixels or {}).get(name), "m" if name in with_mask else None) for name in part]
    return _stores(**{split: rows(part) for split, part in parts.items() if part})


def test_files_grow_and_the_run_is_the_same(files, cache):
    for number in range(8):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png", columns=1 + number)
    load = lambda manifest=None: load_dataset("folder", files.root, cache_dir=cache, manifest=manifest)
    first = load()
    entries = entries_of({"train": first.train, "validation": first.validation, "test": first.test}, first.train.names)
    assert {entry.path for entry in entries} == {f"images/{number}.png" for number in range(8)}
    for number in range(8, 30):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png", columns=1)
    again = load(entries)
    for split in ("train", "validation", "test"):
        then, now = getattr(first, split), getattr(again, split)
        assert then.names == now.names
        for index in range(len(then)):
            assert all((then.read(index)[key] == now.read(index)[key]).all() for key in ("image", "mask", "valid"))
    assert again.changes.new == (22, 22) and len(again.new) == 22 and first.changes is None
    index = again.new.names.index("17")
    assert (again.new.read(index)["image"] == files.pixels("images/17.png")).all()
    assert (again.statistics()[0] == first.statistics()[0]).all()


def test_the_split_of_a_folder_that_gets_a_mask(shared_data, cache, tmp_path):
    folder = tmp_path / "before"
    shutil.copytree(shared_data / "trouble" / "split-drift" / "before", folder)
    first = load_dataset("folder", folder, cache_dir=cache)
    entries = entries_of({"train": first.train, "validation": first.validation, "test": first.test}, first.train.names)
    shutil.copy(shared_data / "trouble" / "split-drift" / "add" / "p14.png", folder / "masks")
    again = load_dataset("folder", folder, cache_dir=cache, manifest=entries)
    assert again.test.names == first.test.names and again.train.labelled == first.train.labelled
    assert [entry.name for entry in again.changes.masks_added] == ["p14"]
    # Another run: no image that was learned from is among its test images.
    learned = {entry.name for entry in entries if entry.learned}
    assert not learned & {*load_dataset("folder", folder, cache_dir=cache).test.names}
