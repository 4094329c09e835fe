"""What a method minimises: pure functions of probabilities and valid masks, each with a thin Keras class."""

from semicurv_tf.losses.cross_entropy import WeightedCrossEntropyLoss, weighted_cross_entropy_loss
from semicurv_tf.losses.dice import DiceLoss, dice_loss
from semicurv_tf.losses.mse import MSELoss, mse_loss
from semicurv_tf.losses.npair import NPairLoss, npair_loss, similarity_matrix

__all__ = [
    "DiceLoss",
    "MSELoss",
    "NPairLoss",
    "WeightedCrossEntropyLoss",
    "dice_loss",
    "mse_loss",
    "npair_loss",
    "similarity_matrix",
    "weighted_cross_entropy_loss",
]
