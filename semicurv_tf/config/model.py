"""The section `model`: the network."""

from typing import Annotated, ClassVar, Literal

import pydantic
from pydantic import Field

from semicurv_tf.config.networks import DEFAULT, NETWORKS
from semicurv_tf.section import Positive, Section, idle_setting, set_option

ENCODINGS_WITH_PERIOD = ("sinusoid", "rotary")


def _known(name):
    if not isinstance(name, str) or name not in NETWORKS:
        raise ValueError(f"model.name: expected one of {', '.join(NETWORKS)}, found {name!r}. Fix: --model {DEFAULT}")
    return name


class ModelConfig(Section):
    """The network (Sect. III-G, IV-C and Fig. 5). Keys that are absent or null take the network's own defaults."""

    section: ClassVar[str] = "model"

    name: Annotated[str, pydantic.BeforeValidator(_known)] = DEFAULT
    widths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)] | None = Field(
        NETWORKS[DEFAULT].widths, description="channels of the levels"
    )
    encoding: Literal["none", "linear", "sinusoid", "learned", "rotary"] | None = NETWORKS[DEFAULT].encoding  # type: ignore[assignment]
    encoding_period: Positive = Field(4.0, description="K of Eq. 9")
    start: str = Field(
        "none",
        description="weights to begin with: none (random), curves (built in, taught by drawn curves), "
        "a file of them, or the folder of a run",
    )
    tta: Literal["none", "d4", "scales", "all"] = Field(
        "none",
        description="how predictions are averaged unless --tta says otherwise: over eight orientations (d4), three "
        "scales, or both (all); it changes nothing in the training",
    )
    trunk: Literal["resnet50", "xception"] | None = Field(None, description="`deeplab_v3_plus` only")
    trunk_weights: str | None = Field(
        None,
        description="`hed`, `fphbn` and `deeplab_v3_plus`: a weights file (no top) of the trunk in keras.applications",
    )
    batch_norm_momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.9, description="weight of the old statistics, as in Keras (the complement of PyTorch's momentum)"
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _own_defaults(cls, values):
        network = NETWORKS.get(_text(values.get("name", DEFAULT))) if isinstance(values, dict) else None
        if network is None:
            return values
        own = {key: getattr(network, key) for key in ("widths", "encoding", "trunk") if values.get(key) is None}
        return {**values, **own}

    @pydantic.model_validator(mode="after")
    def _only_what_the_network_has(self):
        network = NETWORKS[self.name]
        found = {
            "widths": (self.widths, network.widths),
            "encoding": (None if self.encoding == "none" else self.encoding, network.encoding),  # these have no other
            "trunk": (self.trunk, network.trunk),
            "trunk_weights": (self.trunk_weights, network.published_trunk or None),
        }
        for key, (value, has) in found.items():
            if value is not None and has is None:
                raise ValueError(
                    f"model.{key}: {self.name} has no such choice, found {value!r}. Fix: --set model.{key}=null"
                )
        # The folder of a run may hold any network; a file of weights is always of this one.
        if (self.start == "curves" or self.start.endswith(".npz")) and self.name != DEFAULT:
            raise ValueError(
                f"model.start: expected none with model.name={self.name}, found {self.start}. "
                f"Fix: --set model.start=none, or --model {DEFAULT}"
            )
        if network.stages is not None and len(self.widths) != network.stages:
            raise ValueError(
                f"model.widths: {self.name} has {network.stages} stages, found {len(self.widths)} widths. "
                f"Fix: {set_option('model.widths', network.widths)}"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _no_normalisation_no_momentum(self):
        value, default = self.batch_norm_momentum, type(self).model_fields["batch_norm_momentum"].default
        if "batch_norm_momentum" not in NETWORKS[self.name].arguments and value != default:
            raise idle_setting("model", "batch_norm_momentum", value, default, f"model.name={DEFAULT}")
        return self

    def idle(self):
        """See `Section`."""
        return {} if self.encoding in ENCODINGS_WITH_PERIOD else {"encoding_period": "model.encoding=sinusoid"}


def _text(name) -> str:
    return name if isinstance(name, str) else ""
