"""FPHBN: feature pyramid and hierarchical boosting network (Yang et al. 2019, IEEE TITS)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling
from semicurv_tf.models import vgg16
from semicurv_tf.models.side_outputs import STAGES, SideOutputNetwork


@keras.saving.register_keras_serializable("semicurv_tf")
class FPHBN(SideOutputNetwork):
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

    def make_layers(self):
        """See `SideOutputNetwork`: what merges each stage with the next deeper one."""
        policy = self.dtype_policy
        merged = [3 * self.widths[0] // 2, *self.widths[1:]]
        self.merge = [
            # The authors draw these from N(0, 0.01) beside a pre-trained trunk; without one the features would vanish.
            keras.layers.Conv2D(width, 3, padding="same", dtype=policy, name=f"merge_{stage + 1}")
            for stage, width in enumerate(merged)
        ]
        self.double = BilinearUpsampling(dtype=policy, name="double")

    def build_sides(self):
        shape = lambda filters: (None, None, None, filters)
        deeper = 0
        for stage in reversed(range(STAGES)):
            self.merge[stage].build(shape(vgg16.CONVOLUTIONS[stage] * self.widths[stage] + deeper))
            deeper = self.merge[stage].filters
            self.side_heads[stage].build(shape(deeper))

    def sides(self, stages):
        """See `SideOutputNetwork`: each from the features that its stage and the deeper ones merge to."""
        merged, sides = None, [None] * STAGES
        for stage in reversed(range(STAGES)):
            deeper = [] if merged is None else [self.double(merged)]
            merged = self.merge[stage](tf.concat([*stages[stage], *deeper], axis=-1))
            sides[stage] = self.side(stage, merged)
        return sides

    def side_weights(self, probability, target):
        """Hierarchical boosting: 1 + |p - y| with p of the next deeper side output; the deepest has 1 everywhere.

        Differs from the authors' released layer, which takes the sigmoid of the logit's absolute value: background that
        is surely rejected would there weigh most.
        """
        error = tf.abs(probability[..., 1:] - tf.cast(target, probability.dtype))
        return tf.stop_gradient(1.0 + tf.concat([error, tf.zeros_like(error[..., :1])], axis=-1))
