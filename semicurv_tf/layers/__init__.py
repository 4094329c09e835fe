"""Layers that the networks are built from."""

from semicurv_tf.layers.batch_normalization import FusedBatchNormalization
from semicurv_tf.layers.bilinear_upsampling import BilinearUpsampling
from semicurv_tf.layers.convolution_unit import ConvolutionUnit
from semicurv_tf.layers.coord_encoding import CoordEncoding
from semicurv_tf.layers.residual_block import ResidualBlock
from semicurv_tf.layers.standardization import Standardization

__all__ = [
    "BilinearUpsampling",
    "ConvolutionUnit",
    "CoordEncoding",
    "FusedBatchNormalization",
    "ResidualBlock",
    "Standardization",
]
