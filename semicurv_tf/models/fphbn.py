"""FPHBN: feature pyramid and hierarchical boosting network (Yang et al. 2019, IEEE TITS)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling
from semicurv_tf.models import vgg16
from semicurv_tf.models.hed import fusion, side_head
from semicurv_tf.models.segmentation_network import SegmentationNetwork


@keras.saving.register_keras_serializable("semicurv_tf")
class FPHBN(SegmentationNetwork):
    """HED with a feature pyramid: each stage's features meet those of the stage above it before its side output.

    At a stage all its convolutions' features and the merged features of the next deeper stage, up-sampled by two, enter
    one 3x3 convolution without ReLU, as in the authors' network description, from which the side output is read.
    The loss of a side output is boosted where the next deeper side output is wrong (`side_weights`).
    Differs from the authors': the image is padded by reflection to multiples of 16 pixels, where theirs gets a black
    border of 35; all layers share one learning rate.

    Args:
        widths: channels of the five stages of the trunk; the merged features have as many, those of the first stage
            half as many again.
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.
    """

    side_outputs = 5
    stride = 16

    def __init__(self, widths=vgg16.WIDTHS, **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(widths)
        policy = self.dtype_policy
        merged = [3 * self.widths[0] // 2, *self.widths[1:]]
        self.trunk = vgg16.VGG16Trunk(self.widths, dtype=policy, name="trunk")
        self.merge = [
            # The authors draw these from N(0, 0.01) beside a pre-trained trunk; without one the features would vanish.
            keras.layers.Conv2D(width, 3, padding="same", dtype=policy, name=f"merge_{stage + 1}")
            for stage, width in enumerate(merged)
        ]
        self.double = BilinearUpsampling(dtype=policy, name="double")
        self.side_heads = [side_head(stage) for stage in range(5)]
        self.upsample = [
            BilinearUpsampling(2**stage, dtype="float32", name=f"upsample_{stage + 1}") for stage in range(5)
        ]
        self.fuse = fusion()

    def load_trunk(self, path):
        """Loads `keras.applications.VGG16` weights; see `vgg16.load_vgg16`."""
        vgg16.load_vgg16(self.trunk, path)

    def build_layers(self, channels):
        shape = lambda filters: (None, None, None, filters)
        self.trunk.build(shape(channels))
        deeper = 0
        for stage in reversed(range(5)):
            self.merge[stage].build(shape(vgg16.CONVOLUTIONS[stage] * self.widths[stage] + deeper))
            deeper = self.merge[stage].filters
            self.side_heads[stage].build(shape(deeper))
        self.fuse.build(shape(5))

    @property
    def last_layer(self):
        """See `SegmentationNetwork`."""
        return self.fuse

    def padded_logits(self, features, training):
        stages, merged, sides = self.trunk(features), None, [None] * 5
        for stage in reversed(range(5)):
            deeper = [] if merged is None else [self.double(merged)]
            merged = self.merge[stage](tf.concat([*stages[stage], *deeper], axis=-1))
            sides[stage] = self.upsample[stage](self.side_heads[stage](merged))
        sides = tf.concat(sides, axis=-1)
        return tf.concat([self.fuse(sides), sides], axis=-1)

    def side_weights(self, probability, target):
        """Hierarchical boosting: 1 + |p - y| with p of the next deeper side output; the deepest has 1 everywhere.

        Differs from the authors' released layer, which takes the sigmoid of the logit's absolute value: background that
        is surely rejected would there weigh most.
        """
        error = tf.abs(probability[..., 1:] - tf.cast(target, probability.dtype))
        return tf.stop_gradient(1.0 + tf.concat([error, tf.zeros_like(error[..., :1])], axis=-1))

    def get_config(self):
        return {**super().get_config(), "widths": self.widths}
