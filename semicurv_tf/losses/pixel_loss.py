"""The Keras face of the losses: `sample_weight` is the valid mask, the value is already a scalar."""

import keras

from semicurv_tf import replicas


class PixelLoss(keras.losses.Loss):
    """Base of the losses on maps. Subclasses define `call(y_true, y_pred, valid)`.

    Keras would multiply the finished loss by `sample_weight`; here it is the valid mask, so that
    `fit` on (image, mask, valid) leaves invalid pixels out. Dtypes are left to the pure function,
    which never reduces below float32.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the scalar loss.

        Args:
            y_true: (batch, height, width, 1), the target, or the teacher's probabilities.
            y_pred: (batch, height, width, 1), the probabilities that learn.
            sample_weight: (batch, height, width, 1), the valid mask, or None.
        """
        # Keras' `fit` adds up the gradients of the replicas.
        return self.call(y_true, y_pred, sample_weight) / replicas.count()

    def call(self, y_true, y_pred, valid=None):
        """Returns the scalar loss over the pixels where `valid` is above 0."""
        raise NotImplementedError

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"name": self.name}
