"""From the configuration to a method with its student and teacher."""

from semicurv_tf.config import Config
from semicurv_tf.methods.cgan import CGAN
from semicurv_tf.methods.consistency import MeanTeacher, SemiCurv
from semicurv_tf.methods.cutmix import CutMix
from semicurv_tf.methods.pseudo_label import PseudoLabel
from semicurv_tf.methods.supervised import Supervised
from semicurv_tf.methods.tcsm import TCSM
from semicurv_tf.methods.vat import VAT
from semicurv_tf.models import build_network, load_trunk_weights

METHODS = {
    "supervised": Supervised,
    "mean_teacher": MeanTeacher,
    "semicurv": SemiCurv,
    "pseudo_label": PseudoLabel,
    "cutmix": CutMix,
    "tcsm": TCSM,
    "vat": VAT,
    "cgan": CGAN,
}


def build_method(config: Config, channels: int, mean, standard_deviation, steps: int, dtype="float32"):
    """A method ready to be compiled.

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
    kind = METHODS[config.method.name]
    student = network()
    load_trunk_weights(student, config.model)
    teacher = network() if kind.needs_teacher(config.method) else None
    return kind(student, teacher, config.method, config.views, config.training, steps)
