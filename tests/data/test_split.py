import itertools
import math

import pytest

from semicurv_tf.data.split import choose_labelled, partition
from semicurv_tf.errors import UserError

NAMES = [f"image{number:04d}" for number in range(1896)]


@pytest.mark.parametrize(
    "count, fraction, expected",  # Table II of the paper
    [(94, 0.05, 5), (94, 0.01, 1), (1896, 0.05, 95), (1896, 0.01, 19), (465, 0.05, 23),
     (465, 0.01, 5), (160, 0.05, 8), (160, 0.01, 2), (6880, 0.01, 69), (6880, 0.001, 7),
     (240, 0.10, 24), (240, 0.05, 12), (3, 0.001, 1), (3, 1.0, 3)],
)  # fmt: skip
def test_counts_are_those_of_table_2(count, fraction, expected):
    names = [str(number) for number in range(count)]
    assert len(choose_labelled(names, fraction, seed=0)) == expected


def test_smaller_fractions_lie_inside_larger_ones():
    sets = [set(choose_labelled(NAMES, fraction, seed=3)) for fraction in (0.01, 0.05, 0.2, 1.0)]
    assert sets[0] < sets[1] < sets[2] < sets[3]


def test_depends_on_the_seed_but_not_on_the_order():
    assert choose_labelled(NAMES, 0.05, 0) == choose_labelled(NAMES[::-1], 0.05, 0)
    assert choose_labelled(NAMES, 0.05, 0) != choose_labelled(NAMES, 0.05, 1)


def test_choice_is_fixed_for_ever():
    # A change here would change the labelled images of every recorded run. Worked out in a shell:
    # for n in $(seq -w 0 19); do echo "$(echo -n "0:$n" | sha256sum) $n"; done | sort | head -3
    names = [f"{number:02d}" for number in range(20)]
    assert choose_labelled(names, 0.15, seed=0) == ("04", "07", "15")


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01, 3, math.nan])
def test_impossible_fraction_names_the_option(fraction):
    with pytest.raises(UserError, match=r"--labels: expected a fraction in \(0, 1\]"):
        choose_labelled(NAMES, fraction, 0)


def test_no_names():
    with pytest.raises(UserError, match="found none"):
        choose_labelled([], 0.5, 0)


def test_partition_loses_and_repeats_nothing():
    parts = partition(NAMES, {"train": 0.8, "validation": 0.1, "test": 0.1}, seed=0)
    assert {part: len(names) for part, names in parts.items()} == {
        "train": 1516, "validation": 190, "test": 190
    }  # fmt: skip
    assert sorted(itertools.chain(*parts.values())) == NAMES
