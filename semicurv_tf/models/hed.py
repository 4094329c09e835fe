"""HED: holistically-nested edge detection (Xie & Tu 2015, ICCV)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling
from semicurv_tf.models import vgg16
from semicurv_tf.models.segmentation_network import SegmentationNetwork


@keras.saving.register_keras_serializable("semicurv_tf")
class HED(SegmentationNetwork):
    """A VGG-16 trunk with a side output per stage, up-sampled to the image's size, and their weighted fusion.

    14,716,171 parameters with three channels and the default widths. Side outputs begin at 0 and the fusion at one
    fifth each, as in Xie & Tu. Differs from them: the fused output alone is deployed, not its mean with the side
    outputs; the image is padded by reflection to multiples of 16 pixels, where theirs gets a black border of 35; all
    layers share one learning rate.

    Args:
        widths: channels of the five stages of the trunk.
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.
    """

    side_outputs = 5
    stride = 16

    def __init__(self, widths=vgg16.WIDTHS, **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(widths)
        self.trunk = vgg16.VGG16Trunk(self.widths, dtype=self.dtype_policy, name="trunk")
        self.side_heads = [side_head(stage) for stage in range(5)]
        self.upsample = [
            BilinearUpsampling(2**stage, dtype="float32", name=f"upsample_{stage + 1}") for stage in range(5)
        ]
        self.fuse = fusion()

    def load_trunk(self, path):
        """Loads `keras.applications.VGG16` weights; see `vgg16.load_vgg16`."""
        vgg16.load_vgg16(self.trunk, path)

    def build_layers(self, channels):
        self.trunk.build((None, None, None, channels))
        for head, width in zip(self.side_heads, self.widths):
            head.build((None, None, None, width))
        self.fuse.build((None, None, None, 5))

    @property
    def last_layer(self):
        """See `SegmentationNetwork`."""
        return self.fuse

    def padded_logits(self, features, training):
        stages = self.trunk(features)
        sides = [up(head(stage[-1])) for stage, head, up in zip(stages, self.side_heads, self.upsample)]
        sides = tf.concat(sides, axis=-1)
        return tf.concat([self.fuse(sides), sides], axis=-1)

    def get_config(self):
        return {**super().get_config(), "widths": self.widths}


def side_head(stage):
    """The 1x1 convolution to a side output of a stage, counted from 0; float32, zero at first (Xie & Tu, Sect. 4.1)."""
    return keras.layers.Conv2D(1, 1, kernel_initializer="zeros", dtype="float32", name=f"side_{stage + 1}")


def fusion():
    """The weighted sum of five side outputs, beginning at their mean (Xie & Tu, Eq. 3)."""
    return keras.layers.Conv2D(1, 1, kernel_initializer=keras.initializers.Constant(0.2), dtype="float32", name="fuse")
