"""Crop and length by hand, from made-up facts."""

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.planning.choose import choose, choose_crop, choose_resize, choose_steps, steps_within
from semicurv_tf.planning.measure import CROPS, ImageFacts

ALL = dict.fromkeys(CROPS, 1.0)


def facts(sizes=None, labelled=20, width_px=4.0, hits=ALL, start_iou=None):
    sizes = sizes or {(320, 480): 60}
    height, width = next(iter(sizes))
    return ImageFacts(sizes, labelled, 0, labelled * height * width, width_px, min(8, labelled), hits, start_iou)


@pytest.mark.parametrize(
    "images, crop",
    [
        (facts({(128, 128): 9}), None),  # small and alike: whole
        (facts({(128, 128): 9, (128, 96): 1}), 96),  # as much as the smallest shows
        (facts(), 128),
        (facts(width_px=12.0), 192),  # 12 widths are 144 pixels
        (facts(hits={**ALL, 128: 0.2, 192: 0.45}), 256),  # half of the crops hold a structure
        (facts({(3024, 4032): 5}, hits=dict.fromkeys(CROPS, 0.1)), 512),
        (facts({(3024, 4032): 5}, width_px=60.0), 512),
        (facts(width_px=None, hits=dict.fromkeys(CROPS, 0.0)), 320),  # empty masks: the largest that is not padded
    ],
)
def test_crop(images, crop):
    assert choose_crop(images)[0] == crop


def test_length():
    config = load_config(None, {"training.steps": 300})
    # 20 x 153600 pixels four times, in steps of 4 x 128 x 128: 187.5, so the recipe's 300 are enough.
    assert choose_steps(config, facts(), 128)[0] == 300
    # 60 of them: 562.5, in fifties 600; 1000: four times the recipe's.
    assert choose_steps(config, facts(labelled=60), 128)[0] == 600
    assert choose_steps(config, facts(labelled=1000), 128)[0] == 1200
    _, reason = choose_steps(config, facts(), 128)
    assert reason == "sees the labelled pixels 6.4 times"  # 300 x 65536 / 3072000


def test_what_the_user_named_stays():
    config = load_config(None, {"training.steps": 300})
    keys = lambda named, config=config: [choice.key for choice in choose(config, facts(), named)]
    assert keys({}) == ["data.crop", "training.steps", "training.learning_rate"]
    assert keys({"data.crop": 64}) == ["training.steps", "training.learning_rate"]
    assert keys({"data.crop": None, "training.epochs": 3, "training.learning_rate": 0.1}) == []
    by_epochs = load_config(None, {"data.crop": 64})
    assert keys({"data.crop": 64}, by_epochs) == ["training.learning_rate"]


def test_many_images_are_learned_at_a_higher_rate_and_small_ones_longer():
    config = load_config(None, {"training.steps": 300, "training.learning_rate": 0.0003})
    chosen = lambda labelled, named=(), sizes=None: {
        choice.key: choice.value
        for choice in choose(config, facts(sizes or {(128, 128): 60}, labelled=labelled), named)
    }
    many = chosen(8)
    assert (many["training.steps"], many["training.learning_rate"]) == (900, 0.0009)
    few = chosen(7)
    assert few["training.steps"] == 300 and "training.learning_rate" not in few
    assert "training.learning_rate" not in chosen(8, ["training.learning_rate"])
    photographs = chosen(12, sizes={(320, 480): 60})
    assert (photographs["training.steps"], photographs["training.learning_rate"]) == (300, 0.0009)
    assert "training.learning_rate" not in chosen(11, sizes={(320, 480): 60})


def test_of_the_start_stays_as_much_as_one_image():
    started = load_config(None, {
        "method.name": "supervised", "method.average_weights": True, "method.start_share": 0.35, "training.steps": 300,
        "model.start": "curves",
    })  # fmt: skip
    share = lambda **known: {choice.key: choice.value for choice in choose(started, facts(**known), {})}.get(
        "method.start_share"
    )
    assert share(labelled=1) is share(labelled=2) is None  # the recipe's 0.35 is less than a half
    assert (share(labelled=3), share(labelled=12)) == (0.333, 0.083)
    assert "method.start_share" not in [choice.key for choice in choose(started, facts(), {"method.start_share": 0.2})]
    at_random = started.model_copy(update={"model": load_config().model})
    assert "method.start_share" not in [choice.key for choice in choose(at_random, facts(), {})]


def test_structures_that_the_start_does_not_know_are_learned_longer_at_a_higher_rate_and_nothing_of_it_stays():
    started = load_config(None, {
        "method.name": "supervised", "method.average_weights": True, "method.start_share": 0.35, "training.steps": 300,
        "training.learning_rate": 0.0003, "model.start": "curves",
    })  # fmt: skip
    chosen = lambda start_iou, named=(): {
        choice.key: choice for choice in choose(started, facts(labelled=3, start_iou=start_iou), named)
    }
    unknown = chosen(0.1)
    assert unknown["training.steps"].value == 900 and unknown["training.learning_rate"].value == 0.0009
    assert unknown["method.start_share"].value == 0 and "next to nothing" in unknown["method.start_share"].reason
    known = chosen(0.2)
    assert known["training.steps"].value == 300 and known["method.start_share"].value == 0.333
    assert "training.learning_rate" not in known
    named = ["training.steps", "training.learning_rate", "method.start_share"]
    assert set(chosen(0.1, named)) == {"data.crop"}


def test_length_within_a_time():
    config = load_config(None, {"training.steps": 300})
    seconds_of = lambda steps: 30 + 0.5 * steps
    assert steps_within(2, config, seconds_of).value == 180  # (120 - 30) / 0.5
    assert steps_within(7, config, seconds_of).value == 780
    assert steps_within(60, config, seconds_of).value == 1200  # four times the recipe's, and not the 7140 that fit
    with pytest.raises(UserError, match="found time for 0. Fix: --budget-minutes 1,"):  # 30 s + 40 x 0.5 s = 50 s
        steps_within(0.5, config, seconds_of)


@pytest.mark.parametrize(
    "images, resize",
    [
        (facts({(3000, 4000): 9}, width_px=62.5), "1/8"),  # 62.5 / 8 = 7.8
        (facts({(3000, 4000): 9}, width_px=17.0), "1/2"),
        (facts({(3000, 4000): 9}, width_px=300.0), "1/16"),  # as small as can be
        (facts({(300, 400): 9}, width_px=62.5), "1/2"),  # 300 / 128: no smaller side than 128
    ],
)
def test_wide_structures_are_shown_smaller(images, resize):
    config = load_config(None, {})
    choice = choose_resize(config, images, {})
    assert (choice.key, choice.value) == ("data.resize", resize)
    for named in ("data.resize", "data.crop"):
        assert choose_resize(config, images, {named: None}) is None


@pytest.mark.parametrize(
    "images",
    [
        facts({(3000, 4000): 9}, width_px=16.0),  # as wide as a cell of the coarsest feature map: fine lines stay
        facts({(3000, 4000): 9}, width_px=None),
        facts({(200, 200): 9}, width_px=40.0),  # nothing would be left to see
    ],
)
def test_other_images_stay_as_they_are(images):
    assert choose_resize(load_config(None, {}), images, {}) is None
