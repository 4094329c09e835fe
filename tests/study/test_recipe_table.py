"""The table of recipes: means, spreads and gains by hand, the paper's numbers beside them."""

from semicurv_tf.study.recipe_table import recipe_table, time_table


def record(recipe, method, seed, iou, labels=0.01, minutes=2.0):
    return {
        "recipe": recipe,
        "config": {
            "data": {"dataset": "drive128", "labels": labels},
            "method": {"name": method},
            "training": {"seed": seed},
        },
        "scores": {"mean": {"iou": iou}},
        "training_minutes": minutes,
    }


def test_a_row_by_hand():
    records = [
        record("d_supervised.yaml", "supervised", 0, 0.44),
        record("d_supervised.yaml", "supervised", 1, 0.40),
        record("d_supervised.yaml", "semicurv", 0, 0.38, minutes=5.0),
        record("d_best.yaml", "pseudo_label", 0, 0.47, minutes=4.0),
        record("d_best.yaml", "pseudo_label", 1, 0.41, minutes=3.0),
        record("d_best.yaml", "pseudo_label", 2, 0.50, minutes=5.0),
        record("d_supervised.yaml", "supervised", 0, 0.58, labels=1.0),
        record("d_other.yaml", "supervised", 0, 0.99),
    ]
    records[-1]["config"]["method"]["transplants"] = 0.5  # learns from unlabelled images: no baseline
    head, _, row = recipe_table(records).splitlines()
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "drive128, 1 %",
        "34.1",  # Table III
        "44.3",
        "42.0 ± 2.8 (2 seeds)",  # 2 sqrt(2)
        "38.0 (1 seed)",
        "46.0 ± 4.6 (3 seeds)",  # sqrt((1 + 25 + 16) / 2)
        "+2.0 (+3.0, +1.0)",  # of the seeds that both have
        "2.0, 5.0, 4.0",
        "58.0 (1 seed)",
    ]
    assert len(cells) == head.count("|") - 1


def test_what_was_not_run_says_so():
    row = recipe_table([record("d_best.yaml", "pseudo_label", 0, 0.5)]).splitlines()[2]
    assert row.count("not run") == 3 and "| - |" in row


def test_iou_by_time_by_hand():
    def run(end, factor):
        # 100 steps of 0.6 s, 200 of 1.2 s: 1 and 5 minutes; all twice as long with the lines left out.
        curve = [
            {"step": 100, "seconds": 0.6, "monitor_teacher_iou": 0.30, "monitor_student_iou": 0.9},
            {"step": 200, "seconds": 1.2},
            {"step": 300, "seconds": 1.2, "monitor_teacher_iou": end},
        ]
        return {**record("d_best.yaml", "cutmix", 0, 0.5, minutes=5.0 * factor), "curve": curve}

    table = time_table([run(0.40, 1), run(0.44, 2)], (1, 2, 6, 10))
    # After one minute the second has not been watched; after two both, after six the first is through.
    assert table.splitlines()[2] == "| drive128, 1 % | best | - | 30.0 | 35.0 | (42.0) |"
