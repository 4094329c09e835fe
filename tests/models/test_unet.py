"""The plain UNet: the original's number of parameters, and encodings."""

import itertools

import numpy as np
import pytest

from semicurv_tf.models import UNet


def parameters(network, channels):
    network.build((None, None, None, channels))
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def counted(widths, channels, encoding_channels=0):
    """Ronneberger et al. 2015, Fig. 1, counted from the figure: kernels and biases, level by level."""
    convolution = lambda size, before, after: size * size * before * after + after
    total, before = 0, channels
    for level, width in enumerate(widths):
        extra = encoding_channels if level < len(widths) - 1 else 0
        total += convolution(3, before + extra, width) + convolution(3, width, width)
        before = width
    for above, below in itertools.pairwise(widths):
        total += convolution(2, below, above) + convolution(3, 2 * above, above) + convolution(3, above, above)
    return total + convolution(1, widths[0], 1)


def test_the_original_has_thirty_one_million_parameters():
    assert parameters(UNet(widths=(64, 128, 256, 512, 1024)), 1) == 31_030_593 == counted((64, 128, 256, 512, 1024), 1)


@pytest.mark.parametrize(
    "encoding, extra, table", [("none", 0, 0), ("sinusoid", 2, 0), ("learned", 2, 256), ("rotary", 0, 0)]
)
def test_parameters_with_the_paper_s_widths(encoding, extra, table):
    widths = (32, 64, 128, 256, 512)
    assert parameters(UNet(encoding=encoding), 3) == counted(widths, 3, extra) + table
