"""How to learn: a `Learner` and, for each method but supervised learning, the term that it adds.

A `Learner` is a `keras.Model`: Keras' `fit` runs its `train_step`, and so does `semicurv_tf.training.loop`, which runs
on several machines too. `registry` lists the methods; what needs TensorFlow loads when used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semicurv_tf.methods.build import build_method
    from semicurv_tf.methods.learner import Learner
    from semicurv_tf.methods.term import UnlabelledTerm

_MODULES = {"Learner": "learner", "UnlabelledTerm": "term", "build_method": "build"}

__all__ = ["Learner", "UnlabelledTerm", "build_method"]


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
