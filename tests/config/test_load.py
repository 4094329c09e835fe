"""Configuration: defaults of the paper, files, settings, and one line for each fault."""

from pathlib import Path

import pytest

from semicurv_tf.config import Config, choices, differences, dump_config, load_config, parse_setting
from semicurv_tf.errors import UserError


def faults(*args):
    with pytest.raises(UserError) as caught:
        load_config(*args)
    return caught.value.lines


def test_defaults_are_the_papers():
    config = Config()
    assert config.training.epochs == 1000 and config.training.learning_rate == 1e-3
    assert config.method.rampup == 0.5 and config.method.ema_alpha == 0.999
    assert config.method.consistency_weight == 1.0 and config.model.encoding_period == 4
    assert config.model.widths == (32, 64, 128, 256, 512)


def test_a_network_brings_its_own_defaults_and_null_means_them():
    assert load_config(None, {"model.name": "unet"}).model.encoding == "none"
    model = load_config(None, {"model.name": "unet", "model.encoding": "rotary", "model.widths": None}).model
    assert model.encoding == "rotary" and model.widths == (32, 64, 128, 256, 512)


@pytest.mark.parametrize(
    "settings, words",
    [
        (
            {"model.name": "hed", "model.encoding": "sinusoid"},
            ["model.encoding", "hed", "sinusoid", "model.encoding=null"],
        ),
        ({"model.name": "hed", "model.widths": [4, 8]}, ["model.widths", "5 stages", "2 widths"]),
        ({"model.name": "deeplab_v3_plus", "model.widths": [4, 8]}, ["model.widths", "deeplab_v3_plus", "(4, 8)"]),
        ({"model.name": "unet", "model.trunk": "xception"}, ["model.trunk", "unet", "xception"]),
        ({"model.trunk_weights": "a.h5"}, ["model.trunk_weights", "residual_unet"]),
        ({"model.name": "deeplab_v3_plus", "model.trunk": "vgg"}, ["model.trunk", "vgg", "resnet50", "xception"]),
    ],
)
def test_what_a_network_does_not_have_is_refused(settings, words):
    (line,) = faults(None, settings)
    assert "Fix:" in line and all(word in line for word in words), line


def test_a_teacher_in_an_orientation_keeps_averaged_statistics():
    (line,) = faults(None, {"method.teacher_view": "orientation", "method.teacher_statistics": "batch"})
    assert "method.teacher_view" in line and "Fix: --set method.teacher_statistics=averaged" in line


def test_networks_without_encoding_take_none(tmp_path):
    for name in ("hed", "fphbn", "deeplab_v3_plus"):
        config = load_config(None, {"model.name": name, "model.encoding": "none"})
        (tmp_path / "c.yaml").write_text(dump_config(config))
        assert load_config(tmp_path / "c.yaml") == config
    assert load_config(None, {"model.name": "deeplab_v3_plus"}).model.trunk == "resnet50"


def test_the_weighted_cross_entropy_by_both_its_names():
    for name in ("wbce", "cross_entropy"):
        assert load_config(None, {"method.supervised_loss": name}).method.supervised_loss == "wbce"


def test_names_for_help_are_those_that_are_accepted():
    assert "semicurv" in choices("method", "name") and "unet" in choices("model", "name")
    (line,) = faults(None, {"model.name": "resnet"})
    assert all(name in line for name in choices("model", "name"))


def test_settings_win_over_the_file_and_the_file_over_defaults(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("training:\n  seed: 5\n  learning_rate: 1e-2\n")
    config = load_config(file, {"training.seed": 7})
    assert config.training.seed == 7 and config.training.learning_rate == 0.01 and config.training.batch_labelled == 4


def test_dump_and_load_round_trip(tmp_path):
    config = load_config(None, {"data.crop": 64, "model.widths": [4, 8], "data.options": {"window": 500}})
    (tmp_path / "c.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "c.yaml") == config


def test_unknown_keys_wrong_types_and_impossible_values_are_listed_together():
    lines = faults(
        None, {"training.sead": 1, "training.seed": "x", "data.labels": -1, "method.name": "magic", "data.crop": 100}
    )
    assert len(lines) == 5
    for key in ("training.sead", "training.seed", "data.labels (--labels)", "method.name", "data.crop"):
        assert any(key in line and "Fix:" in line for line in lines)


def test_unknown_section_lists_the_known_ones():
    (line,) = faults(None, {"trainning.seed": 1})
    assert "trainning" in line and "training" in line.split("Fix:")[1]


def test_faulty_files_are_named_with_the_line(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("training:\n  seed: [1\n")
    (line,) = faults(broken)
    assert "broken.yaml, line" in line and "YAML" in line
    (line,) = faults(tmp_path / "absent.yaml")
    assert "absent.yaml" in line and "cannot be read" in line
    flat = tmp_path / "flat.yaml"
    flat.write_text("- 1\n- 2\n")
    (line,) = faults(flat)
    assert "expected sections" in line


@pytest.mark.parametrize(
    "text, expected",
    [
        ("training.seed=1", ("training.seed", 1)),
        ("training.learning_rate=1e-3", ("training.learning_rate", 1e-3)),
        ("training.steps=null", ("training.steps", None)),
        ("model.widths=[4, 8]", ("model.widths", [4, 8])),
        ("data.data_dir=a=b", ("data.data_dir", "a=b")),
    ],
)
def test_settings_are_read_as_yaml(text, expected):
    assert parse_setting(text) == expected


@pytest.mark.parametrize("text", ["seed=1", "training.seed", "training.seed=[1"])
def test_malformed_settings_are_refused(text):
    with pytest.raises(UserError, match="--set"):
        parse_setting(text)


def test_configuration_is_frozen():
    with pytest.raises(Exception, match="frozen"):
        Config().training.seed = 3


def test_differences_name_keys_with_both_values():
    assert differences(Config(), load_config(None, {"training.seed": 2})) == ["training.seed: 0 -> 2"]


CONFIGS = sorted((Path(__file__).resolve().parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_recipes_are_valid_and_tell_their_command(file):
    load_config(file)
    head = [line for line in file.read_text().splitlines() if line.startswith("#")]
    assert any(line.startswith("# Command:") for line in head) and any("ost" in line for line in head)


@pytest.mark.parametrize(
    "key, meant",
    [("training.step", ", did you mean training.steps?"), ("training.colour_of_paint", ". Fix: one of seed")],
)
def test_an_unknown_key_names_the_one_that_is_like_it(key, meant):
    with pytest.raises(UserError) as caught:
        load_config(None, {key: 3})
    (line,) = caught.value.lines
    assert f"unknown key {key}{meant}" in line
