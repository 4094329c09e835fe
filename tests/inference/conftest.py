import numpy as np
import pytest

from semicurv_tf.inference.predictor import Predictor


@pytest.fixture
def red_predictor() -> Predictor:
    """Probability = red channel / 255, computed at any size: every mask can be worked out by hand."""
    return Predictor(lambda image: (image[..., :1] / 255).astype(np.float32), channels=3)
