import hashlib
import itertools
import math
import random
import unicodedata

import pytest

from semicurv_tf.data.split import FEWEST_TO_HOLD_OUT, choose_labelled, partition, split_by_name
from semicurv_tf.errors import UserError

NAMES = [f"image{number:04d}" for number in range(1896)]


@pytest.mark.parametrize(
    "count, fraction, expected",  # Table II of the paper
    [(94, 3, 3), (3, 1, 1), (94, 94, 94), (94, 0.05, 5), (94, 0.01, 1), (1896, 0.05, 95), (1896, 0.01, 19),
     (465, 0.05, 23), (465, 0.01, 5), (160, 0.05, 8), (160, 0.01, 2), (6880, 0.01, 69), (6880, 0.001, 7),
     (240, 0.10, 24), (240, 0.05, 12), (3, 0.001, 1), (3, 1.0, 3)],
)  # fmt: skip
def test_counts_are_those_of_table_2(count, fraction, expected):
    names = [str(number) for number in range(count)]
    assert len(choose_labelled(names, fraction, seed=0)) == expected


def test_smaller_fractions_lie_inside_larger_ones():
    sets = [set(choose_labelled(NAMES, labels, seed=3)) for labels in (3, 0.01, 0.05, 100, 0.2, 1.0)]
    assert all(fewer < more for fewer, more in itertools.pairwise(sets))


def test_depends_on_the_seed_but_not_on_the_order():
    assert choose_labelled(NAMES, 0.05, 0) == choose_labelled(NAMES[::-1], 0.05, 0)
    assert choose_labelled(NAMES, 0.05, 0) != choose_labelled(NAMES, 0.05, 1)


def test_choice_is_fixed_for_ever():
    # A change here would change the labelled images of every recorded run. Worked out in a shell:
    # for n in $(seq -w 0 19); do echo "$(echo -n "0:$n" | sha256sum) $n"; done | sort | head -3
    names = [f"{number:02d}" for number in range(20)]
    assert choose_labelled(names, 0.15, seed=0) == ("04", "07", "15")


@pytest.mark.parametrize("fraction", [-0.1, -3, 1.01, 3.0, math.nan])
def test_impossible_fraction_names_the_option(fraction):
    with pytest.raises(UserError, match=r"--labels: expected a count or a fraction in \(0, 1\]"):
        choose_labelled(NAMES, fraction, 0)


def test_no_label_chooses_none():
    assert choose_labelled(NAMES, 0, 0) == choose_labelled([], 0, 0) == ()


def test_more_labels_than_masks():
    with pytest.raises(UserError, match="--labels 4: expected at most the 3 training images with a mask"):
        choose_labelled(["a", "b", "c"], 4, 0)


def test_no_names():
    with pytest.raises(UserError, match="found none"):
        choose_labelled([], 0.5, 0)


def test_partition_loses_and_repeats_nothing():
    parts = partition(NAMES, {"train": 0.8, "validation": 0.1, "test": 0.1}, seed=0)
    assert {part: len(names) for part, names in parts.items()} == {
        "train": 1516, "validation": 190, "test": 190
    }  # fmt: skip
    assert sorted(itertools.chain(*parts.values())) == NAMES


def _random_names(generator, count):
    """Names as cameras and people give them: numbered, in sub-folders, with umlauts."""
    folder = generator.choice(["", "day1/", "a/b/", "Straße ä/"])
    stem = generator.choice(["IMG_", "p", "", "crack-"])
    return [f"{folder}{stem}{number:0{generator.choice([1, 4])}d}" for number in generator.sample(range(10_000), count)]


def test_a_growing_folder_moves_no_image_from_training_to_validation_or_test():
    for trial in range(200):
        generator = random.Random(trial)
        names = list(dict.fromkeys(_random_names(generator, 60) + _random_names(generator, 60)))[:60]
        shares = generator.choice([(0.1, 0.1), (0.2, 0.3), (0.0, 0.05), (0.1, 0.01), (0.3, 0.3)])
        sizes = sorted({24, 60, *generator.sample(range(24, 61), 4)})
        trained, held_back = set(), set()
        for size in sizes:
            some = names[:size]
            generator.shuffle(some)
            parts = split_by_name(some, *shares, seed=trial)
            assert sorted(itertools.chain(*parts.values())) == sorted(some)
            assert not trained & {*parts["validation"], *parts["test"]}, (trial, size)
            assert not held_back & {*parts["test"]}  # nor from validation, where thresholds are chosen, to test
            assert parts["train"] and all(
                bool(parts[part]) == bool(share) for part, share in zip(["validation", "test"], shares)
            )
            trained |= {*parts["train"]}
            held_back |= {*parts["validation"]}


def test_test_names_are_those_whose_number_is_below_the_share():
    numbers = {name: int(hashlib.sha256(f"test:7:{name}".encode()).hexdigest()[:16], 16) / 2**64 for name in NAMES}
    parts = split_by_name(NAMES, 0.1, 0.1, seed=7)
    assert parts["test"] == [name for name in NAMES if numbers[name] < 0.1]
    assert abs(len(parts["test"]) - 190) < 40 and abs(len(parts["validation"]) - 190) < 40  # 3 deviations of 13
    few = sorted(NAMES, key=numbers.get)[-30:]
    assert split_by_name(few, 0.1, 0.1, seed=7)["test"] == [few[0]]


def test_names_are_compared_in_one_unicode_form():
    names = [f"ä{number}" for number in range(40)]
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert decomposed != names
    for part, found in split_by_name(decomposed, 0.1, 0.1, 0).items():
        assert [unicodedata.normalize("NFC", name) for name in found] == split_by_name(names, 0.1, 0.1, 0)[part]


def test_few_images_are_all_trained_on():
    for count in range(FEWEST_TO_HOLD_OUT):
        names = [str(number) for number in range(count)]
        assert split_by_name(names, 0.1, 0.1, 0) == {"train": names, "validation": [], "test": []}
    assert len(split_by_name(["a", "b", "c", "d"], 0.0, 0.5, 1)["test"]) >= 1  # asked for: half of 4 is not none


def test_all_held_out_is_refused():
    seed = next(seed for seed in range(1000) if max(_test_numbers("ab", seed)) < 0.9)
    with pytest.raises(UserError, match="found all 2 held out .* --set data.options.split_seed="):
        split_by_name(["a", "b"], 0.0, 0.9, seed)


def _test_numbers(names, seed):
    return [int(hashlib.sha256(f"test:{seed}:{name}".encode()).hexdigest()[:16], 16) / 2**64 for name in names]
