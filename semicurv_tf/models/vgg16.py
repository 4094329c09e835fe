"""The convolutions of VGG-16 (Simonyan & Zisserman 2015), the trunk of HED and FPHBN."""

from pathlib import Path

import keras

from semicurv_tf.errors import UserError

WIDTHS = (64, 128, 256, 512, 512)
CONVOLUTIONS = (2, 2, 3, 3, 3)  # of each stage


@keras.saving.register_keras_serializable("semicurv_tf")
class VGG16Trunk(keras.layers.Layer):
    """Thirteen 3x3 convolutions with ReLU in five stages, 2x2 max-pooling between them; the last pooling is left out.

    14,714,688 parameters with three channels and the default widths.

    Args:
        widths: channels of the five stages.

    Input: `(batch, height, width, channels)`, sides multiples of 16. Output: for each stage the list of its
    convolutions' features, at 1, 1/2, 1/4, 1/8 and 1/16 of the size.
    """

    def __init__(self, widths=WIDTHS, **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(widths)
        # Drawn as for ReLU (He et al. 2015): thirteen layers without normalisation fade out otherwise.
        convolution = lambda stage, number: keras.layers.Conv2D(
            self.widths[stage], 3, padding="same", activation="relu", kernel_initializer="he_normal",
            dtype=self.dtype_policy, name=f"block{stage + 1}_conv{number + 1}",
        )  # fmt: skip
        self.stages = [
            [convolution(stage, number) for number in range(count)] for stage, count in enumerate(CONVOLUTIONS)
        ]
        self.pool = keras.layers.MaxPooling2D(2, dtype=self.dtype_policy, name="pool")

    def build(self, input_shape):
        channels = input_shape[-1]
        for stage in self.stages:
            for convolution in stage:
                convolution.build((None, None, None, channels))
                channels = convolution.filters

    def call(self, features):
        outputs = []
        for number, stage in enumerate(self.stages):
            features = self.pool(features) if number else features
            outputs.append([])
            for convolution in stage:
                features = convolution(features)
                outputs[-1].append(features)
        return outputs

    def get_config(self):
        return {**super().get_config(), "widths": self.widths}


def load_vgg16(trunk: VGG16Trunk, path: str):
    """Puts weights of `keras.applications.VGG16(include_top=False)` into a trunk of the published widths.

    Args:
        trunk: built for three channels. Its first convolution then takes RGB where Keras' takes BGR.
        path: of a file that Keras' own network can load.

    Raises:
        UserError: the file does not fit, or the trunk has other widths.
    """
    if trunk.widths != WIDTHS:
        raise UserError(
            f"model.trunk_weights: fits the widths {list(WIDTHS)} only, found {list(trunk.widths)}. Fix: --set "
            "model.widths=null"
        )
    weights = loaded(keras.applications.VGG16, path).get_weights()
    weights[0] = weights[0][:, :, ::-1]
    trunk.set_weights(weights)


def require_file(path: str):
    """Refuses a weights file that is not there, before anything is written or built."""
    if not Path(path).is_file():
        raise UserError(
            f"model.trunk_weights {path}: no such file. Fix: name a weights file (no top) of keras.applications"
        )


def loaded(application, path: str, channels: int = 3):
    """A network of `keras.applications` without its classifier, with the weights of a file.

    Raises:
        UserError: the file is missing, or is not of this network.
    """
    require_file(path)
    network = application(include_top=False, weights=None, input_shape=(None, None, channels))
    try:
        network.load_weights(path)
    except Exception as error:  # h5py and Keras raise many kinds
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"model.trunk_weights {path}: does not fit keras.applications.{application.__name__}(include_top=False) "
            f"({first_line[:120]}). Fix: the `notop` file of this network"
        ) from None
    return network
