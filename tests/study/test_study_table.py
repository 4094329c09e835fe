"""The table of a study: mean and spread over seeds by hand, a closed test set, seeds apart from recipes."""

from semicurv_tf.study.study_table import study_table


def record(seed, hidden, test, recipe="a.yaml", steps=100, labels=0.5):
    scores = test and {"mean": {"iou": test, "f1": 0.5}, "pooled": {"iou": 0.25}}
    return {
        "recipe": recipe,
        "config": {"data": {"labels": labels}, "method": {"name": "supervised"}, "training": {"seed": seed}},
        "labelled": ["x", "y"],
        "curve": [{"step": steps, "monitor_student_iou": hidden}],
        "scores": scores,
        "training_minutes": 2.0,
        "processor": "a processor, 2 cores",
        "precision": {"name": "float32"},
        "versions": {"tensorflow": "2.21.0"},
    }


def rows(text):
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ][1:]


def test_mean_and_spread_over_seeds():
    table = rows(study_table([record(0, 0.40, 0.30), record(1, 0.44, 0.32), record(2, 0.48, 0.34)]))
    assert table[0] == ["a.yaml", "supervised", "2", "0", "100", "40.0", "30.0", "50.0", "25.0", "2"]
    # (30 + 32 + 34) / 3 and sqrt((4 + 0 + 4) / 2)
    assert table[3] == [
        "a.yaml",
        "supervised",
        "2",
        "3 seeds",
        "100",
        "44.0 ± 4.0",
        "32.0 ± 2.0",
        "50.0 ± 0.0",
        "25.0 ± 0.0",
        "2.0 ± 0.0",
    ]


def test_closed_test_set_shows_no_number():
    table = rows(study_table([record(0, 0.40, None), record(1, 0.44, None)]))
    assert table[0][6:9] == table[2][6:9] == ["-", "-", "-"]
    assert table[2][5] == "42.0 ± 2.8"


def test_what_was_watched_with_all_labels_is_not_called_hidden():
    (row,) = rows(study_table([record(0, 0.9, 0.3, labels=1.0)]))
    assert row[5:7] == ["-", "30.0"]


def test_other_recipes_and_lengths_are_no_seeds_of_one_another():
    records = [record(0, 0.40, 0.30), record(0, 0.40, 0.30, recipe="b.yaml"), record(1, 0.40, 0.30, steps=200)]
    assert len(rows(study_table(records))) == 3
