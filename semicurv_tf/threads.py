"""TensorFlow's threads in commands that predict: to be asked for before TensorFlow loads."""

import os
import sys

SWITCH = "TF_NUM_INTEROP_THREADS"  # TensorFlow's own: how many operations run at once


def one_layer_at_a_time():
    """Each convolution on all cores, one after the other, unless the user's environment says otherwise.

    By itself TensorFlow runs the two branches of a residual block at once, and each of them wants all cores: masks take
    up to 8 % longer (results/speed/aims.md). A step of training, whose many small operations gain by running side by
    side, takes up to a quarter longer this way. A TensorFlow that is loaded already is left alone.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault(SWITCH, "1")
