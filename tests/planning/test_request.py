"""What was asked for: which recipe applies, what is typed for the same, and what is refused."""

import shlex

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.planning.request import read_request
from semicurv_tf.recipes import recipe_file


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my photos").mkdir()
    return tmp_path / "my photos"


def test_the_default_recipe_is_for_who_names_nothing_else(folder, tmp_path):
    default = load_config(recipe_file("default"))
    assert read_request().config == default and read_request().planned
    assert read_request(recipe="default").planned
    assert read_request(settings={"training.seed": 3}).config.model.start == "curves"
    for settings in ({"method.name": "semicurv"}, {"model.name": "residual_unet"}):
        asked = read_request(settings=settings)
        assert asked.config == load_config() and not asked.planned  # the paper's values
    (tmp_path / "mine.yaml").write_text("{}")
    assert read_request(config_file=tmp_path / "mine.yaml").config == load_config()
    assert read_request(recipe="paper").config == load_config(recipe_file("paper"))


def test_a_folder_takes_all_its_masks_whatever_the_recipe_says(folder):
    for recipe in (None, "crackforest_best"):
        data = read_request(folder, recipe=recipe).config.data
        assert (data.dataset, data.data_dir, data.labels) == ("folder", str(folder), 1.0)
    assert read_request(folder, settings={"data.labels": 3}).config.data.labels == 3


def test_what_is_typed_for_the_same(folder, tmp_path):
    asked = read_request(folder, settings={"training.seed": 4, "data.options.mask_threshold": 127})
    typed = shlex.split(asked.command(tmp_path / "r", data__crop=None, training__steps=350))
    assert typed[:5] == ["semicurv-tf", "train", str(folder), "--recipe", "default"]
    assert typed[5:] == ["--seed", "4", "--set", "data.options.mask_threshold=127", "--set", "data.crop=null",
                         "--steps", "350", "--run", str(tmp_path / "r")]  # fmt: skip
    by_dataset = read_request(settings={"data.dataset": "drive128", "data.labels": 1.0, "method.name": "cutmix"})
    assert by_dataset.command() == "semicurv-tf train --dataset drive128 --labels all --method cutmix"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"folder": "drive128"}, "found a dataset's name. Fix: --dataset drive128"),
        ({"folder": "em128_best"}, "found a recipe's name. Fix: --recipe em128_best"),
        ({"folder": "absent"}, "expected a folder with images/ and masks/, found no such folder"),
        ({"folder": "absent", "settings": {"data.dataset": "em128"}}, "expected no --dataset beside a folder"),
        ({"recipe": "paper", "config_file": "a.yaml"}, "expected one of them, found both"),
        ({"start": "absent"}, r"expected curves, none or a file of weights \(.npz\), found absent"),
        ({"start": "curves", "settings": {"model.start": "none"}}, "--from curves: expected no model.start beside it"),
    ],
)
def test_refusals(arguments, said):
    with pytest.raises(UserError, match=said) as error:
        read_request(**arguments)
    assert len(error.value.lines) == 1 and "Fix: " in error.value.lines[0]
