"""The section `method`: one class for each method, told apart by `name`, from the registry."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import BeforeValidator, Field

from semicurv_tf.methods.registry import DEFAULT, METHODS
from semicurv_tf.methods.settings import MethodSettings


def _completed(values):
    """The method by default where none is named, and a key that is null as if it were left out."""
    if not isinstance(values, dict):
        return values
    known = {key for settings in METHODS.values() for key in settings.model_fields}
    given = {key: value for key, value in values.items() if value is not None or key not in known}
    return {"name": DEFAULT.name, **given}


if TYPE_CHECKING:
    MethodConfig = MethodSettings
else:
    MethodConfig = Annotated[
        Annotated[Union[tuple(METHODS.values())], Field(discriminator="name")],  # noqa: UP007  made from a list
        BeforeValidator(_completed),
    ]
