"""Trunks of `keras.applications` made for segmentation: output stride 16 by dilation instead of the last stride."""

from typing import NamedTuple

import keras

from semicurv_tf.layers import FusedBatchNormalization
from semicurv_tf.models.vgg16 import loaded


class Trunk(NamedTuple):
    """What is changed in a network of `keras.applications`, and where its features are read.

    Attributes:
        application: its name there.
        low: the layer whose features of a quarter of the size the decoder takes, before they are strided.
        unstrided: layers of the last stage that keep the size, "@" for the last convolution with a stride.
        dilated: layers of the last stage whose kernels then reach twice as far.
        padded: convolutions that lose a pixel at the edge there and must not here.
    """

    application: str
    low: str
    unstrided: tuple[str, ...]
    dilated: tuple[str, ...]
    padded: tuple[str, ...] = ()


TRUNKS = {
    "resnet50": Trunk(
        "ResNet50",
        "conv2_block3_out",
        ("conv5_block1_0_conv", "conv5_block1_1_conv"),
        ("conv5_block1_2_conv", "conv5_block2_2_conv", "conv5_block3_2_conv"),
    ),
    "xception": Trunk(
        "Xception",
        "block3_sepconv2_bn",
        # The shortcut beside block 13 has a name that counts the session's layers.
        ("block13_pool", "@"),
        ("block14_sepconv1", "block14_sepconv2"),
        ("block1_conv1", "block1_conv2"),
    ),
}


def atrous_trunk(name: str, channels: int, momentum: float, dtype) -> keras.Model:
    """A trunk from images, sides multiples of 16, to its features of 1/4 and of 1/16 of the size.

    Weights, their order and numbers are those of `keras.applications`. Batch normalisation is this project's, so that
    it is synchronised over replicas and reads bfloat16.

    Args:
        name: a key of `TRUNKS`.
        channels: of the images.
        momentum: of batch normalisation, Keras' convention.
        dtype: policy of all layers.
    """
    trunk = TRUNKS[name]
    application = getattr(keras.applications, trunk.application)
    original = application(include_top=False, weights=None, input_shape=(None, None, channels))
    strided = [layer.name for layer in original.layers if type(layer) is keras.layers.Conv2D and max(layer.strides) > 1]
    unstrided = {strided[-1] if layer == "@" else layer for layer in trunk.unstrided}

    def rewritten(layer):
        config = {**layer.get_config(), "dtype": dtype}
        kind = type(layer)
        if isinstance(layer, keras.layers.BatchNormalization):
            kind, config["momentum"] = FusedBatchNormalization, momentum
        if layer.name in unstrided:
            config["strides"] = (1, 1)
        if layer.name in trunk.dilated:
            config["dilation_rate"] = (2, 2)
        if layer.name in trunk.padded:
            config["padding"] = "same"
        return kind.from_config(config)

    network = keras.models.clone_model(original, clone_function=rewritten)
    return keras.Model(network.inputs, [network.get_layer(trunk.low).output, network.outputs[0]], name="trunk")


def load_trunk(network: keras.Model, name: str, path: str):
    """Puts weights of `keras.applications` into an `atrous_trunk` of three channels.

    Args:
        network: of `atrous_trunk`. ResNet-50 there takes BGR; its first convolution here then takes RGB.
        name: a key of `TRUNKS`.
        path: of a weights file without top.

    Raises:
        UserError: the file is missing or does not fit.
    """
    weights = loaded(getattr(keras.applications, TRUNKS[name].application), path).get_weights()
    if name == "resnet50":
        weights[0] = weights[0][:, :, ::-1]
    network.set_weights(weights)
