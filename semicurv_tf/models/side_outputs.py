"""What HED and FPHBN share: VGG-16 with a side output per stage, up-sampled and fused (Xie & Tu 2015, ICCV)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling
from semicurv_tf.models import vgg16
from semicurv_tf.models.segmentation_network import SegmentationNetwork

STAGES = len(vgg16.WIDTHS)


class SideOutputNetwork(SegmentationNetwork):
    """A VGG-16 trunk, a side output per stage and their weighted fusion; subclasses give the side outputs.

    A subclass gives the side outputs in `sides` and builds their convolutions in `build_sides`. Layers of its own it
    makes in `make_layers`: checkpoints keep variables in the order in which layers were made.

    Args:
        widths: channels of the five stages of the trunk.
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.
    """

    side_outputs = STAGES
    stride = 16

    def __init__(self, widths=vgg16.WIDTHS, **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(widths)
        self.trunk = vgg16.VGG16Trunk(self.widths, dtype=self.dtype_policy, name="trunk")
        self.make_layers()
        self.side_heads = [_side_head(stage) for stage in range(STAGES)]
        self.upsample = [
            BilinearUpsampling(2**stage, dtype="float32", name=f"upsample_{stage + 1}") for stage in range(STAGES)
        ]
        self.fuse = _fusion()

    def make_layers(self):
        """Makes the layers between trunk and side outputs; here none."""

    def build_sides(self):
        """Builds `side_heads` and what `make_layers` made."""
        raise NotImplementedError

    def sides(self, stages):
        """The side outputs of all stages, each `(batch, height, width, 1)` float32 of the image's size.

        Args:
            stages: what the trunk gives.
        """
        raise NotImplementedError

    def side(self, stage, features):
        """The side output of a stage, counted from 0, from its features."""
        return self.upsample[stage](self.side_heads[stage](features))

    def load_trunk(self, path):
        """Loads `keras.applications.VGG16` weights; see `vgg16.load_vgg16`."""
        vgg16.load_vgg16(self.trunk, path)

    def build_layers(self, channels):
        self.trunk.build((None, None, None, channels))
        self.build_sides()
        self.fuse.build((None, None, None, STAGES))

    @property
    def last_layer(self):
        """See `SegmentationNetwork`."""
        return self.fuse

    def padded_logits(self, features, training):
        sides = tf.concat(self.sides(self.trunk(features)), axis=-1)
        return tf.concat([self.fuse(sides), sides], axis=-1)

    def get_config(self):
        return {**super().get_config(), "widths": self.widths}


def _side_head(stage):
    """The 1x1 convolution to a side output of a stage, counted from 0; float32, zero at first (Xie & Tu, Sect. 4.1)."""
    return keras.layers.Conv2D(1, 1, kernel_initializer="zeros", dtype="float32", name=f"side_{stage + 1}")


def _fusion():
    """The weighted sum of five side outputs, beginning at their mean (Xie & Tu, Eq. 3)."""
    return keras.layers.Conv2D(1, 1, kernel_initializer=keras.initializers.Constant(0.2), dtype="float32", name="fuse")
