"""Nested label sets by hand."""

import itertools

import pytest

from semicurv_tf.advice.label_sets import largest_set, nested_sets


@pytest.mark.parametrize(("images", "sizes"), [(13, [13, 6, 3]), (8, [8, 4, 2]), (3, [3, 1]), (2, [2, 1]), (1, [1])])
def test_all_half_and_a_quarter_each_inside_the_one_before(images, sizes):
    names = [f"p{number:02d}" for number in range(images)]
    found = nested_sets(names, names, names, most=images, seed=3, fold=1)
    assert [len(one.names) for one in found] == sizes and [one.level for one in found] == list(range(len(sizes)))
    for larger, smaller in itertools.pairwise(found):
        assert set(smaller.names) < set(larger.names)
    assert found == nested_sets(names, names, names, most=images, seed=3, fold=1)


def test_seed_and_fold_choose():
    names = [f"p{number:02d}" for number in range(16)]
    chosen = lambda seed, fold: nested_sets(names, names, names, 16, seed, fold)[-1].names
    assert len({chosen(seed, fold) for seed in (0, 1) for fold in (1, 2)}) == 4


def test_photographs_stay_whole_and_those_of_the_run_come_first():
    names, sources = ["a-0", "a-1", "b-0", "b-1", "c-0", "d-0"], list("aabbcd")
    for seed in range(5):
        found = nested_sets(names, sources, ["b-0"], most=6, seed=seed, fold=1)
        assert found[0].names == tuple(names) and found[-1].names == ("b-0", "b-1")
        for one in found:
            inside = {name[0] for name in one.names}
            assert one.names == tuple(name for name in names if name[0] in inside)


def test_no_more_masks_than_asked_for_but_one_photograph_at_least():
    names, sources = [f"{photo}-{crop}" for photo in "abc" for crop in range(4)], list("aaaabbbbcccc")
    assert [len(one.names) for one in nested_sets(names, sources, names, most=9, seed=0, fold=1)] == [8, 4]
    assert [len(one.names) for one in nested_sets(names, sources, names, most=2, seed=0, fold=1)] == [4]
    assert largest_set(14) == 14 and largest_set(1) == 4
