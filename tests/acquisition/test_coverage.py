import numpy as np

from semicurv_tf.acquisition import coverage
from semicurv_tf.acquisition.coverage import choose_covering


def test_the_median_comes_first_then_what_brings_most():
    features = np.array([[-0.5], [0.0], [0.4], [0.9], [0.1], [9.0], [10.0], [10.5], [50.0]])
    taken, distances = choose_covering(features, 3)
    # The median is 0.9. Then 50 takes 49.1 off the sum of distances, 10 takes 34.4; then 10 takes 25.3, 10.5 24.8.
    assert taken == [3, 8, 6]
    assert distances[0] == np.inf and np.allclose(distances[1:], [49.1, 9.1], atol=1e-4)


def test_what_is_labelled_counts_as_taken():
    features = np.array([[0.0], [0.1], [0.2], [0.3], [5.0], [5.1], [5.2]])
    assert choose_covering(features, 1)[0] == [3]
    taken, distances = choose_covering(features, 1, known=np.array([[0.1]]))
    assert taken == [5] and abs(distances[0] - 5.0) < 1e-5


def test_each_choice_is_the_best_by_definition():
    features = np.random.default_rng(0).random((25, 3)).astype(np.float32)
    taken, _ = choose_covering(features, 4)
    between = np.linalg.norm(features[:, None] - features[None], axis=-1)
    chosen = []
    for _ in range(4):
        cost = [np.min(between[[*chosen, one]], axis=0).mean() for one in range(25)]
        chosen.append(int(np.argmin(cost)))
    assert taken == chosen


def test_copies_and_more_wanted_than_there_are():
    taken, distances = choose_covering(np.array([[1.0], [1.0], [3.0]]), 9)
    assert sorted(taken) == [0, 1, 2] and taken[2] in (0, 1) and distances[2] == 0


def test_of_many_images_some_stand_for_all(monkeypatch):
    monkeypatch.setattr(coverage, "MOST_TO_COVER", 10)
    features = np.repeat(np.array([[0.0], [7.0]]), 20, axis=0)
    taken, distances = choose_covering(features, 2)
    assert {features[one, 0] for one in taken} == {0.0, 7.0} and distances[1] == 7
