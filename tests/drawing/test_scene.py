"""Drawn images: the same for the same seed, of the kind asked for, and learnable."""

import numpy as np
import pytest
from click.testing import CliRunner

from semicurv_tf.drawing import KINDS, PARTS, VERSION, draw_image, draw_shard
from semicurv_tf.drawing.scene import random_kind
from semicurv_tf.errors import UserError

# Mean of the image and marked pixels of seed 4, in version 6. Another order of random numbers gives others.
DRAWN = {
    "cracks": (159.38, 910),
    "crack_nets": (174.16, 3184),
    "hairlines": (112.30, 249),
    "wide_cracks": (82.50, 1527),
    "vessels": (26.96, 399),
    "membranes": (47.42, 6843),
    "roads": (44.01, 1999),
    "fibres": (148.27, 1134),
    "rivers": (66.89, 2663),
    "scratches": (54.15, 591),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_changes_with_what_a_seed_draws(kind):
    """Weights name the version that they were taught by; processors may round a pixel differently."""
    image, mask = draw_image(4, kind)
    assert VERSION == 6
    assert (image.mean(), mask.sum()) == pytest.approx(DRAWN[kind], rel=0.005)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_image(kind):
    image, mask = draw_image(3, kind)
    again, mask_again = draw_image(3, kind)
    other, _ = draw_image(4, kind)
    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(mask, mask_again)
    assert (image != other).any()
    assert image.shape == (128, 128, 3) and image.dtype == np.uint8
    assert mask.shape == (128, 128) and mask.dtype == np.uint8 and mask.max() <= 1


def test_another_size():
    image, mask = draw_image(0, "vessels", size=96)
    assert image.shape == (96, 96, 3) and mask.shape == (96, 96)


def test_what_is_marked_can_be_seen():
    """In most images marked pixels differ from those around by 0.3 of the deviation there, in some channel."""
    from scipy.ndimage import binary_dilation

    seen = []
    for seed in range(40):
        image, mask = draw_image(seed, "cracks")
        inside = mask > 0
        around = binary_dilation(inside, iterations=8) & ~binary_dilation(inside, iterations=2)
        if inside.sum() < 50 or around.sum() < 50:
            continue
        image = image.astype(float)
        difference = np.abs(image[inside].mean(0) - image[around].mean(0)) / (image[around].std(0) + 1e-3)
        seen.append(difference.max() > 0.3)
    assert len(seen) > 20 and np.mean(seen) > 0.7


def test_wide_cracks_are_wide_and_hairlines_thin():
    from scipy.ndimage import distance_transform_edt

    widest = lambda kind: np.median([2 * distance_transform_edt(draw_image(s, kind)[1]).max() for s in range(9)])
    assert widest("wide_cracks") > 10
    assert widest("hairlines") < 6


def test_an_unknown_kind_names_those_there_are():
    with pytest.raises(ValueError, match="membranes"):
        draw_image(0, "spaghetti")


def test_kinds_that_are_left_out_share_theirs_among_the_others():
    others = [kind for kind in KINDS if kind not in ("roads", "fibres")]
    drawn = [random_kind(np.random.default_rng(seed), others) for seed in range(1200)]
    assert set(drawn) == {"roads", "fibres"}
    # Seven and five of a hundred images are theirs: 0.583 +- 0.014.
    assert abs(drawn.count("roads") / 1200 - 7 / 12) < 0.06


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_left_out_changes_images_that_had_it(part):
    kind = {"cells": "membranes", "views": "vessels"}.get(part, "cracks")
    draws = range(24)
    changed = [(draw_image(s, kind, 48)[0] != draw_image(s, kind, 48, without=(part,))[0]).any() for s in draws]
    assert any(changed)


def test_without_empty_images_each_has_a_curve():
    masks = lambda without: [draw_image(seed, "membranes", 64, without)[1].any() for seed in range(40)]
    assert not all(masks(())) and all(masks(("empty",)))


def test_an_unknown_part_names_those_there_are():
    with pytest.raises(ValueError, match="grit.*Received: fog"):
        draw_image(0, without=("fog",))


def test_a_shard_holds_the_images_of_its_seeds(tmp_path):
    path = draw_shard(tmp_path, 5, 3, ("roads", "fibres"))
    with np.load(path) as file:
        np.testing.assert_array_equal(file["image"][1], draw_image(6, "fibres")[0])
        np.testing.assert_array_equal(file["mask"][2], draw_image(7, "roads")[1])
    written = path.stat().st_mtime_ns
    assert draw_shard(tmp_path, 5, 3, ("roads", "fibres")) == path and path.stat().st_mtime_ns == written
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_preview_command_shows_a_kind(tmp_path):
    from PIL import Image

    from semicurv_tf.cli.datasets import datasets

    sheet = tmp_path / "sheets" / "membranes.png"
    call = ["preview", "--dataset", "drawn", "--kind", "membranes", "--output", str(sheet), "--count", "2"]
    result = CliRunner().invoke(datasets, call, catch_exceptions=False)
    assert result.exit_code == 0 and "wrote" in result.output
    image, mask = draw_image(1, "membranes")
    pixels = np.asarray(Image.open(sheet))
    np.testing.assert_array_equal(pixels[:128, 256:384], image)
    np.testing.assert_array_equal(pixels[:128, 384:512, 0], 255 * mask)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            ["--dataset", "drawn", "--kind", "membrane"],
            "--kind: expected one of cracks.*found 'membrane'. Fix: --kind membranes",
        ),
        (["--dataset", "synthetic", "--kind", "cracks"], "--kind: expected only with --dataset drawn"),
        (
            ["--dataset", "drawn", "--data-dir", "a"],
            "--data-dir: of datasets that are read.*Fix: leave it out",
        ),
    ],
)
def test_a_wrong_kind_is_one_line(tmp_path, call, line):
    from semicurv_tf.cli.datasets import datasets

    with pytest.raises(UserError, match=line):
        CliRunner().invoke(
            datasets,
            ["preview", *call, "--output", str(tmp_path / "a.png")],
            catch_exceptions=False,
            standalone_mode=False,
        )
