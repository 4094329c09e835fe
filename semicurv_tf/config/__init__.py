"""A run's configuration: frozen and validated. YAML and `--set a.b=c` in, resolved YAML out. No TensorFlow.

A section per file; that of a method is one of the classes of `semicurv_tf.methods.registry`. Where the paper (Xu et al.
2022) names a value, it is the default of the field; where short runs on a small machine need another one, the recipe
says so. What is listed here loads when used, so that `--help` can read the list of networks without pydantic.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_MODULES = {
    "Config": "whole",
    "DataConfig": "data",
    "MethodConfig": "method",
    "ModelConfig": "model",
    "TrainingConfig": "training",
    "ViewsConfig": "views",
    "choices": "whole",
    "differences": "whole",
    "dump_config": "whole",
    "load_config": "load",
    "load_shared_config": "load",
    "load_stored_config": "load",
    "parse_setting": "load",
    "stored_config": "load",
}

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


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
