"""Reading, grouping and showing results: mean, spread and difference by hand; damaged and foreign files."""

import json

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.report import tables
from semicurv_tf.report.document import Shown
from semicurv_tf.report.measured import beside_protocol, group_results, main_group, read_results
from tests.report.made_up import made_up, plan, write


def groups_of(*records, folder):
    for record in records:
        write(folder, record)
    results, faults, _ = read_results([folder])
    assert faults == []
    return group_results(results)


def test_mean_spread_and_difference_by_hand(tmp_path):
    cells = plan("table3", "drive128", labels=(0.01,), methods=("semicurv",), seeds=3, budget=0.5)
    groups = groups_of(*(made_up(cell, iou, f1=0.5) for cell, iou in zip(cells, (0.40, 0.44, 0.48))), folder=tmp_path)
    (group,) = groups
    iou = group.iou()
    # Mean 44; deviations -4, 0, 4: sqrt(32 / 2) = 4. Printed 44.3 and 51.5.
    assert (iou.mean, iou.deviation, iou.seeds) == (pytest.approx(44), pytest.approx(4), 3)
    shown = tables.score_cells("table3", group, "drive128", 0.01, "semicurv", None)
    text = [cell.text if isinstance(cell, Shown) else cell for cell in shown]
    assert text == [
        "44.3",
        "44.0 ± 4.0",
        "−0.3",
        "51.5",
        "50.0 ± 0.0",
        "−1.5",
        "46.0 ± 4.0",
        "3",
        "500",
        "0.5",
        "10.0 ± 0.0",
    ]


def test_one_seed_has_no_spread_and_what_was_not_run_is_said(tmp_path):
    (cell,) = plan("table3", "drive128", labels=(0.01,), methods=("vat",))
    groups = groups_of(made_up(cell, 0.314), folder=tmp_path)
    table = tables.dataset_table("table3", "drive128", 0.01, groups)
    rows = {row[0]: row for row in table.rows}
    assert len(rows) == 7 and rows["VAT"][2] == Shown("31.4", "best") and rows["VAT"][3] == "0.0"
    assert rows["SemiCurv"][1:4] == [Shown("44.3", "printed"), tables.NOT_RUN, ""]


def test_longer_runs_and_other_settings_are_rows_of_their_own(tmp_path):
    of = lambda **options: plan("table3", "drive128", labels=(0.01,), methods=("mean_teacher",), **options)[0]
    short, long, other = of(budget=0.1), of(budget=0.5), of(budget=0.5, settings={"method.ema_alpha": 0.99})
    write(tmp_path / "other", made_up(other, 0.5))
    groups = groups_of(made_up(short, 0.3), made_up(long, 0.4), folder=tmp_path)
    assert [(group.first.steps, group.variant) for group in groups] == [
        (500, "method.ema_alpha 0.999"),
        (500, "method.ema_alpha 0.99"),
        (100, ""),
    ]
    assert [beside_protocol(group) for group in groups] == [[], ["method.ema_alpha: 0.999 -> 0.99"], []]
    assert main_group(groups, "drive128", 0.01, "mean_teacher").first.steps == 500
    assert main_group(groups, "drive128", 0.05, "mean_teacher") is None


def test_order_against_the_papers_by_hand(tmp_path):
    """Printed at 1 %: UNet 34.1, mean teacher 37.7, SemiCurv 44.3. Measured: 43, 41, 42: one of three pairs agrees."""
    cells = plan("table3", "drive128", labels=(0.01,), methods=("supervised", "mean_teacher", "semicurv"))
    groups = groups_of(*(made_up(cell, iou) for cell, iou in zip(cells, (0.43, 0.41, 0.42))), folder=tmp_path)
    note = tables.order_note("table3", "drive128", 0.01, groups)
    assert note.startswith(
        "Of 3 pairs of systems 1 stand in the paper's order. Measured: UNet (residual) > SemiCurv > Mean teacher."
    )
    assert note.endswith("UNet (residual) is 2.0 points above Mean teacher here, and 3.6 below in the paper.")
    assert tables.order_note("table3", "drive128", 0.05, groups) is None


def test_time_table_by_hand(tmp_path):
    cells = plan("table6", "crackforest", labels=(0.01,), budget=0.1)
    groups = groups_of(*(made_up(cell, 0.3, minutes=minutes) for cell, minutes in zip(cells, (2, 5))), folder=tmp_path)
    first, second = tables.time_table("crackforest", [0.01], groups).rows
    # One labelled photograph: 1000 steps at budget 1, 100 here; 2 and 5 minutes.
    assert first[2:] == [Shown("20", "printed"), "2.0", "100", "0.1", "1.20", "20"]
    assert second[2:] == [Shown("81", "printed"), "5.0", "100", "0.1", "3.00", "50"]


def test_damaged_and_foreign_files_are_a_line_each(tmp_path):
    (cell,) = plan("table3", "drive128", labels=(0.01,), methods=("vat",))
    good = made_up(cell, 0.3)
    write(tmp_path, good)
    bad = {
        "a": "{ half a fi",
        "b": "[1, 2]",
        "c": json.dumps({"tool": "another"}),
        "d": json.dumps({**good, "system": "of_the_future"}),
        "e": json.dumps({**good, "scores": {"mean": {"iou": 44.0}}}),
        "f": json.dumps({**good, "scores": None}),
        "g": json.dumps({**good, "config": {"data": {"labels": -7}}}),
        "h": json.dumps({key: value for key, value in good.items() if key != "curve"}),
        "i": json.dumps(good),
        "j": json.dumps({**good, "dataset": "imagenet"}),
    }
    for name, content in bad.items():
        (tmp_path / f"{name}.json").write_text(content)
    (tmp_path / "k.json").write_bytes(b"\xff\xfe\x00")
    results, faults, left_out = read_results([tmp_path])
    assert len(results) == 1 and len(faults) == left_out == 11
    assert all("\n" not in fault and "Fix: " in fault for fault in faults)
    said = "\n".join(faults)
    for part in (
        "no record of a run",
        "unknown system 'of_the_future'",
        "scores.mean.iou: expected a share from 0 to 1, found 44.0",
        "config.data.labels",
        "'curve' is missing",
        "the same result as",
    ):
        assert part in said


def test_copies_are_one_line_and_a_folder_that_is_given_twice_is_read_once(tmp_path):
    (cell,) = plan("table3", "drive128", labels=(0.01,), methods=("semicurv",))
    first = made_up(cell, 0.4)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.json").write_text(json.dumps(first))
    (tmp_path / "d.json").write_text(json.dumps(made_up(cell, 0.5)))
    results, faults, left_out = read_results([tmp_path, tmp_path / "."])
    assert [result.mean["iou"] for result in results] == [pytest.approx(40)] and left_out == 3
    copies, other = faults
    assert copies.startswith(f"{tmp_path}/b.json, {tmp_path}/c.json: left out, the same result as {tmp_path}/a.json.")
    assert other.startswith(f"{tmp_path}/d.json: left out, another result of the same cell and settings than")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("labels", 0.05, "labels: expected 0.01 as config.data.labels, found 0.05"),
        ("seed", 3, "seed: expected 0 as config.training.seed, found 3"),
        ("steps", 10, "steps: expected 1000 as config.training.steps, found 10"),
        ("dataset", "em128", "dataset: expected 'drive128' as config.data.dataset, found 'em128'"),
        ("scores", None, "it has no scores"),
        ("system", 100000 * "x", f"unknown system '{39 * 'x'}...."),
        ("cell", 100000 * "x", "cell: expected a name without slashes"),
    ],
)
def test_a_record_that_was_edited_stands_at_no_other_place_of_a_table(tmp_path, key, value, said):
    (cell,) = plan("table3", "drive128", labels=(0.01,), methods=("semicurv",))
    (tmp_path / "a.json").write_text(json.dumps({**made_up(cell, 0.4), key: value}))
    results, (fault,), left_out = read_results([tmp_path])
    assert results == [] and left_out == 1 and said in fault and len(fault) < 400


def test_run_folders_below_are_passed_over_and_an_absent_folder_is_named(tmp_path):
    run = tmp_path / "runs" / "a"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("")
    (run / "scores.json").write_text("{}")
    assert read_results([tmp_path]) == ([], [], 0)
    with pytest.raises(UserError, match="nowhere: no such folder"):
        read_results([tmp_path / "nowhere"])
