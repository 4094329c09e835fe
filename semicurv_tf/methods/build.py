"""From the configuration to a learner with its student and teacher."""

from semicurv_tf.config import Config
from semicurv_tf.methods.learner import Learner
from semicurv_tf.models import build_network, load_trunk_weights


def build_method(config: Config, channels: int, mean, standard_deviation, steps: int, dtype="float32") -> Learner:
    """A learner ready to be compiled.

    Args:
        config: the whole configuration.
        channels: of the images.
        mean, standard_deviation: per channel, of the training images, raw 0-255.
        steps: length of the run; the ramp is a share of it.
        dtype: policy of the networks, "float32" or "mixed_bfloat16".

    Returns:
        A `keras.Model` whose `call` is the network to deploy.
    """
    network = lambda: build_network(config.model, channels, mean, standard_deviation, dtype, config.training.seed)
    student = network()
    load_trunk_weights(student, config.model)
    method = config.method.model_copy(update={"start_share": config.start_share})
    teacher = network() if method.needs_teacher else None
    return Learner(student, teacher, method, config.views, config.training, steps)
