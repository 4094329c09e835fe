"""The section `views`: how images are changed at random."""

from typing import Annotated, ClassVar

from pydantic import Field

from semicurv_tf.section import Fraction, Section


class ViewsConfig(Section):
    """Random views of an image (Sect. III-C). Scale and shear exist in Eq. 3 and are off in the authors' code."""

    section: ClassVar[str] = "views"

    geometric: bool = Field(True, description="off: no flip, turn, shift, scale or shear at all (Table V)")
    flip_horizontal: Fraction = Field(0.5, description="probability")
    flip_vertical: Fraction = Field(0.0, description="probability")
    rotation_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = Field(180.0, description="uniform in +- this")
    translation: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.15, description="uniform in +- this share of width and height"
    )
    scale: Annotated[float, Field(ge=1.0, le=4.0)] = Field(1.0, description="log-uniform in [1/scale, scale]")
    shear_degrees: Annotated[float, Field(ge=0.0, lt=60.0)] = Field(0.0, description="uniform in +- this")
    colour: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.0, description="strength of random gamma, contrast, brightness and tint; 0.4 is strong"
    )
    photometric: Fraction = Field(0.0, description="probability that a view gets one photometric change")
