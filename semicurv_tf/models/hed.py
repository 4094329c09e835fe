"""HED: holistically-nested edge detection (Xie & Tu 2015, ICCV)."""

import keras

from semicurv_tf.models.side_outputs import SideOutputNetwork


@keras.saving.register_keras_serializable("semicurv_tf")
class HED(SideOutputNetwork):
    """A VGG-16 trunk with a side output per stage, up-sampled to the image's size, and their weighted fusion.

    14,716,171 parameters with three channels and the default widths. Side outputs begin at 0 and the fusion at one
    fifth each, as in Xie & Tu. Differs from them: the fused output alone is deployed, not its mean with the side
    outputs; the image is padded by reflection to multiples of 16 pixels, where theirs gets a black border of 35; all
    layers share one learning rate.

    Args:
        widths: channels of the five stages of the trunk.
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.
    """

    def build_sides(self):
        for head, width in zip(self.side_heads, self.widths):
            head.build((None, None, None, width))

    def sides(self, stages):
        """See `SideOutputNetwork`: each from its stage's last convolution."""
        return [self.side(stage, features[-1]) for stage, features in enumerate(stages)]
