"""From the configuration's `model` section to a network with weights."""

from semicurv_tf.config import ModelConfig
from semicurv_tf.config.networks import NETWORKS

# The pixels that weights of `keras.applications` were trained for, as mean and standard deviation of R, G and B.
_IMAGENET = ([123.68, 116.779, 103.939], [1.0, 1.0, 1.0])
_MINUS_ONE_TO_ONE = ([127.5] * 3, [127.5] * 3)

# Keys of the section that the networks' constructors call otherwise.
_PARAMETERS = {"batch_norm_momentum": "momentum"}


def build_network(
    config: ModelConfig, channels: int, mean, standard_deviation, dtype="float32", seed=0, times_smaller=1
):
    """A network with fresh weights; see `load_trunk_weights` for those of a file.

    Args:
        config: the `model` section.
        channels: of the images it takes.
        mean, standard_deviation: per channel, of the training images, raw 0-255; of no use where trunk weights come
            from a file, which were trained for others.
        dtype: "float32", or "mixed_bfloat16" for float32 weights with bfloat16 features.
        seed: of the initial weights.
        times_smaller: see `SegmentationNetwork`; of a network that is deployed, `data.times_smaller`.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)`, raw 0-255, to float32 logits
        `(batch, height, width, 1)`.
    """
    import keras

    if config.trunk_weights is not None:
        mean, standard_deviation = _MINUS_ONE_TO_ONE if config.trunk == "xception" else _IMAGENET
    # The initializers draw from Keras' global seed; nothing else in this project does.
    keras.utils.set_random_seed(seed)
    chosen = NETWORKS[config.name]
    settings = {_PARAMETERS.get(key, key): getattr(config, key) for key in chosen.arguments}
    network = chosen.load()(
        mean=mean, standard_deviation=standard_deviation, times_smaller=times_smaller, dtype=dtype, **settings
    )
    network.build((None, None, None, channels))
    return network


def load_trunk_weights(network, config: ModelConfig):
    """Puts the weights of `model.trunk_weights`, where it is set, into a network of `build_network`.

    Raises:
        UserError: the file is missing or is not of this trunk.
    """
    if config.trunk_weights is not None:
        network.load_trunk(config.trunk_weights)
