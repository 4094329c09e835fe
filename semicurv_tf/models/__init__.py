"""Networks from a raw image to the logits of its mask. `registry` lists them; what needs TensorFlow loads when used."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semicurv_tf.models.build import build_network, load_trunk_weights
    from semicurv_tf.models.deeplab_v3_plus import DeepLabV3Plus
    from semicurv_tf.models.fphbn import FPHBN
    from semicurv_tf.models.hed import HED
    from semicurv_tf.models.residual_unet import ResidualUNet
    from semicurv_tf.models.unet import UNet

_MODULES = {
    "FPHBN": "fphbn",
    "HED": "hed",
    "DeepLabV3Plus": "deeplab_v3_plus",
    "ResidualUNet": "residual_unet",
    "UNet": "unet",
    "build_network": "build",
    "load_trunk_weights": "build",
}

__all__ = ["FPHBN", "HED", "DeepLabV3Plus", "ResidualUNet", "UNet", "build_network", "load_trunk_weights"]


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
