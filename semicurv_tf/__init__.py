"""SemiCurv (Xu et al., IEEE TIP 2022) in TensorFlow: thin, branching structures from few labels.

The command line's words for Python, and the parts for Keras users; `dir(semicurv_tf)` lists them all:

    import semicurv_tf

    prediction = semicurv_tf.load("curves").predict("photo.jpg")
    run = semicurv_tf.train("photos", run="runs/mine", recipe="crackforest_best")

Nothing heavy is imported before it is used: `import semicurv_tf` and `semicurv-tf --help` answer at once.
"""

import importlib

__version__ = "0.1.0"

# Public name -> the module that it is imported from, when it is first used. Its types stand in `__init__.pyi`.
_PUBLIC = {
    "Network": "api.network",
    "Prediction": "api.prediction",
    "Run": "api.run",
    "load": "api.network",
    "open_run": "api.run",
    "train": "api.train",
    "UserError": "errors",
    # The parts, for Keras.
    "CoordEncoding": "layers",
    "DiceLoss": "losses",
    "F1": "metrics.keras_metrics",
    "IoU": "metrics.keras_metrics",
    "Learner": "methods.learner",
    "MSELoss": "losses",
    "NPairLoss": "losses",
    "Precision": "metrics.keras_metrics",
    "Recall": "metrics.keras_metrics",
    "ResidualUNet": "models",
    "UNet": "models",
    "WeightedCrossEntropyLoss": "losses",
    "dice_loss": "losses",
    "npair_loss": "losses",
    "seen_by_view": "geometry.warp",
    "unwarp": "geometry.warp",
    "vectorize_mask": "vector",
    "warp": "geometry.warp",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = found
    return found


def __dir__():
    return sorted({*globals(), *_PUBLIC})
