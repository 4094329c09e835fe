"""The section `data`: which images, and how many of them count as labelled."""

import contextlib
from typing import Annotated, ClassVar

import pydantic
from pydantic import Field

from semicurv_tf.home import at_home
from semicurv_tf.section import Section


def read_labels(value) -> int | float:
    """How many training images are labelled: a whole number is a count, one with a point a fraction; `all` is 1.0.

    0 is none: a method then learns from unlabelled images alone.
    """
    number = value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            number = 1.0 if value == "all" else int(value) if value.strip().isdecimal() else float(value)
    if isinstance(number, float) and 0.0 < number <= 1.0:
        return number
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        return number
    if number == 0.0 and isinstance(number, float):
        return 0
    raise ValueError(
        "data.labels (--labels): expected a count such as 3, a fraction such as 0.05 (1.0 are all, 1 is one image), 0 "
        f"or all, found {value!r}. Fix: --labels 3"
    )


SMALLEST = 16  # the most times that images may be shrunk


def read_resize(value) -> str | None:
    """How much smaller images are seen: 1/2, 1/3, ..., 1/16, also as 0.5 or 0.25; None, 1 and 1/1 are as they are."""
    text = str(value).strip()
    numerator, _, denominator = text.partition("/")
    with contextlib.suppress(ValueError, ZeroDivisionError):
        times = float(denominator) / float(numerator) if denominator else 1 / float(numerator)
        if abs(times - round(times)) <= 0.02 * times and 1 <= round(times) <= SMALLEST:
            return None if round(times) == 1 else f"1/{round(times)}"
    if value is None:
        return None
    raise ValueError(
        f"data.resize: expected 1/2, 1/3, ... or 1/{SMALLEST}, or null for images as they are, found {value!r}. "
        "Fix: --set data.resize=1/2"
    )


def described_labels(labels: int | float, masks: int) -> str:
    """What `data.labels` means, for the user; `masks` is the number of training images with a mask."""
    if labels == 0:
        return f"none, of {masks} with a mask"
    if isinstance(labels, int):
        return f"a count, of {masks} with a mask"
    return f"all {masks} with a mask" if labels == 1 else f"{labels:g} of {masks} with a mask, at least one"


Place = Annotated[str, pydantic.AfterValidator(at_home)]


class DataConfig(Section):
    """Which images, and how many of them count as labelled."""

    section: ClassVar[str] = "data"

    dataset: str = Field("synthetic", description="a name from `semicurv-tf datasets list`")
    data_dir: Place | None = Field(None, description="the folder with the published files of the dataset")
    labels: Annotated[int | float, pydantic.BeforeValidator(read_labels)] = Field(
        0.05, description="labelled training images: a count (3), a fraction (0.05), all, or 0; `folder`: all"
    )
    crop: Annotated[int, Field(ge=16, multiple_of=16)] | None = Field(
        None, description="side of random training crops in pixels, after data.resize; none trains on whole images"
    )
    resize: Annotated[str | None, pydantic.BeforeValidator(read_resize)] = Field(
        None, description="images are seen at 1/2, 1/3, ... of their size; masks come back at their own"
    )
    unlabelled_dir: Place | None = Field(None, description="a second folder with unlabelled images")
    options: dict[str, bool | int | float | str] = Field({}, description="options of the dataset's builder")
    cache_dir: Place | None = Field(None, description="where prepared data are kept; default: the user's cache folder")
    memory_mb: Annotated[int, Field(ge=16)] = Field(
        1000, description="decoded images are held in memory up to this size"
    )

    @property
    def times_smaller(self) -> int:
        """By which whole number images are shrunk before a network sees them; 1: not at all."""
        return int(self.resize.removeprefix("1/")) if self.resize else 1

    @pydantic.model_validator(mode="before")
    @classmethod
    def _all_that_the_user_drew(cls, values):
        if isinstance(values, dict) and values.get("dataset") == "folder" and values.get("labels") is None:
            return {**values, "labels": 1.0}
        return values
