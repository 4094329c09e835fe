"""Networks that map a raw image to the logits of its mask."""

from semicurv_tf.models.build import build_network
from semicurv_tf.models.residual_unet import ResidualUNet

__all__ = ["ResidualUNet", "build_network"]
