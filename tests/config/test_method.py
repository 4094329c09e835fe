"""The section of each method: its own keys and no others; what earlier versions stored still loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from semicurv_tf.config import (
    Config,
    differences,
    dump_config,
    load_config,
    load_shared_config,
    load_stored_config,
    stored_config,
)
from semicurv_tf.errors import UserError
from semicurv_tf.methods.registry import METHODS, methods_with, term_class

PROJECT = Path(__file__).resolve().parents[2]

# The section as versions wrote it that had one class for all methods.
FLAT = {
    "name": "vat", "supervised_loss": "dice", "dice_over": "image", "similarity": "cosine", "temperature": 0.1,
    "consistency_weight": 2.0, "rampup": 0.5, "ema_alpha": 0.9, "teacher_statistics": "averaged",
    "teacher_view": "random", "teacher_orientations": 1, "batch_statistics": "joint", "unlabelled_from": 0.0,
    "pixel_loss": "mse", "align_foreground": False, "transplants": 0.0, "confidence": 0.0, "side_weight": 1.0,
    "cutmix_area": 0.5, "tcsm_scale": 1.2, "vat_size": 3.0, "vat_iterations": 2, "entropy_weight": 1.0,
    "adversarial_weight": 0.01, "adversarial_weight_unlabelled": 0.001, "self_taught_weight": 0.1,
    "self_taught_confidence": 0.2, "discriminator_learning_rate": 0.0001, "average_weights": False,
    "loss_pose": "original",
}  # fmt: skip


def faults(load, *arguments):
    with pytest.raises(UserError) as caught:
        load(*arguments)
    return caught.value.lines


def pasted(line: str) -> tuple[str, object]:
    """The first `--set` of a line's remedy."""
    from semicurv_tf.config import parse_setting

    return parse_setting(line.split("--set ")[1].split(",")[0].rstrip(")"))


@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_a_class_of_its_own_that_comes_back_from_a_file(tmp_path, name):
    config = load_config(None, {"method.name": name})
    assert type(config.method) is METHODS[name] and config.method == METHODS[name]()
    (tmp_path / "c.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "c.yaml") == config


@pytest.mark.parametrize(
    ("method", "key", "value", "owners"),
    [
        ("semicurv", "vat_size", 3.0, ["vat"]),
        ("supervised", "rampup", 0.1, [name for name in METHODS if name != "supervised"]),
        ("vat", "teacher_view", "plain", ["cutmix", "mean_teacher", "semicurv", "pseudo_label", "drawn_curves"]),
        ("tcsm", "teacher_view", "plain", ["cutmix", "mean_teacher", "semicurv", "pseudo_label", "drawn_curves"]),
        ("semicurv", "average_weights", True, ["supervised", "vat", "cgan"]),
        ("mean_teacher", "confidence", 0.5, ["pseudo_label"]),
    ],
)
def test_a_key_of_another_method_is_refused_with_its_owners_and_a_remedy_that_works(method, key, value, owners):
    settings = {"method.name": method, f"method.{key}": value}
    (line,) = faults(load_config, None, settings)
    assert f"method.{key}: {method} has no such key, only {', '.join(owners)} ha" in line
    assert methods_with(key) == owners
    removed, null = pasted(line)
    assert load_config(None, settings | {removed: null}).method == METHODS[method]()
    other = line.rpartition("--method ")[2]
    assert getattr(load_config(None, settings | {"method.name": other}).method, key) == value


def test_a_recipe_of_another_method_names_every_foreign_key(tmp_path):
    recipe = tmp_path / "cutmix.yaml"
    recipe.write_text("method: {name: cutmix, pixel_loss: cross_entropy, teacher_view: plain, transplants: 0.5}\n")
    settings = {"method.name": "vat"}
    lines = faults(load_config, recipe, settings)
    assert [line.split(": ")[1] for line in lines] == ["method.pixel_loss", "method.teacher_view"]
    assert all("cutmix.yaml" in line and "vat has no such key" in line for line in lines)
    config = load_config(recipe, settings | dict(map(pasted, lines)))
    assert config.method == METHODS["vat"](transplants=0.5)


@pytest.mark.parametrize(
    ("settings", "key", "needed"),
    [
        ({"method.name": "supervised", "method.ema_alpha": 0.9}, "method.ema_alpha", "method.average_weights=true"),
        ({"method.name": "cgan", "method.ema_alpha": 0.9}, "method.ema_alpha", "method.average_weights=true"),
        ({"method.name": "supervised", "method.start_share": 0.5}, "method.start_share", "method.average_weights=true"),
        (
            {"method.name": "supervised", "method.unlabelled_from": 0.5},
            "method.unlabelled_from",
            "method.transplants=0.5",
        ),
        (
            {"method.supervised_loss": "wbce", "method.dice_over": "batch"},
            "method.dice_over",
            "method.supervised_loss=dice",
        ),
        ({"method.side_weight": 0.5}, "method.side_weight", "model.name=hed"),
        ({"training.sgd_momentum": 0.9}, "training.sgd_momentum", "training.optimizer=sgd"),
        (
            {"model.encoding": "linear", "model.encoding_period": 8.0},
            "model.encoding_period",
            "model.encoding=sinusoid",
        ),
        ({"model.name": "unet", "model.batch_norm_momentum": 0.99}, "model.batch_norm_momentum", "model.name="),
    ],
)
def test_a_setting_without_effect_is_refused_and_either_remedy_works(settings, key, needed):
    (line,) = faults(load_config, None, settings)
    assert f"{key}: has no effect without {needed}" in line
    first, second = line.split("Fix: ")[1].split(", or ")
    for remedy in (first, second):
        load_config(None, settings | dict([pasted(remedy)]))
    # A shared recipe goes to networks and methods for which it has none.
    shared = load_shared_config(None, settings)
    assert not [line for line in differences(Config(), shared) if line.startswith(f"{key}:")]


def test_null_means_left_out_but_an_unknown_key_stays_unknown():
    assert load_config(None, {"method.vat_size": None, "method.ema_alpha": None}) == Config()
    (line,) = faults(load_config, None, {"method.vat_sise": None})
    assert "unknown key method.vat_sise. Fix: one of name, " in line


@pytest.mark.parametrize("name", ["magic", 3, ["vat"]])
def test_an_unknown_method_is_told_all_there_are(name):
    (line,) = faults(load_config, None, {"method.name": name})
    assert "method.name" in line and all(known in line for known in METHODS)
    assert "Fix: --method semicurv" in line


def test_what_earlier_versions_stored_loads_without_the_keys_of_others():
    config = stored_config({"method": FLAT})
    # `ema_alpha` had no effect without `average_weights`.
    assert config.method == METHODS["vat"](consistency_weight=2.0, vat_size=3.0, vat_iterations=2)
    for name in METHODS:
        assert stored_config({"method": {**FLAT, "name": name}}).method.name == name


def test_a_stored_run_takes_new_settings_strictly(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"method": FLAT, "training": {"sgd_momentum": 0.5}}))
    assert load_stored_config(tmp_path / "config.yaml", {"training.steps": 9}).training.steps == 9
    (line,) = faults(load_stored_config, tmp_path / "config.yaml", {"method.cutmix_area": 0.2})
    assert "method.cutmix_area: vat has no such key, only cutmix has it" in line
    # That a run cannot change its method is said when it goes on; the stored keys are no fault beside.
    assert load_stored_config(tmp_path / "config.yaml", {"method.name": "tcsm"}).method.name == "tcsm"
    assert all("has no such key" in line for line in faults(load_config, tmp_path / "config.yaml")[:-1])
    (tmp_path / "config.yaml").write_text("method: {name: vat, vat_sise: 3}\n")
    (line,) = faults(load_stored_config, tmp_path / "config.yaml")
    assert "unknown key method.vat_sise" in line


def is_record(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    return isinstance(content, dict) and isinstance(content.get("config"), dict)


RECORDS = [path for path in (PROJECT / "results").rglob("*.json") if is_record(path)]


def test_every_record_in_the_results_loads():
    assert len(RECORDS) > 30
    for path in RECORDS:
        record = json.loads(path.read_text(encoding="utf-8"))["config"]
        method = stored_config(record).method
        assert method.name == record["method"]["name"], path
        loaded = method.model_dump(mode="json")  # as a record keeps it: a tuple is a list there
        for key in loaded.keys() & record["method"].keys() - method.idle() - {"supervised_loss"}:
            assert loaded[key] == record["method"][key], (path, key)


def test_two_methods_differ_in_their_names_and_in_what_is_not_the_default():
    one = load_config(None, {"method.name": "vat", "method.vat_size": 3})
    other = load_config(None, {"method.name": "semicurv", "method.similarity": "l2"})
    assert differences(one, other) == [
        "method.name: vat -> semicurv",
        "method.similarity: absent -> l2",
        "method.vat_size: 3.0 -> absent",
    ]


@pytest.mark.parametrize("name", METHODS)
def test_every_term_is_there(name):
    term = term_class(METHODS[name]())
    assert (term is None) == (name == "supervised")


def test_the_page_of_systems_names_every_method_with_its_keys():
    """docs/systems.md: a row per method with its groups and its own keys, a row per group with its keys."""
    page = (PROJECT / "docs" / "systems.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        for line in page.splitlines()
        if line.startswith("|")
    ]
    codes = lambda cell: set(cell.replace(",", " ").replace("`", " ").split())
    groups = {row[0]: codes(row[2]) for row in rows if len(row) == 3}
    methods = {row[0].strip("`"): row for row in rows if len(row) == 6 and row[0].strip("`") in METHODS}
    assert list(methods) == list(METHODS)
    for name, row in methods.items():
        keys = set().union(*(groups[group] for group in row[4].split(", ")), codes(row[5]))
        assert keys == set(METHODS[name].model_fields) - {"name"}, name


def test_neither_configuration_nor_registries_load_tensorflow():
    program = (
        "import sys, semicurv_tf.methods.registry, semicurv_tf.methods.settings, semicurv_tf.config;"
        "import semicurv_tf.cli.train;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT).returncode == 0
