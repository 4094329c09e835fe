"""Networks that map a raw image to the logits of its mask."""

from semicurv_tf.models.build import NETWORKS, build_network
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.models.unet import UNet

__all__ = ["NETWORKS", "ResidualUNet", "UNet", "build_network"]
