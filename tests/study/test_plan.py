"""Plans: how many cells, of which length, with which settings, against the paper's rows; and what is refused."""

import pytest
from rich.console import Console

from semicurv_tf.errors import UserError
from semicurv_tf.study.cell import paper_steps
from semicurv_tf.study.plan import Request, make_plan
from semicurv_tf.study.published import published, published_labels
from semicurv_tf.study.run_plan import run_plan
from semicurv_tf.study.targets import overview


def plan(target, dataset="drive128", **options):
    return make_plan(Request(target, dataset, **options))


def test_table3_has_a_cell_for_each_row_and_budget_and_seed():
    cells = plan("table3", seeds=3)
    # 4 fully supervised rows, and 7 rows at each of two budgets.
    assert len(cells) == 3 * (4 + 7 + 7)
    assert [cell.seed for cell in cells] == [0] * 18 + [1] * 18 + [2] * 18
    assert len({cell.name for cell in cells}) == len(cells)
    assert {cell.labels for cell in cells} == {1.0, 0.05, 0.01}
    low = plan("table3", labels=(0.01,), methods=("supervised", "semicurv"))
    assert [cell.name for cell in low] == [
        "drive128-1pct-supervised-1000steps-seed0",
        "drive128-1pct-semicurv-1000steps-seed0",
    ]
    assert [len(plan(target)) for target in ("table4", "table5", "table6", "figure6", "figure8a", "figure8b")] == [
        6,
        8,
        4,
        8,
        3,
        4,
    ]


def test_budget_one_is_a_thousand_epochs_of_the_labelled_images():
    # 2, 8, 24 and 160 labelled images, four to a batch.
    assert [paper_steps(labelled) for labelled in (2, 8, 24, 160)] == [1000, 2000, 6000, 40000]
    (full,) = plan("table3", "em128", labels=(0.05,), methods=("vat",))
    assert (full.labelled, full.steps, full.full_steps, full.budget) == (12, 3000, 3000, 1.0)
    (short,) = plan("table3", "em128", labels=(0.05,), methods=("vat",), budget=0.1)
    assert (short.steps, short.full_steps, short.budget, short.config.training.steps) == (300, 3000, 0.1, 300)
    (equal,) = plan("table3", "em128", labels=(0.1,), methods=("vat",), steps=600)
    assert (equal.steps, equal.full_steps, equal.budget) == (600, 6000, 0.1)


def test_rows_of_table5_differ_as_printed():
    """Columns of Table V: method, supervised loss, geometric views, encoding, similarity."""
    rows = [
        (
            c.method.name,
            c.method.supervised_loss,
            c.views.geometric,
            c.model.encoding,
            getattr(c.method, "similarity", None),
        )
        for c in (cell.config for cell in plan("table5"))
    ]
    assert rows == [
        ("supervised", "wbce", True, "none", None),
        ("supervised", "dice", True, "none", None),
        ("mean_teacher", "dice", False, "none", None),
        ("mean_teacher", "dice", True, "none", None),
        ("semicurv", "dice", True, "none", "cosine"),
        ("semicurv", "dice", True, "linear", "cosine"),
        ("semicurv", "dice", True, "sinusoid", "cosine"),
        ("semicurv", "dice", True, "sinusoid", "l2"),
    ]
    # DRIVE128's column is at 5 %, CrackForest's at 1 %.
    assert {cell.labels for cell in plan("table5")} == {0.05}
    assert {cell.labels for cell in plan("table5", "crackforest")} == {0.01}


def test_rows_of_the_figures():
    assert [cell.config.model.encoding_period for cell in plan("figure8b")] == [1, 2, 4, 8]
    assert [(c.config.method.name, c.config.method.ema_alpha) for c in plan("figure6")] == [
        (name, alpha) for name in ("mean_teacher", "semicurv") for alpha in (0.9, 0.99, 0.999, 0.9999)
    ]
    mse, npair, _ = (cell.config for cell in plan("figure8a"))
    # Only the consistency loss tells the two apart.
    assert mse.model == npair.model and mse.views == npair.views and mse.training == npair.training
    assert (mse.method.name, npair.method.name) == ("mean_teacher", "semicurv")


def test_the_protocol_is_the_papers_and_settings_reach_every_cell():
    config = plan("table3", labels=(0.01,), methods=("semicurv",))[0].config
    assert (config.method.ema_alpha, config.method.rampup, config.model.encoding_period) == (0.999, 0.5, 4.0)
    assert (config.training.learning_rate, config.training.schedule, config.training.batch_labelled) == (
        1e-3,
        "halving",
        4,
    )
    # Nothing is chosen by the test set: the curve is of masks that the training does not see.
    assert config.training.monitor == "hidden"
    changed = plan("table5", settings={"method.temperature": 0.5})
    temperatures = {(c.config.method.name, getattr(c.config.method, "temperature", None)) for c in changed}
    assert temperatures == {("supervised", None), ("mean_teacher", None), ("semicurv", 0.5)}
    # CrackForest has portrait photographs among landscape ones.
    assert plan("table4", "crackforest")[0].config.data.crop == 256
    assert plan("table4", "crackforest", settings={"data.crop": 128})[0].config.data.crop == 128


def test_the_fully_supervised_networks():
    models = [cell.config.model for cell in plan("table3", labels=(1.0,), budget=0.01)]
    assert [(model.name, model.encoding) for model in models] == [
        (name, "none") for name in ("deeplab_v3_plus", "hed", "fphbn", "residual_unet")
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "table7"}, "one of table3, table4"),
        ({"dataset": "imagenet"}, "expected one of crackforest, crack500"),
        ({"dataset": None}, "none given"),
        ({"methods": ("semicurve",)}, "one or more of deeplab_v3_plus"),
        ({"budget": 0.1, "steps": 5}, "both say how long"),
        ({"settings": {"model.encoding": "linear"}}, "table3 decides it"),
        ({"settings": {"training.seed": 1}}, "Fix: --seeds"),
        (
            {"settings": {"method.temperature": 0.5}, "methods": ("vat",)},
            "--set method.temperature: no method of these",
        ),
        ({"settings": {"training.learning_rat": 1}}, "unknown key training.learning_rat"),
    ],
)
def test_refusals_name_the_choices(options, said):
    with pytest.raises(UserError, match=said):
        plan(**{"target": "table3", **options})


def test_several_faults_are_listed_together():
    with pytest.raises(UserError) as caught:
        plan("table3", "imagenet", labels=(3.0,), seeds=0, steps=0)
    assert len(caught.value.lines) == 4


def test_printed_numbers():
    """By hand from the paper's pages."""
    assert published("table3", "drive128", 0.01, "semicurv") == [44.3, 51.5]
    assert published("table3", "em128", 0.05, "cutmix") == [63.9, 77.6]
    assert published("table3", "crack500", 1.0, "fphbn") == [48.9, None]
    assert published("table3", "mitroad", 0.001, "vat") == [25.4, 38.6]
    assert published("table4", "crackforest", 0.05, "semicurv_rotary") == [67.56, None]
    assert published("table5", "em128", 0.05, "supervised_wbce") == [40.9, None]
    assert published("table6", "crackforest", 0.05, "semicurv") == 5 * 60 + 30
    assert (
        published("table3", "drive128", 0.01, "pseudo_label") is None
        and published("table4", "em128", 0.1, "semicurv") is None
    )
    assert published_labels("table5", "drive128") == (0.05,)


def test_overview_names_everything():
    text = overview()
    assert all(name in text for name in ("table6", "figure8a", "fphbn", "semicurv_rotary", "mitroad", "0.1 %"))


@pytest.mark.parametrize("results", [True, False])
def test_a_folder_that_cannot_be_written_is_said_before_the_first_cell(tmp_path, monkeypatch, results):
    monkeypatch.setattr("semicurv_tf.study.run_plan.open_dataset", lambda config, console: pytest.fail("too late"))
    (tmp_path / "file").touch()
    folders = (tmp_path / "file" / "results", tmp_path / "runs")
    with pytest.raises(UserError, match="file/results/.*: cannot be written .*Fix: choose a folder you may write to"):
        run_plan(make_plan(Request("table6", "synthetic", steps=5)), *folders[:: 1 if results else -1], None, Console())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_seed_in_place_of_their_number_is_refused_at_once():
    with pytest.raises(UserError, match="^--seeds 20261130: expected 1 to 1000. Fix: --seeds 3 runs seeds 0, 1 and 2$"):
        make_plan(Request("table6", "synthetic", seeds=20261130))
