"""The only list of methods: the settings of each, and which term it adds to supervised learning. No TensorFlow.

It feeds the configuration (`method.name` tells the classes apart), `--help`, the progress, the forecast and the tables.
A new method is a class here, a name in `names`, a file with its term, a test and a row in docs/systems.md.
"""

import importlib
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from semicurv_tf.methods.names import METHOD_NAMES
from semicurv_tf.methods.settings import (
    FORWARD,
    LEARN,
    AveragedSettings,
    DrawnKinds,
    MethodSettings,
    PixelLossSettings,
    TeacherSettings,
    TeacherViewSettings,
    UnlabelledSettings,
)
from semicurv_tf.section import Fraction, Positive


class SupervisedSettings(AveragedSettings):
    """The labelled images alone: the baseline."""

    title: ClassVar[str | None] = "UNet (residual)"
    name: Literal["supervised"] = "supervised"


class CutMixSettings(PixelLossSettings):
    """French et al. 2020."""

    title: ClassVar[str | None] = "CutMix"
    term: ClassVar[str | None] = "semicurv_tf.methods.cutmix:CutMix"
    losses: ClassVar[dict[str, str]] = {"cutmix": "cutmix"}
    name: Literal["cutmix"] = "cutmix"
    cutmix_area: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(0.5, description="a box's share of the image")


class VATSettings(UnlabelledSettings, AveragedSettings):
    """Miyato et al. 2018."""

    title: ClassVar[str | None] = "VAT"
    term: ClassVar[str | None] = "semicurv_tf.methods.vat:VAT"
    losses: ClassVar[dict[str, str]] = {"divergence": "divergence", "entropy": "entropy"}
    name: Literal["vat"] = "vat"
    vat_size: Positive = Field(11.5, description="root mean square of the adversarial change, raw units of 0-255")
    vat_iterations: Annotated[int, Field(ge=1)] = Field(1, description="power iterations")
    entropy_weight: Annotated[float, Field(ge=0.0)] = Field(
        1.0, description="of the entropy of predictions, relative to the consistency weight"
    )

    @property
    def passes(self) -> int:
        """The student's pass, and those that look for the direction; the pass of the changed view is not counted."""
        return LEARN + FORWARD + LEARN * self.vat_iterations


class TCSMSettings(TeacherSettings):
    """Li et al. 2020; its teacher sees the image as it is."""

    title: ClassVar[str | None] = "TCSM"
    term: ClassVar[str | None] = "semicurv_tf.methods.tcsm:TCSM"
    losses: ClassVar[dict[str, str]] = {"mse": "mse"}
    name: Literal["tcsm"] = "tcsm"
    tcsm_scale: Annotated[float, Field(ge=1.0, le=4.0)] = Field(
        1.2, description="log-uniform scaling in [1/this, this] beside quarter turns and flips"
    )


class MeanTeacherSettings(PixelLossSettings):
    """Tarvainen & Valpola 2017; with `pixel_loss: cross_entropy` soft pseudo-labels."""

    title: ClassVar[str | None] = "Mean teacher"
    term: ClassVar[str | None] = "semicurv_tf.methods.mean_teacher:MeanTeacher"
    losses: ClassVar[dict[str, str]] = {"mse": "mse", "cross_entropy": "cross-entropy"}
    name: Literal["mean_teacher"] = "mean_teacher"


class CGANSettings(UnlabelledSettings, AveragedSettings):
    """Hung et al. 2018."""

    title: ClassVar[str | None] = "cGAN"
    term: ClassVar[str | None] = "semicurv_tf.methods.cgan:CGAN"
    losses: ClassVar[dict[str, str]] = {
        "adversarial": "adv",
        "adversarial_unlabelled": "adv unlabelled",
        "self_taught": "self-taught",
        "discriminator": "discriminator",
    }
    name: Literal["cgan"] = "cgan"
    adversarial_weight: Annotated[float, Field(ge=0.0)] = Field(0.01, description="on labelled images")
    adversarial_weight_unlabelled: Annotated[float, Field(ge=0.0)] = Field(0.001, description="on unlabelled images")
    self_taught_weight: Annotated[float, Field(ge=0.0)] = Field(0.1, description="of the masked self-taught loss")
    self_taught_confidence: Fraction = Field(
        0.2, description="pixels that the discriminator holds real with more than this count"
    )
    discriminator_learning_rate: Positive = 1e-4

    @property
    def needs_labels(self) -> bool:
        """Always: its discriminator learns what masks look like."""
        return True


class SemiCurvSettings(TeacherViewSettings):
    """Xu et al. 2022."""

    title: ClassVar[str | None] = "SemiCurv"
    term: ClassVar[str | None] = "semicurv_tf.methods.semicurv:SemiCurv"
    losses: ClassVar[dict[str, str]] = {"npair": "npair"}
    name: Literal["semicurv"] = "semicurv"
    similarity: Literal["cosine", "l2"] = Field("cosine", description="of the N-pair loss: Eq. 6 or Eq. 11")
    temperature: Positive = Field(0.1, description="tau of Eq. 5; not in the paper, 0.1 in the authors' code")


class PseudoLabelSettings(TeacherViewSettings):
    """Lee 2013; Sohn et al. 2020."""

    term: ClassVar[str | None] = "semicurv_tf.methods.pseudo_label:PseudoLabel"
    losses: ClassVar[dict[str, str]] = {"pseudo_label": "pseudo-label"}
    name: Literal["pseudo_label"] = "pseudo_label"
    confidence: Fraction = Field(0.0, description="pixels whose probability p has |2p - 1| below this do not count")


class DrawnCurvesSettings(TeacherViewSettings):
    """After Shi et al. 2023, FreeCOS."""

    term: ClassVar[str | None] = "semicurv_tf.methods.drawn_curves:DrawnCurves"
    losses: ClassVar[dict[str, str]] = {"drawn": "drawn"}
    name: Literal["drawn_curves"] = "drawn_curves"
    drawn_kinds: DrawnKinds = Field(
        (), description="kinds of structures that are drawn; none: all, in the shares used for pre-training"
    )


_SETTINGS = {
    settings.model_fields["name"].default: settings
    for settings in (
        SupervisedSettings,
        CutMixSettings,
        VATSettings,
        TCSMSettings,
        MeanTeacherSettings,
        CGANSettings,
        SemiCurvSettings,
        PseudoLabelSettings,
        DrawnCurvesSettings,
    )
}

# Name -> settings.
METHODS: dict[str, type[MethodSettings]] = {name: _SETTINGS[name] for name in METHOD_NAMES}

DEFAULT = SemiCurvSettings()

# Of what every method reports, and of the terms: how the progress calls a loss, in the order in which it is shown.
LOSS_LABELS = {"loss": "loss", "dice": "dice", "wbce": "wbce", "sides": "sides"} | {
    loss: label for settings in METHODS.values() for loss, label in settings.losses.items()
}


def methods_with(key: str) -> list[str]:
    """Names of the methods that have a key in their section."""
    return [name for name, settings in METHODS.items() if key in settings.model_fields]


def term_class(settings: MethodSettings):
    """The class of a method's `UnlabelledTerm`, or None: it has none. Loads TensorFlow."""
    if settings.term is None:
        return None
    module, name = settings.term.split(":")
    return getattr(importlib.import_module(module), name)
