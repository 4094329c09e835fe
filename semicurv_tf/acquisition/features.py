"""What an image looks like to a network: its deepest feature map, averaged over the image."""

from collections.abc import Callable

import numpy as np

from semicurv_tf.pictures.rgb import reduced

# Likeness needs no detail, and an encoder is dear on large images.
LONGEST_SIDE_PX = 512
_PROBE_PX = 64


def pooled_features(network, channels: int) -> Callable[[np.ndarray], np.ndarray]:
    """What maps an image to its features, whatever the architecture.

    The layer taken is, of those that the network calls directly, the one with the coarsest map; of several, the
    last: the bottleneck of a UNet.

    Args:
        network: a `keras.Model` from raw images to logits.
        channels: of the images.

    Returns:
        A function of uint8 `(height, width, channels)` to float32 `(features,)` of length 1; images with a side over
        512 px, as the network sees them, are reduced to that.
    """
    import tensorflow as tf

    deepest = _deepest_layer(network, channels)

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, channels), tf.uint8)], autograph=False)
    def features(image):
        with _recorded([deepest]) as maps:
            network(tf.cast(image, tf.float32), training=False)
        return tf.math.l2_normalize(tf.reduce_mean(tf.cast(maps[-1][1], tf.float32), axis=(1, 2))[0])

    longest = LONGEST_SIDE_PX * getattr(network, "times_smaller", 1)
    return lambda image: features(_reduced(image, longest)[None]).numpy()


def _deepest_layer(network, channels):
    import tensorflow as tf

    with _recorded(network.layers) as maps:
        network(tf.zeros((1, _PROBE_PX, _PROBE_PX, channels)), training=False)
    areas = [features.shape[1] * features.shape[2] for _, features in maps]
    smallest = min(areas)
    return [layer for (layer, _), area in zip(maps, areas) if area == smallest][-1]


class _recorded:
    """While open, keeps (layer, output) of every call of these layers whose output is a map."""

    def __init__(self, layers):
        self._layers = layers

    def __enter__(self):
        self._maps = []
        for layer in self._layers:
            layer.call = self._recording(layer, layer.call)
        return self._maps

    def __exit__(self, *error):
        for layer in self._layers:
            del layer.call  # the class' own again

    def _recording(self, layer, call):
        def recording(*arguments, **options):
            output = call(*arguments, **options)
            if getattr(output, "shape", None) is not None and len(output.shape) == 4:
                self._maps.append((layer, output))
            return output

        return recording


def _reduced(image: np.ndarray, longest: int) -> np.ndarray:
    grey = image.shape[-1] == 1
    smaller = reduced(image[..., 0] if grey else image, longest)
    return smaller[..., None] if grey else smaller
