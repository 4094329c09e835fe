"""Puts weights into a network that is about to be trained: other channels, any encoding, the same widths."""

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.section import set_option
from semicurv_tf.weights.brightness import standardised_weights
from semicurv_tf.weights.builtin import Weights, read_weights


def load_start(network, name_or_path, colours: bool = False) -> Weights:
    """Every weight of a network gets its value from a file; only a learned encoding's own stay at random.

    - Channels: at first the network sees their brightness (`shown_brightness`), as the kernels of the file's three
      channels, added up, do where all three show the same. What a colour tells is learned from the labels.
    - An encoding's channels begin at zero: at first the network answers as one without encoding. "rotary" adds no
      channel; it turns the features themselves, and the start fits it less.

    Args:
        network: a built `ResidualUNet`.
        name_or_path: as for `read_weights`.
        colours: keep what each kernel makes of red, green and blue; for three channels, where pre-training goes on.

    Returns:
        The weights and their card.

    Raises:
        UserError: another kind of network, other widths, or what `read_weights` says.
    """
    if not isinstance(network, ResidualUNet):
        raise UserError(
            f"model.start: expected a residual_unet, found {type(network).__name__}. Fix: --set model.start=none"
        )
    weights = read_weights(name_or_path)
    if tuple(network.widths) != weights.widths:
        text = lambda widths: f"[{','.join(map(str, widths))}]"
        raise UserError(
            f"model.start: {weights.path.name} is for model.widths {text(weights.widths)}, "
            f"found {text(network.widths)}. "
            f"Fix: {set_option('model.widths', weights.widths)}, or --set model.start=none"
        )
    # A learned encoding has weights of its own, which no file without encoding has.
    encoding = {id(variable) for variable in network.encode.weights}
    variables = [variable for variable in network.weights if id(variable) not in encoding]
    if len(variables) != len(weights.arrays):
        raise UserError(
            f"{weights.path}: expected {len(variables)} arrays, found {len(weights.arrays)}. "
            "Fix: --set model.start=none"
        )
    channels = max(network.channels, len(network.standardize.mean))
    seen = None if colours else standardised_weights(network.standardize.standard_deviation, channels)
    first = {id(network.encoder[0].first.kernel), id(network.encoder[0].shortcut.kernel)}
    fitted = []
    for array, variable in zip(weights.arrays, variables):
        fitted.append(_fitted(array, variable.shape, seen if id(variable) in first else None, weights))
    for variable, array in zip(variables, fitted):
        variable.assign(array)
    return weights


def built_in_network(mean, standard_deviation):
    """The network of the weights "curves" for images of these statistics, `(channels,)` each, raw 0-255."""
    widths = read_weights("curves").widths
    network = ResidualUNet(widths=widths, encoding="none", mean=mean, standard_deviation=standard_deviation)
    network.build((None, None, None, len(mean)))
    load_start(network, "curves")
    return network


def _fitted(array, shape, seen, weights):
    """The array in another shape: a kernel's input channels are the image's or the features', then the encoding's.

    `seen`: the share of each of the image's channels in what the kernels see; None: as in the array.
    """
    if seen is not None:
        array = array.sum(axis=2, keepdims=True) * seen[:, None]
    if array.ndim == 4 and array.shape[2] < shape[2]:
        array = np.concatenate([array, np.zeros((*array.shape[:2], shape[2] - array.shape[2], array.shape[3]))], axis=2)
    if array.shape != tuple(shape):
        raise UserError(
            f"{weights.path}: expected an array of shape {tuple(shape)}, found {array.shape}. "
            "Fix: --set model.start=none"
        )
    return array.astype(np.float32)
