"""How to learn: each method is a `keras.Model` with its own `train_step`, run by `fit`."""

from semicurv_tf.methods.build import build_method
from semicurv_tf.methods.consistency import MeanTeacher, SemiCurv
from semicurv_tf.methods.supervised import Supervised

__all__ = ["MeanTeacher", "SemiCurv", "Supervised", "build_method"]
