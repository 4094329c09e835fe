import itertools

import numpy as np

from semicurv_tf.acquisition.diverse import choose_diverse


def test_first_is_the_highest_score_and_its_double_comes_last():
    features = np.array([[0.0, 0], [1, 0], [1, 0], [0, 1], [0.5, 0.5]])
    scores = np.array([0.1, 1.0, 0.99, 0.3, 0.2])
    taken, distances = choose_diverse(scores, features, 5)
    assert taken[0] == 1 and taken[-1] == 2
    assert distances[0] == np.inf and distances[-1] == 0


def test_equal_scores_are_k_centre_greedy():
    generator = np.random.default_rng(0)
    features = generator.random((30, 4))
    taken, distances = choose_diverse(np.ones(30), features, 6)
    expected = [0]
    for _ in range(5):  # by the definition: the point farthest from its nearest centre
        expected.append(
            int(np.argmax([min(np.linalg.norm(point - features[centre]) for centre in expected) for point in features]))
        )
    assert taken == expected
    assert all(a >= b for a, b in itertools.pairwise(distances[1:]))


def test_known_images_count_as_taken_but_do_not_change_the_first():
    features = np.array([[0.0], [1.0], [2.0], [5.0]])
    scores = np.array([1.0, 0.9, 0.9, 0.5])
    assert choose_diverse(scores, features, 2)[0] == [0, 3]
    taken, distances = choose_diverse(scores, features, 2, known=np.array([[5.0], [0.0]]))
    assert taken == [0, 2] and distances == [0.0, 2.0]


def test_more_wanted_than_there_are_and_scores_of_zero():
    taken, _ = choose_diverse(np.zeros(3), np.zeros((3, 2)), 10)
    assert sorted(taken) == [0, 1, 2]
