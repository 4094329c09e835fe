"""The section `training`: the run."""

from typing import Annotated, ClassVar, Literal

import pydantic
from pydantic import Field

from semicurv_tf.section import Positive, Section


class TrainingConfig(Section):
    """The run: length, optimizer, precision, what is kept."""

    section: ClassVar[str] = "training"

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    epochs: Annotated[int, Field(ge=1)] = Field(1000, description="one epoch cycles the labelled images once")
    steps: Annotated[int, Field(ge=1)] | None = Field(None, description="length in steps; wins over epochs")
    batch_labelled: Annotated[int, Field(ge=1)] = 4
    batch_unlabelled: Annotated[int, Field(ge=1)] = 4
    optimizer: Literal["adam", "sgd"] = Field("adam", description="the paper says sgd, the authors' code runs adam")
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "halving", "cosine"] = Field(
        "halving", description="halving: by half at half the run"
    )
    restart: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.0, description="share of the run after which `cosine` restarts; 0: never"
    )
    sgd_momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    gradient_clip: Positive | None = Field(0.1, description="each gradient value is cut to +- this")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    devices: Annotated[int, Field(ge=1)] = Field(
        1, description="GPUs of this machine that share a step, or parts of its processor"
    )
    wait_minutes: Positive = Field(30.0, description="several workers: how long they wait for each other at the start")
    checkpoint_every: Annotated[int, Field(ge=1)] = Field(200, description="steps")
    checkpoints_kept: Annotated[int, Field(ge=1)] = 2
    monitor: Literal["auto", "labelled", "validation", "hidden"] = Field(
        "auto",
        description="images whose IoU is monitored: validation images, else the labelled ones; `hidden`: the masks of "
        "the unlabelled training images, for development only",
    )
    monitor_every: Annotated[int, Field(ge=1)] = Field(100, description="steps")
    monitor_images: Annotated[int, Field(ge=1)] = Field(
        32, description="at most this many, so that monitoring costs little"
    )
    keep: Literal["last", "best"] = Field(
        "last",
        description="the network to deploy: of the last step; or, where the dataset has validation images, the one "
        "best on them, the start included, if the last is worse by more than chance",
    )
    pictures_every: Annotated[int, Field(ge=0)] = Field(
        500, description="steps between pictures in TensorBoard; 0: none"
    )

    @pydantic.model_validator(mode="after")
    def _only_a_cosine_restarts(self):
        if self.restart and self.schedule != "cosine":
            raise ValueError(
                f"training.restart: expected 0 with training.schedule={self.schedule}, found {self.restart:g}. "
                "Fix: --set training.schedule=cosine"
            )
        return self

    def idle(self):
        """See `Section`."""
        return {} if self.optimizer == "sgd" else {"sgd_momentum": "training.optimizer=sgd"}
