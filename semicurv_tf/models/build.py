"""From the configuration's `model` section to a network with weights."""

from semicurv_tf.config import ModelConfig
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.models.unet import UNet

NETWORKS = {"residual_unet": ResidualUNet, "unet": UNet}


def build_network(config: ModelConfig, channels: int, mean, standard_deviation, dtype="float32", seed=0):
    """A network with fresh weights.

    Args:
        config: the `model` section.
        channels: of the images it takes.
        mean, standard_deviation: per channel, of the training images, raw 0-255.
        dtype: "float32", or "mixed_bfloat16" for float32 weights with bfloat16 features.
        seed: of the initial weights.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)`, raw 0-255, to float32 logits
        `(batch, height, width, 1)`.
    """
    import keras

    # The initializers draw from Keras' global seed; nothing else in this project does.
    keras.utils.set_random_seed(seed)
    network = NETWORKS[config.name](mean=mean, standard_deviation=standard_deviation, dtype=dtype, **_settings(config))
    network.build((None, None, None, channels))
    return network


def _settings(config: ModelConfig) -> dict:
    """The constructor's arguments of the configured network."""
    settings = {"widths": config.widths, "encoding": config.encoding, "encoding_period": config.encoding_period}
    if config.name == "residual_unet":
        settings["momentum"] = config.batch_norm_momentum
    return settings
