"""Networks that map a raw image to the logits of its mask. To import this package registers them with Keras.

`semicurv_tf.config.networks` lists them.
"""

from semicurv_tf.models.build import build_network, load_trunk_weights
from semicurv_tf.models.deeplab_v3_plus import DeepLabV3Plus
from semicurv_tf.models.fphbn import FPHBN
from semicurv_tf.models.hed import HED
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.models.unet import UNet

__all__ = ["FPHBN", "HED", "DeepLabV3Plus", "ResidualUNet", "UNet", "build_network", "load_trunk_weights"]
