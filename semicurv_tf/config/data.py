"""The section `data`: which images, and how many of them count as labelled."""

from typing import Annotated, ClassVar

from pydantic import Field

from semicurv_tf.section import Section


class DataConfig(Section):
    """Which images, and how many of them count as labelled."""

    section: ClassVar[str] = "data"

    dataset: str = Field("synthetic", description="a name from `semicurv-tf datasets list`")
    data_dir: str | None = Field(None, description="the folder with the published files of the dataset")
    labels: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.05, description="labelled fraction of the training images"
    )
    crop: Annotated[int, Field(ge=16, multiple_of=16)] | None = Field(
        None, description="side of random training crops in pixels; none trains on whole images"
    )
    unlabelled_dir: str | None = Field(None, description="a second folder with unlabelled images")
    options: dict[str, bool | int | float | str] = Field({}, description="options of the dataset's builder")
    cache_dir: str | None = Field(None, description="where prepared data are kept; default: the user's cache folder")
    memory_mb: Annotated[int, Field(ge=16)] = Field(
        1000, description="decoded images are held in memory up to this size"
    )
