"""The only list of networks: their classes, defaults, and which keys of `model` each takes. No TensorFlow.

It stands here and not in `semicurv_tf.models`, since to import that package registers all networks with Keras.
"""

import importlib
from typing import Any, NamedTuple


class Network(NamedTuple):
    """A network as the configuration knows it.

    Attributes:
        path: "module:Class".
        arguments: keys of `model` that the network takes.
        gflop: of a forward pass at 128x128 with the default widths, by TensorFlow's profiler.
        widths, encoding, trunk: what it takes where the configuration says nothing; None: it has no such choice.
        published_trunk: whether the weights of its trunk can come from a file of `keras.applications`.
        stages: how many widths it needs; None: at least two.
        side_outputs: whether it has side outputs, each with a supervised loss of its own.
    """

    path: str
    arguments: tuple[str, ...]
    gflop: float
    widths: tuple[int, ...] | None = None
    encoding: str | None = None
    trunk: str | None = None
    published_trunk: bool = False
    stages: int | None = None
    side_outputs: bool = False

    def load(self):
        """The class. Loads TensorFlow."""
        module, name = self.path.split(":")
        return getattr(importlib.import_module(module), name)


_ENCODED = ("widths", "encoding", "encoding_period")
_UNET_WIDTHS = (32, 64, 128, 256, 512)
_VGG16: dict[str, Any] = {
    "widths": (64, 128, 256, 512, 512),
    "published_trunk": True,
    "stages": 5,
    "side_outputs": True,
}

NETWORKS = {
    "residual_unet": Network(
        "semicurv_tf.models.residual_unet:ResidualUNet",
        (*_ENCODED, "batch_norm_momentum"),
        gflop=7.5,
        widths=_UNET_WIDTHS,
        encoding="sinusoid",
    ),
    "unet": Network("semicurv_tf.models.unet:UNet", _ENCODED, gflop=6.0, widths=_UNET_WIDTHS, encoding="none"),
    "hed": Network("semicurv_tf.models.hed:HED", ("widths",), gflop=10.0, **_VGG16),
    "fphbn": Network("semicurv_tf.models.fphbn:FPHBN", ("widths",), gflop=33.9, **_VGG16),
    "deeplab_v3_plus": Network(
        "semicurv_tf.models.deeplab_v3_plus:DeepLabV3Plus",
        ("trunk", "batch_norm_momentum"),
        gflop=12.5,
        trunk="resnet50",
        published_trunk=True,
    ),
}

DEFAULT = "residual_unet"
