"""Networks that map a raw image to the logits of its mask."""

from semicurv_tf.models.build import NETWORKS, build_network, load_trunk_weights
from semicurv_tf.models.deeplab_v3_plus import DeepLabV3Plus
from semicurv_tf.models.fphbn import FPHBN
from semicurv_tf.models.hed import HED
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.models.unet import UNet

__all__ = ["FPHBN", "HED", "NETWORKS", "DeepLabV3Plus", "ResidualUNet", "UNet", "build_network", "load_trunk_weights"]
