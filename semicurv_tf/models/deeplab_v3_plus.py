"""DeepLab v3+: atrous spatial pyramid pooling and a small decoder (Chen et al. 2018, ECCV)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling, ConvolutionUnit
from semicurv_tf.models import atrous_trunk
from semicurv_tf.models.segmentation_network import SegmentationNetwork

RATES = (6, 12, 18)  # of the pyramid, for features of 1/16 of the size
PYRAMID_FILTERS = 256
LOW_LEVEL_FILTERS = 48


@keras.saving.register_keras_serializable("semicurv_tf")
class DeepLabV3Plus(SegmentationNetwork):
    """A trunk with features of 1/16 of the size, the pyramid over them, and a decoder at 1/4.

    The pyramid: a 1x1 convolution, three 3x3 convolutions of atrous rates 6, 12 and 18, and the mean over the image,
    256 channels each, then 1x1 to 256. The decoder: four-fold up-sampling, the trunk's features of 1/4 reduced to 48
    channels, two 3x3 convolutions to 256, one logit, four-fold up-sampling. With the Xception trunk the 3x3
    convolutions are separable, as in Chen et al.; with ResNet-50 they are not.
    Differs from them: ResNet-50 for ResNet-101; the Xception of `keras.applications` for their deeper one without
    pooling; no dropout, whose random numbers would be no function of seed and step; one dilation (2) in the last stage
    of the ResNet, no multi-grid.

    Args:
        trunk: "resnet50" or "xception".
        momentum: of batch normalisation, Keras' convention.
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.
    """

    stride = 16

    def __init__(self, trunk="resnet50", momentum=0.9, **kwargs):
        super().__init__(**kwargs)
        if trunk not in atrous_trunk.TRUNKS:
            raise ValueError(f"Expected trunk in {tuple(atrous_trunk.TRUNKS)}. Received: trunk={trunk!r}")
        self.trunk_name = trunk
        self.momentum = momentum
        policy, separable = self.dtype_policy, trunk == "xception"

        def unit(filters, size, name, dilation=1):
            return ConvolutionUnit(filters, size, dilation, separable and size > 1, momentum, dtype=policy, name=name)

        self.pyramid = [unit(PYRAMID_FILTERS, 1, "pyramid_1x1")]
        self.pyramid += [unit(PYRAMID_FILTERS, 3, f"pyramid_rate_{rate}", rate) for rate in RATES]
        self.image_pooling = unit(PYRAMID_FILTERS, 1, "image_pooling")
        self.project = unit(PYRAMID_FILTERS, 1, "project")
        self.reduce_low = unit(LOW_LEVEL_FILTERS, 1, "reduce_low")
        self.refine = [unit(PYRAMID_FILTERS, 3, f"refine_{number}") for number in (1, 2)]
        self.head = keras.layers.Conv2D(1, 1, dtype="float32", name="head")
        self.upsample = BilinearUpsampling(4, dtype=policy, name="upsample")
        self.upsample_logits = BilinearUpsampling(4, dtype="float32", name="upsample_logits")
        self.trunk = None

    def load_trunk(self, path):
        """Loads `keras.applications` weights; see `atrous_trunk.load_trunk`."""
        atrous_trunk.load_trunk(self.trunk, self.trunk_name, path)

    def build_layers(self, channels):
        shape = lambda filters: (None, None, None, filters)
        self.trunk = atrous_trunk.atrous_trunk(self.trunk_name, channels, self.momentum, self.dtype_policy)
        low, high = (output.shape[-1] for output in self.trunk.outputs)
        for branch in (*self.pyramid, self.image_pooling):
            branch.build(shape(high))
        self.project.build(shape(PYRAMID_FILTERS * (len(self.pyramid) + 1)))
        self.reduce_low.build(shape(low))
        self.refine[0].build(shape(PYRAMID_FILTERS + LOW_LEVEL_FILTERS))
        self.refine[1].build(shape(PYRAMID_FILTERS))
        self.head.build(shape(PYRAMID_FILTERS))

    def padded_logits(self, features, training):
        low, high = self.trunk(features, training=training)
        branches = [branch(high, training=training) for branch in self.pyramid]
        mean = tf.reduce_mean(tf.cast(high, tf.float32), axis=(1, 2), keepdims=True)
        pooled = self.image_pooling(tf.cast(mean, high.dtype), training=training)
        branches.append(tf.broadcast_to(pooled, tf.shape(branches[0])))
        context = self.project(tf.concat(branches, axis=-1), training=training)
        features = tf.concat([self.upsample(context), self.reduce_low(low, training=training)], axis=-1)
        for unit in self.refine:
            features = unit(features, training=training)
        return self.upsample_logits(self.head(features))

    def get_config(self):
        return {**super().get_config(), "trunk": self.trunk_name, "momentum": self.momentum}
