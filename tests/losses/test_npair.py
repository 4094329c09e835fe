from math import exp, log, sqrt

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from semicurv_tf.losses.npair import DELTA, NPairLoss, npair_loss, similarity_matrix


def maps(*rows):
    """Each row of numbers as one image of height 1."""
    return np.array(rows, np.float32)[:, None, :, None]


def literal_similarity(student, teacher, valid, teacher_valid, similarity, delta):
    """Eq. 6 and 11 pair by pair, in float64, the product of both masks as weights."""
    result = np.zeros((len(student), len(teacher)))
    for i, j in np.ndindex(result.shape):
        w = (valid[i] * teacher_valid[j]).ravel().astype(float)
        a, b = student[i].ravel().astype(float), teacher[j].ravel().astype(float)
        if similarity == "l2":
            result[i, j] = -sqrt((w * (a - b) ** 2).sum())
        else:
            a, b = a + delta, b + delta
            result[i, j] = (w * a * b).sum() / sqrt((w * a * a).sum() * (w * b * b).sum())
    return result


# Eq. 7: what a collapse costs


@pytest.mark.parametrize("similarity", ["cosine", "l2"])
@pytest.mark.parametrize("size", [128, 512])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_collapsed_predictions_cost_log_of_the_batch(value, size, similarity):
    collapsed = tf.fill((3, size, size, 1), value)
    rng = np.random.default_rng(size)
    hard = (rng.uniform(size=(3, size, size, 1)) > 0.4).astype(np.float32)
    for valid in (None, hard, (hard * rng.uniform(0.2, 1, hard.shape)).astype(np.float32)):
        matrix = similarity_matrix(collapsed, collapsed, valid, valid, similarity).numpy()
        assert matrix.dtype == np.float32
        assert (matrix == (1 if similarity == "cosine" else 0)).all()  # exactly
        assert float(npair_loss(collapsed, collapsed, valid, similarity)) == pytest.approx(log(3), abs=2e-7)


def test_collapse_to_any_constant_costs_the_same():
    collapsed = tf.fill((4, 64, 64, 1), 0.3)
    assert float(npair_loss(collapsed, collapsed)) == pytest.approx(log(4), abs=2e-7)


def test_extra_negatives_count_as_candidates():
    assert float(npair_loss(tf.zeros((2, 8, 8, 1)), tf.zeros((5, 8, 8, 1)))) == pytest.approx(log(5), abs=2e-7)


# Eq. 8: what correct predictions cost


def test_correct_disjoint_masks_cost_equation_8_with_epsilon_0():
    masks = maps([1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1])
    loss = float(npair_loss(masks, masks))
    assert loss == pytest.approx(log(1 + 3 * exp((0 - 1) / 0.1)), rel=1e-3)
    assert loss < log(4)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_correct_overlapping_masks_cost_equation_8(temperature):
    masks = maps([1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1])  # each two share one of two pixels: epsilon 1/2
    expected = log(1 + 2 * exp((0.5 - 1) / temperature))
    assert float(npair_loss(masks, masks, temperature=temperature)) == pytest.approx(expected, rel=1e-4)


# Eq. 5, 6 and 11 in general


def test_values_worked_out_by_hand():
    student, teacher = maps([3, 4], [1, 0]), maps([4, 3], [0, 2])
    np.testing.assert_allclose(similarity_matrix(student, teacher), [[24 / 25, 4 / 5], [4 / 5, 0]], atol=2e-6)
    expected = [[-sqrt(2), -sqrt(13)], [-sqrt(18), -sqrt(5)]]
    np.testing.assert_allclose(similarity_matrix(student, teacher, similarity="l2"), expected, rtol=1e-6)
    l2 = (log(1 + exp(sqrt(2) - sqrt(13))) + log(1 + exp(sqrt(5) - sqrt(18)))) / 2
    for temperature in (0.1, 3.0):  # Eq. 11 has none
        value = npair_loss(student, teacher, similarity="l2", temperature=temperature)
        assert float(value) == pytest.approx(l2, rel=1e-5)


@pytest.mark.parametrize("similarity", ["cosine", "l2"])
@pytest.mark.parametrize("masked", ["neither", "student", "teacher", "both"])
def test_matrix_and_loss_follow_the_printed_equations(random_maps, similarity, masked):
    student, teacher = random_maps(40, 3, 4, 5, 1), random_maps(41, 5, 4, 5, 1)
    ones = np.ones((5, 4, 5, 1))
    valid = random_maps(42, 3, 4, 5, 1) * (random_maps(43, 3, 4, 5, 1) > 0.3) if masked in ("student", "both") else None
    teacher_valid = (random_maps(44, 5, 4, 5, 1) > 0.3).astype(float) if masked in ("teacher", "both") else None
    expected = literal_similarity(
        student,
        teacher,
        ones[:3] if valid is None else valid,
        ones if teacher_valid is None else teacher_valid,
        similarity,
        delta=0.01,
    )
    matrix = similarity_matrix(student, teacher, valid, teacher_valid, similarity, delta=0.01)
    np.testing.assert_allclose(matrix, expected, rtol=1e-12)
    if masked == "student":
        return  # the loss would take `valid` for the candidates too
    logits = expected / 0.2 if similarity == "cosine" else expected
    for offset in (0, 2):
        loss = npair_loss(
            student, teacher, valid, similarity, 0.2, delta=0.01, teacher_valid=teacher_valid, positive_offset=offset
        )
        positives = logits[np.arange(3), offset + np.arange(3)]
        assert float(loss) == pytest.approx(np.mean(logsumexp(logits, axis=1) - positives), rel=1e-12)


def test_one_mask_serves_student_and_teacher(random_maps):
    student, teacher = random_maps(45, 3, 4, 5, 1), random_maps(46, 3, 4, 5, 1)
    valid = (random_maps(47, 3, 4, 5, 1) > 0.3).astype(float)
    logits = literal_similarity(student, teacher, valid, valid, "cosine", DELTA) / 0.1
    expected = np.mean(logsumexp(logits, axis=1) - np.diag(logits))
    assert float(npair_loss(student, teacher, valid)) == pytest.approx(expected, rel=1e-12)


def test_parts_over_gathered_candidates_give_the_whole(random_maps):
    student, teacher = random_maps(48, 4, 5, 5, 1), random_maps(49, 4, 5, 5, 1)
    valid = (random_maps(50, 4, 5, 5, 1) > 0.3).astype(float)

    @tf.function
    def replica(first):
        rows = first + tf.range(2)
        local_student, local_valid = tf.gather(student, rows), tf.gather(valid, rows)
        return npair_loss(local_student, teacher, local_valid, teacher_valid=valid, positive_offset=first)

    parts = [float(replica(tf.constant(first))) for first in (0, 2)]
    assert np.mean(parts) == pytest.approx(float(npair_loss(student, teacher, valid)), rel=1e-12)
    assert parts[0] != pytest.approx(parts[1], rel=1e-3)


def test_delta_hardly_changes_ordinary_masks():
    rng = np.random.default_rng(51)
    masks = (rng.uniform(size=(4, 128, 128, 1)) < 0.02).astype(np.float32)
    exact = similarity_matrix(masks, masks, delta=0.0).numpy()
    assert np.abs(similarity_matrix(masks, masks).numpy() - exact).max() < 3e-6


def test_pair_without_common_pixels_has_similarity_zero_and_no_gradient():
    student = tf.constant(maps([0.2, 0.8], [0.5, 0.5]))
    valid, teacher_valid = maps([1, 0], [1, 1]), maps([0, 1], [1, 1])
    for similarity in ("cosine", "l2"):
        with tf.GradientTape() as tape:
            tape.watch(student)
            matrix = similarity_matrix(student, maps([0.9, 0.1], [0.3, 0.6]), valid, teacher_valid, similarity)
            pair = matrix[0, 0]
        assert float(pair) == 0 and float(matrix[1, 1]) != 0
        assert (tape.gradient(pair, student).numpy() == 0).all()


# Gradients


@pytest.mark.parametrize("similarity", ["cosine", "l2"])
@pytest.mark.parametrize("masked", [False, True])
def test_gradient_equals_central_differences(random_maps, assert_gradient, similarity, masked):
    teacher = random_maps(52, 3, 3, 4, 1)
    valid = random_maps(53, 3, 3, 4, 1) if masked else None
    assert_gradient(lambda g: npair_loss(g, teacher, valid, similarity), random_maps(54, 3, 3, 4, 1))


def test_gradient_of_identical_maps_is_that_of_the_negatives(random_maps):
    # The distance to its own teacher is 0, where the root has no derivative: the least-norm subgradient is 0.
    student = tf.constant(random_maps(55, 3, 4, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(student)
        loss = npair_loss(student, student.numpy(), similarity="l2")
    gradient = tape.gradient(loss, student).numpy().reshape(3, -1)
    x = student.numpy().reshape(3, -1)
    for i in range(3):
        distance = np.sqrt(((x[i] - x) ** 2).sum(axis=1))
        share = np.exp(-distance) / np.exp(-distance).sum()
        expected = -sum(share[j] * (x[i] - x[j]) / distance[j] for j in range(3) if j != i) / 3
        np.testing.assert_allclose(gradient[i], expected, atol=1e-6)


def test_nearly_identical_maps_of_512_have_the_right_distance():
    student = np.full((1, 512, 512, 1), 0.7, np.float32)
    teacher = student.copy()
    teacher[0, 0, 0, 0] -= np.float32(1 / 64)
    # In float32 the norms alone, 128450, are off by more than the square of this distance.
    assert float(similarity_matrix(student, teacher, similarity="l2")[0, 0]) == pytest.approx(-1 / 64, rel=1e-3)


def test_teacher_gets_no_gradient(random_maps):
    teacher = tf.constant(random_maps(56, 2, 3, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch(teacher)
        loss = npair_loss(random_maps(57, 2, 3, 3, 1), teacher)
    assert tape.gradient(loss, teacher) is None


# The class, and what is refused


def test_class_round_trips():
    loss = NPairLoss(similarity="cosine", temperature=0.5, delta=1e-5, name="pairs")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert isinstance(again, NPairLoss)
    assert again.get_config() == {"name": "pairs", "similarity": "cosine", "temperature": 0.5, "delta": 1e-5}
    teacher, student = maps([1, 1, 0, 0], [0, 1, 1, 0]), maps([1, 0, 0, 0], [0, 0, 1, 1])
    valid = maps([1, 1, 1, 0], [1, 1, 1, 0])
    # student 0 on pixels 0-2: 1/sqrt(2) with its teacher, 0 with the other; student 1: 1/sqrt(2) and 0.
    expected = log(1 + exp(-1 / sqrt(2) / 0.5))
    assert float(again(teacher, student, sample_weight=valid)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"similarity": "dot"}, "similarity='dot'"),
        ({"temperature": 0.0}, "temperature=0.0"),
        ({"positive_offset": 2}, "positive_offset=2"),
        ({"teacher": np.zeros((1, 2, 2, 1))}, "2 student maps, 1 candidates"),
        ({"teacher": np.zeros((3, 2, 2, 1)), "valid": np.ones((2, 2, 2, 1))}, "teacher_valid"),
        ({"teacher": np.zeros((2, 2, 3, 1))}, "one size"),
        ({"valid": np.ones((2, 3, 2, 1))}, "one shape"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    defaults = {"student": np.zeros((2, 2, 2, 1)), "teacher": np.zeros((2, 2, 2, 1))}
    with pytest.raises(ValueError, match=message):
        npair_loss(**{**defaults, **arguments})


@pytest.mark.parametrize("similarity", ["cosine", "l2"])
def test_without_delta_empty_maps_stay_finite(similarity):
    student = tf.zeros((3, 4, 4, 1))
    for teacher in (tf.zeros((3, 4, 4, 1)), tf.ones((3, 4, 4, 1))):
        with tf.GradientTape() as tape:
            tape.watch(student)
            loss = npair_loss(student, teacher, similarity=similarity, delta=0.0)
        assert float(loss) == pytest.approx(log(3), abs=1e-6)
        assert np.isfinite(tape.gradient(loss, student)).all()
