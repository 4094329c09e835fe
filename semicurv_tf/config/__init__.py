"""A run's configuration: frozen and validated. YAML and `--set a.b=c` in, resolved YAML out. No TensorFlow.

A section per file; that of a method is one of the classes of `semicurv_tf.methods.registry`. Where the paper (Xu et al.
2022) names a value, it is the default of the field; where short runs on a small machine need another one, the recipe
says so.
"""

from semicurv_tf.config.data import DataConfig
from semicurv_tf.config.load import (
    load_config,
    load_shared_config,
    load_stored_config,
    parse_setting,
    stored_config,
)
from semicurv_tf.config.method import MethodConfig
from semicurv_tf.config.model import ModelConfig
from semicurv_tf.config.training import TrainingConfig
from semicurv_tf.config.views import ViewsConfig
from semicurv_tf.config.whole import Config, choices, differences, dump_config

__all__ = [
    "Config",
    "DataConfig",
    "MethodConfig",
    "ModelConfig",
    "TrainingConfig",
    "ViewsConfig",
    "choices",
    "differences",
    "dump_config",
    "load_config",
    "load_shared_config",
    "load_stored_config",
    "parse_setting",
    "stored_config",
]
