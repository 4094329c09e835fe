"""The whole configuration: everything that decides a run's result, and two of them compared."""

from typing import Any, get_args

import pydantic
import yaml

from semicurv_tf.config.data import DataConfig
from semicurv_tf.config.method import DEFAULT, METHODS, MethodConfig
from semicurv_tf.config.model import ModelConfig
from semicurv_tf.config.networks import NETWORKS
from semicurv_tf.config.training import TrainingConfig
from semicurv_tf.config.views import ViewsConfig
from semicurv_tf.section import Section, as_yaml, idle_setting


class Config(pydantic.BaseModel):
    """Everything that decides a run's result; frozen."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    method: MethodConfig = DEFAULT
    views: ViewsConfig = ViewsConfig()
    training: TrainingConfig = TrainingConfig()

    @property
    def start_share(self) -> float:
        """The share of the start that stays in the network: `method.start_share`, 0 where the weights begin at random.

        A recipe that keeps one can thus be taken with `model.start=none`.
        """
        return 0.0 if self.model.start == "none" else getattr(self.method, "start_share", 0.0)

    @pydantic.model_validator(mode="after")
    def _side_outputs_have_a_weight(self):
        value, default = self.method.side_weight, type(self.method).model_fields["side_weight"].default
        if value != default and not NETWORKS[self.model.name].side_outputs:
            raise idle_setting("method", "side_weight", value, default, "model.name=hed")
        return self

    @pydantic.model_validator(mode="after")
    def _something_to_learn_from(self):
        if self.data.labels != 0:
            return self
        if self.method.needs_labels:
            raise ValueError(
                f"data.labels (--labels): {self.method.name} needs labelled images, found 0. "
                "Fix: --labels 3, or --method mean_teacher"
            )
        if self.model.start == "none":
            raise ValueError(
                "model.start: expected weights to begin with where no image is labelled, found none. "
                "Fix: --set model.start=curves --set model.widths=[16,32,64,128,256]"
            )
        for key, without in {"transplants": 0.0, "align_foreground": False, "unlabelled_from": 0.0}.items():
            value = getattr(self.method, key, without)
            if value != without:
                raise ValueError(
                    f"method.{key}: expected {as_yaml(without)} where no image is labelled, found {as_yaml(value)}. "
                    f"Fix: --set method.{key}={as_yaml(without)}"
                )
        return self


SECTIONS: dict[str, type[Section] | None] = {
    "data": DataConfig,
    "model": ModelConfig,
    "method": None,  # by its name
    "views": ViewsConfig,
    "training": TrainingConfig,
}


def section_class(section: str, values: Any = None) -> type[Section] | None:
    """The class of a section; of `method` that which its values name, the default where there is none such."""
    if section != "method":
        return SECTIONS.get(section)
    name = values.get("name", DEFAULT.name) if isinstance(values, dict) else DEFAULT.name
    return METHODS.get(name if isinstance(name, str) else "", type(DEFAULT))


def choices(section: str, key: str) -> tuple[str, ...]:
    """The values that a key of names can have, e.g. `choices("method", "name")`."""
    if key == "name":
        return tuple(METHODS if section == "method" else NETWORKS)
    settings = section_class(section)
    if settings is None:
        raise ValueError(f"Expected a section of {list(SECTIONS)}. Received: section={section!r}")
    annotation = settings.model_fields[key].annotation
    return tuple(
        value for part in (annotation, *get_args(annotation)) for value in get_args(part) if isinstance(value, str)
    )


def dump_config(config: Config) -> str:
    """The resolved configuration as YAML, every default spelled out."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def differences(old: Config, new: Config) -> list[str]:
    """Dotted keys whose values differ, as lines `key: old value -> new value`.

    Where the two have different methods, a key that only one of them has differs where its value is not its default.
    """
    lines = []
    for section in SECTIONS:
        before, after = getattr(old, section), getattr(new, section)
        old_values, new_values = before.model_dump(), after.model_dump()
        for key in {**new_values, **old_values}:
            default = type(after if key in new_values else before).model_fields[key].default
            if old_values.get(key, default) != new_values.get(key, default):
                shown = [values.get(key, "absent") for values in (old_values, new_values)]
                lines.append(f"{section}.{key}: {shown[0]} -> {shown[1]}")
    return lines
