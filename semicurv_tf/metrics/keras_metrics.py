"""IoU, F1, precision and recall as Keras metrics, with this package's meaning of empty masks and valid pixels.

The mean over images of each image's own score, as the paper reports it, or with `pooled=True` that of all pixels
together. An image whose target and prediction are both empty scores 1, one where only one of them is empty 0; an image
without a valid pixel is left out. They are the numbers of `semicurv_tf.metrics.overlap`, for `compile(metrics=[...])`.
"""

import keras
import tensorflow as tf

from semicurv_tf.metrics.overlap import THRESHOLD


class OverlapMetric(keras.metrics.Metric):
    """Base of the four; subclasses define `quotient`.

    Args:
        threshold: foreground is where the probability exceeds it, in (0, 1).
        from_logits: `y_pred` holds logits, as `ResidualUNet` gives them.
        pooled: the score of all pixels together in place of the mean over images.
        name, dtype: as in Keras.

    Raises:
        ValueError: a threshold outside (0, 1).
    """

    def __init__(self, threshold=THRESHOLD, from_logits=False, pooled=False, name=None, dtype=None):
        if not 0 < threshold < 1:
            raise ValueError(f"Expected threshold in (0, 1). Received: threshold={threshold}")
        super().__init__(name=name, dtype=dtype)
        self.threshold = threshold
        self.from_logits = from_logits
        self.pooled = pooled
        # In float64: float32 does not count beyond 17 million pixels.
        zeros = lambda shape, what: self.add_variable(shape, "zeros", dtype="float64", name=what)
        self.score_sum = zeros((), "score_sum")
        self.images = zeros((), "images")
        self.counts = zeros((3,), "counts")  # TP, FP, FN

    def quotient(self, true_positive, false_positive, false_negative):
        """Numerator and denominator of the score, from counts of pixels."""
        raise NotImplementedError

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch.

        Args:
            y_true: (batch, height, width, 1), 0 to 1; foreground is above 0.5.
            y_pred: same shape, probabilities, or logits with `from_logits`.
            sample_weight: same shape, the valid mask: a pixel counts where it is above 0.5; None: all do.
        """
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        probability = tf.sigmoid(tf.cast(y_pred, tf.float32)) if self.from_logits else tf.cast(y_pred, tf.float32)
        positive, predicted = tf.cast(y_true, tf.float32) > 0.5, probability > self.threshold
        counted = tf.ones_like(positive)
        if sample_weight is not None:
            counted = tf.cast(tf.convert_to_tensor(sample_weight), tf.float32) > 0.5
        count = lambda where: tf.cast(tf.math.count_nonzero(where & counted, axis=(1, 2, 3)), tf.float64)
        true_positive = count(positive & predicted)
        false_positive = count(~positive & predicted)
        false_negative = count(positive & ~predicted)
        seen = tf.cast(tf.reduce_any(counted, axis=(1, 2, 3)), tf.float64)
        score = self._score(true_positive, false_positive, false_negative)
        self.score_sum.assign_add(tf.reduce_sum(seen * score))
        self.images.assign_add(tf.reduce_sum(seen))
        sums = [tf.reduce_sum(each) for each in (true_positive, false_positive, false_negative)]
        self.counts.assign_add(tf.stack(sums))

    def result(self):
        """The score in [0, 1] of all that was counted; 0 before anything was."""
        if self.pooled:
            score = self._score(*tf.unstack(tf.convert_to_tensor(self.counts)))
            return tf.cast(tf.where(self.images > 0, score, 0.0), self.dtype)
        return tf.cast(tf.math.divide_no_nan(self.score_sum.value, self.images.value), self.dtype)

    def get_config(self):
        """Returns the constructor's arguments."""
        own = {"threshold": self.threshold, "from_logits": self.from_logits, "pooled": self.pooled}
        return {**super().get_config(), **own}

    def _score(self, true_positive, false_positive, false_negative):
        numerator, denominator = self.quotient(true_positive, false_positive, false_negative)
        empty = (true_positive + false_positive + false_negative) == 0
        return tf.where(empty, tf.ones([], tf.float64), tf.math.divide_no_nan(numerator, denominator))


@keras.saving.register_keras_serializable("semicurv_tf")
class IoU(OverlapMetric):
    """TP / (TP + FP + FN), the Jaccard index; see `OverlapMetric`.

    Example:
        >>> metric = IoU()
        >>> target = [[[[1.0], [1.0], [0.0]]]]
        >>> metric.update_state(target, [[[[0.9], [0.1], [0.2]]]])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, threshold=THRESHOLD, from_logits=False, pooled=False, name="iou", dtype=None):
        super().__init__(threshold, from_logits, pooled, name, dtype)

    def quotient(self, true_positive, false_positive, false_negative):
        return true_positive, true_positive + false_positive + false_negative


@keras.saving.register_keras_serializable("semicurv_tf")
class F1(OverlapMetric):
    """2 TP / (2 TP + FP + FN), the Dice index; see `OverlapMetric`."""

    def __init__(self, threshold=THRESHOLD, from_logits=False, pooled=False, name="f1", dtype=None):
        super().__init__(threshold, from_logits, pooled, name, dtype)

    def quotient(self, true_positive, false_positive, false_negative):
        return 2 * true_positive, 2 * true_positive + false_positive + false_negative


@keras.saving.register_keras_serializable("semicurv_tf")
class Precision(OverlapMetric):
    """TP / (TP + FP); 0 where only the prediction is empty, 1 where both are; see `OverlapMetric`."""

    def __init__(self, threshold=THRESHOLD, from_logits=False, pooled=False, name="precision", dtype=None):
        super().__init__(threshold, from_logits, pooled, name, dtype)

    def quotient(self, true_positive, false_positive, false_negative):
        return true_positive, true_positive + false_positive


@keras.saving.register_keras_serializable("semicurv_tf")
class Recall(OverlapMetric):
    """TP / (TP + FN); 0 where only the target is empty, 1 where both are; see `OverlapMetric`."""

    def __init__(self, threshold=THRESHOLD, from_logits=False, pooled=False, name="recall", dtype=None):
        super().__init__(threshold, from_logits, pooled, name, dtype)

    def quotient(self, true_positive, false_positive, false_negative):
        return true_positive, true_positive + false_negative
