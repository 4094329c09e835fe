"""N-pair loss: the student's map must be nearer to its own teacher's map than to the others' (Sect. III-D).

Collapsed predictions make all pairs alike and cost log N_B (Eq. 7), where the mean square error is 0.
"""

import keras
import tensorflow as tf

from semicurv_tf.losses.pixel_loss import PixelLoss
from semicurv_tf.losses.valid_pixels import keep_valid_pixels

# Maps far below it everywhere count as collapsed; two disjoint masks read 2e-6 where they would read 0.
DELTA = 1e-6

# Not in the paper; the authors' released code uses it.
TEMPERATURE = 0.1

SIMILARITIES = ("cosine", "l2")


def npair_loss(
    student,
    teacher,
    valid=None,
    similarity="cosine",
    temperature=TEMPERATURE,
    delta=DELTA,
    teacher_valid=None,
    positive_offset=0,
):
    """-1/N sum_i log(exp(s_ii / tau) / sum_j exp(s_ij / tau)) (Xu et al. 2022, Eq. 5; Eq. 11 with "l2").

    Pair (i, j) is compared over the pixels valid in both, weighted by valid_i * valid_j. A student map
    without a valid pixel costs the constant log M.

    Args:
        student: g, (N, height, width, 1), any float dtype, 0 to 1: the anchors.
        teacher: g_hat, (M, height, width, 1), M >= N: the candidates; gets no gradient.
            `teacher[positive_offset + i]` is the positive of `student[i]`, all others are its negatives.
        valid: (N, height, width, 1), weights >= 0, or None: all 1. Without `teacher_valid` it stands for the
            candidates too (then M = N): the pixels where student i and teacher i are both seen.
        similarity: "cosine" (Eq. 6) or "l2" (minus the distance of the whole maps, Eq. 11).
        temperature: tau, > 0. Eq. 11 has none: unused with "l2".
        delta: added to both maps by the cosine, so that empty maps have a direction.
        teacher_valid: (M, height, width, 1), the candidates' own valid masks.
        positive_offset: integer or integer scalar tensor, the candidate that belongs to `student[0]`: where the
            students of one replica meet the candidates of all.

    Returns:
        A scalar, float32 (float64 for float64 maps). Collapsed predictions give log M (Eq. 7).

    Raises:
        ValueError: shapes that do not fit, fewer candidates than anchors, an unknown similarity, a temperature
            not above 0.

    Example:
        >>> round(float(npair_loss(tf.zeros((4, 8, 8, 1)), tf.zeros((4, 8, 8, 1)))), 4)  # log 4
        1.3863
    """
    _check_settings(similarity, temperature)
    student, teacher = tf.convert_to_tensor(student), tf.stop_gradient(tf.convert_to_tensor(teacher))
    _check_candidates(student, teacher, valid, teacher_valid, positive_offset)
    if teacher_valid is None:
        teacher_valid = valid
    logits = similarity_matrix(student, teacher, valid, teacher_valid, similarity, delta)
    if similarity == "cosine":
        logits = logits / temperature
    positive = positive_offset + tf.range(tf.shape(logits)[0])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(positive, logits))


def similarity_matrix(student, teacher, valid=None, teacher_valid=None, similarity="cosine", delta=DELTA):
    """The similarity of each student map with each teacher map, by matrix products (Xu et al. 2022, Eq. 6, 11).

    cosine: (g + delta)'(g_hat + delta) / (|g + delta| |g_hat + delta|); l2: -|g - g_hat|. Products and norms
    alike are weighted by valid_i * valid_j. A pair that shares no valid pixel has similarity 0.

    Args:
        student: (N, height, width, 1), any float dtype.
        teacher: (M, height, width, 1).
        valid: (N, height, width, 1), weights >= 0, or None: all 1.
        teacher_valid: (M, height, width, 1), or None: all 1.
        similarity: "cosine" or "l2".
        delta: added to both maps by the cosine; without effect on a distance.

    Returns:
        (N, M), float32 (float64 for float64 maps). The gradient of a distance 0 is 0.

    Raises:
        ValueError: shapes that do not fit, or an unknown similarity.
    """
    _check_settings(similarity)
    student, valid = keep_valid_pixels(valid, student=student)
    teacher, teacher_valid = keep_valid_pixels(teacher_valid, teacher=teacher)
    dtype = student.dtype
    # In float64: a float32 product over 512x512 pixels is off by 1e-4, which the temperature multiplies
    # by 10, and a squared distance is a small difference of such sums.
    student, teacher, valid, teacher_valid = (
        None if m is None else tf.cast(tf.reshape(m, [tf.shape(m)[0], -1]), tf.float64)
        for m in (student, teacher, valid, teacher_valid)
    )
    if similarity == "cosine":
        student, teacher = student + delta, teacher + delta
    product = _over_pairs(_weigh(student, valid), _weigh(teacher, teacher_valid))
    student_square = _square_over_pairs(student, valid, teacher_valid)
    teacher_square = tf.transpose(_square_over_pairs(teacher, teacher_valid, valid))
    if similarity == "cosine":
        result = product / _sqrt_or(1.0, student_square * teacher_square)
    else:
        result = -_sqrt_or(0.0, student_square + teacher_square - 2 * product)
    return tf.cast(result, dtype)


@keras.saving.register_keras_serializable("semicurv_tf")
class NPairLoss(PixelLoss):
    """`npair_loss` as a Keras loss: y_true the teacher's maps, y_pred the student's, sample_weight the valid mask."""

    def __init__(self, similarity="cosine", temperature=TEMPERATURE, delta=DELTA, name="npair"):
        _check_settings(similarity, temperature)
        super().__init__(name=name)
        self.similarity = similarity
        self.temperature = temperature
        self.delta = delta

    def call(self, y_true, y_pred, valid=None):
        """Returns `npair_loss(y_pred, y_true, valid)`."""
        return npair_loss(y_pred, y_true, valid, self.similarity, self.temperature, self.delta)

    def get_config(self):
        """Returns the constructor's arguments."""
        settings = {"similarity": self.similarity, "temperature": self.temperature, "delta": self.delta}
        return {**super().get_config(), **settings}


def _weigh(maps, weight):
    return maps if weight is None else weight * maps


def _over_pairs(rows, columns):
    """(N, pixels), (M, pixels) -> (N, M): the sum over pixels of row i times column j."""
    return tf.matmul(rows, columns, transpose_b=True)


def _square_over_pairs(maps, weight, other_weight):
    """The sums of weight_i * other_weight_j * maps_i^2, (rows, others); (rows, 1) where all others' pixels count."""
    squares = _weigh(tf.square(maps), weight)
    if other_weight is None:
        return tf.reduce_sum(squares, axis=1, keepdims=True)
    return _over_pairs(squares, other_weight)


def _sqrt_or(fallback, square):
    """The square root, or a constant where its argument is not above 0: there the root has no finite gradient."""
    positive = square > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, square, 1.0)), tf.cast(fallback, square.dtype))


def _check_settings(similarity, temperature=TEMPERATURE):
    if similarity not in SIMILARITIES:
        raise ValueError(f"Expected similarity to be one of {SIMILARITIES}. Received: similarity={similarity!r}")
    if not temperature > 0:
        raise ValueError(f"Expected temperature above 0. Received: temperature={temperature}")


def _check_candidates(student, teacher, valid, teacher_valid, positive_offset):
    """Refuses what can be seen before the graph runs; on a CPU the softmax itself refuses a label out of range."""
    if not student.shape[1:].is_compatible_with(teacher.shape[1:]):
        raise ValueError(
            "Expected student and teacher maps of one size. "
            f"Received: student.shape={tuple(student.shape)}, teacher.shape={tuple(teacher.shape)}"
        )
    anchors, candidates = student.shape[0], teacher.shape[0]
    if anchors is None or candidates is None:
        return
    offset = tf.get_static_value(positive_offset)
    needed = anchors + (0 if offset is None else int(offset))
    if candidates < needed:
        raise ValueError(
            "Expected a positive among the candidates for each student map. Received: "
            f"{anchors} student maps, {candidates} candidates, positive_offset={positive_offset}"
        )
    if valid is not None and teacher_valid is None and candidates != anchors:
        raise ValueError(
            "Expected teacher_valid where there are more candidates than student maps and valid is given. "
            f"Received: {anchors} student maps, {candidates} candidates, teacher_valid=None"
        )
