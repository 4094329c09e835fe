"""What methods have in common: groups of keys from which `registry` makes each method's section. No TensorFlow.

| group                 | for methods that                                          |
|-----------------------|-----------------------------------------------------------|
| `MethodSettings`      | learn from labelled images: all                           |
| `AveragedSettings`    | have no teacher, but may deploy an average of the weights |
| `UnlabelledSettings`  | learn from unlabelled images too                          |
| `TeacherSettings`     | compare the student with a teacher                        |
| `TeacherViewSettings` | let one choose what the teacher sees                      |
| `PixelLossSettings`   | compare with the teacher pixel by pixel                   |

Where the paper (Xu et al. 2022) names a value, it is the default of the field.
"""

from typing import Annotated, ClassVar, Literal

import pydantic
from pydantic import Field

from semicurv_tf.section import Fraction, Section

# What a pass of an image through the network costs, in passes forward; with its gradient it costs three.
FORWARD, LEARN = 1, 3

StartShare = Annotated[
    float,
    Field(
        ge=0.0,
        lt=1.0,
        description="share of the weights of `model.start` in the moving average, so that a few labels do not make it "
        "forget what the start knows; nothing of random weights stays",
    ),
]

# The kinds of `semicurv_tf.drawing`, which stands above what knows no NumPy.
DrawnKind = Literal[
    "cracks", "crack_nets", "hairlines", "wide_cracks", "vessels", "membranes", "roads", "fibres", "rivers", "scratches"
]


def _names_by_comma(names):
    return tuple(name.strip() for name in names.split(",") if name.strip()) if isinstance(names, str) else names


DrawnKinds = Annotated[tuple[DrawnKind, ...], pydantic.BeforeValidator(_names_by_comma)]


def _loss_of_earlier_versions(name):
    return "wbce" if name == "cross_entropy" else name


class MethodSettings(Section):
    """How to learn from labelled images (Xu et al. 2022, Sect. III-B to III-G); and what else a method says of itself.

    Attributes:
        title: as the paper's Table III calls the method; None: it is not there.
        term: what it learns from unlabelled images, "module:Class" of an `UnlabelledTerm`; None: nothing.
        losses: what the term reports as losses, and how the progress calls them.
    """

    section: ClassVar[str] = "method"
    title: ClassVar[str | None] = None
    term: ClassVar[str | None] = None
    losses: ClassVar[dict[str, str]] = {}

    name: str
    supervised_loss: Annotated[Literal["dice", "wbce"], pydantic.BeforeValidator(_loss_of_earlier_versions)] = Field(
        "dice", description="Eq. 10, or cross-entropy weighted by inverse class frequency (Table V)"
    )
    dice_over: Literal["image", "batch"] = Field(
        "image", description="one Dice per image, averaged; or one for the batch"
    )
    side_weight: Annotated[float, Field(ge=0.0)] = Field(
        1.0, description="`hed` and `fphbn`: of the side outputs' supervised losses, added up"
    )
    loss_pose: Literal["original", "view"] = Field(
        "original", description="where the supervised loss is taken: after the inverse warp (Eq. 10), or in the view"
    )
    unlabelled_from: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.0, description="share of the run that learns from the labelled images alone; the ramp begins there"
    )
    transplants: Fraction = Field(
        0.0,
        description="share of the labelled images whose structures are laid over an unlabelled image, so that they are "
        "learned in its texture and light",
    )

    @property
    def needs_teacher(self) -> bool:
        """Whether a moving average of the student's weights is kept, which one then deploys."""
        return False

    @property
    def averages_statistics(self) -> bool:
        """Whether the moving statistics of batch normalisation are averaged with the weights."""
        return True

    @property
    def reads_unlabelled(self) -> bool:
        """Whether unlabelled images are read at all: to learn from, or to lay transplants over."""
        return self.term is not None or self.transplants > 0

    @property
    def needs_labels(self) -> bool:
        """Whether there is nothing to learn without a labelled image."""
        return self.term is None

    @property
    def passes(self) -> int:
        """What a step costs per unlabelled image, in passes forward."""
        return 0

    def idle(self):
        """See `Section`."""
        idle = {} if self.supervised_loss == "dice" else {"dice_over": "method.supervised_loss=dice"}
        return idle if self.reads_unlabelled else {**idle, "unlabelled_from": "method.transplants=0.5"}


class AveragedSettings(MethodSettings):
    """Without a teacher: whether the moving average of the weights is deployed."""

    average_weights: bool = Field(False, description="deploy the moving average of the weights")
    ema_alpha: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(0.999, description="of the moving average")
    start_share: StartShare = 0.0

    @property
    def needs_teacher(self) -> bool:
        """Where the average is deployed."""
        return self.average_weights

    def idle(self):
        """See `Section`."""
        unused = (
            {} if self.average_weights else dict.fromkeys(("ema_alpha", "start_share"), "method.average_weights=true")
        )
        return super().idle() | unused


class UnlabelledSettings(MethodSettings):
    """What all that learn from unlabelled images have: the weight of their losses, and batch normalisation."""

    consistency_weight: Annotated[float, Field(ge=0.0)] = Field(1.0, description="gamma once the ramp is up")
    rampup: Fraction = Field(0.5, description="share of the run over which gamma rises: 500 of 1000 epochs")
    batch_statistics: Literal["joint", "separate", "moving"] = Field(
        "joint",
        description="the student's batch normalisation in training: over labelled and unlabelled images together, over "
        "each, or over the labelled ones, whose moving averages then serve the unlabelled ones, as once deployed",
    )

    @property
    def passes(self) -> int:
        """The student's pass."""
        return LEARN


class TeacherSettings(UnlabelledSettings):
    """The teacher: a moving average of the student whose predictions are its targets."""

    ema_alpha: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(0.999, description="of the moving average")
    start_share: StartShare = 0.0
    teacher_statistics: Literal["averaged", "batch"] = Field(
        "averaged",
        description="the teacher's batch normalisation: averages of the student's statistics, or its own batch (the "
        "authors' code)",
    )
    teacher_orientations: Annotated[int, Field(ge=1, le=8)] = Field(
        1, description="the teacher's predictions are averaged over this many of the eight flips and quarter turns"
    )
    teacher_scales: Annotated[tuple[Annotated[float, Field(ge=0.25, le=4.0)], ...], Field(min_length=1)] = Field(
        (1.0,),
        description="the teacher sees each image at these scales, whose predictions are blended by how sure each is",
    )
    align_foreground: bool = Field(
        False,
        description="the teacher's odds are scaled so that it finds, over the last steps, as much foreground in "
        "unlabelled images as the labelled masks have",
    )

    @property
    def needs_teacher(self) -> bool:
        """Always: the teacher gives the targets."""
        return True

    @property
    def averages_statistics(self) -> bool:
        """Unless the teacher normalises by its own batch."""
        return self.teacher_statistics == "averaged"

    @property
    def passes(self) -> int:
        """The student's pass, and the teacher's."""
        pixels = sum(scale**2 for scale in self.teacher_scales)
        return LEARN + round(FORWARD * self.teacher_orientations * pixels)


class TeacherViewSettings(TeacherSettings):
    """A teacher that sees what one chooses."""

    teacher_view: Literal["random", "plain", "orientation"] = Field(
        "random",
        description="what the teacher sees: a random view of its own (Fig. 2), the image as it is, or that in one of "
        "the eight flips and quarter turns, drawn each step",
    )

    @pydantic.model_validator(mode="after")
    def _an_orientation_leaves_the_statistics_alone(self):
        # In training mode several devices would exchange statistics in a branch of the graph, which they cannot.
        if self.teacher_view == "orientation" and self.teacher_statistics == "batch":
            raise ValueError(
                "method.teacher_view: expected random or plain with method.teacher_statistics=batch, found "
                "orientation. Fix: --set method.teacher_statistics=averaged"
            )
        return self


class PixelLossSettings(TeacherViewSettings):
    """A teacher with whom the student is compared pixel by pixel."""

    pixel_loss: Literal["mse", "cross_entropy"] = Field(
        "mse", description="how the student's probabilities are compared with the teacher's"
    )
