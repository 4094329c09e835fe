"""What the sections of a configuration share: frozen, strict, and no setting that does nothing. No TensorFlow."""

import shlex
from typing import Annotated, ClassVar

import pydantic
import yaml
from pydantic import Field
from pydantic_core import PydanticCustomError

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]

# The type of the error for a setting without effect; stored configurations drop such settings.
IDLE = "idle_setting"


class Section(pydantic.BaseModel):
    """Frozen; an unknown key is an error, and so are text where a number belongs and a setting without effect."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    section: ClassVar[str]  # its name in the configuration

    def idle(self) -> dict[str, str]:
        """Keys without effect beside the other values, each with the setting that it needs, `section.key=value`."""
        return {}

    @pydantic.model_validator(mode="after")
    def _nothing_is_idle(self):
        for key, needed in self.idle().items():
            value, default = getattr(self, key), type(self).model_fields[key].default
            if value != default:
                raise idle_setting(self.section, key, value, default, needed)
        return self


def idle_setting(section: str, key: str, value, default, needed: str) -> PydanticCustomError:
    """The error for a setting without effect.

    Args:
        section, key: where it stands.
        value: what was found.
        default: what may stand there nevertheless.
        needed: the setting without which it has no effect, `section.key=value`.
    """
    message = (
        f"{section}.{key}: has no effect without {needed}, found {as_yaml(value)}. "
        f"Fix: --set {needed}, or {set_option(f'{section}.{key}', default)}"
    )
    return PydanticCustomError(IDLE, "{message}", {"message": message, "section": section, "key": key})


def as_yaml(value) -> str:
    """A value as `--set` takes it; lists without blanks, so that a shell leaves them in one piece.

    >>> as_yaml((32, 64)), as_yaml(None), as_yaml(True)
    ('[32,64]', 'null', 'true')
    """
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_yaml, value))}]"
    text = yaml.safe_dump(value, default_flow_style=True)
    return text.removesuffix("\n").removesuffix("\n...")


def set_option(key: str, value) -> str:
    """What to type to set a key, quoted where a shell would take it apart.

    >>> set_option("training.steps", None), set_option("model.widths", (4, 8)), set_option("data.data_dir", "")
    ('--set training.steps=null', "--set 'model.widths=[4,8]'", "--set 'data.data_dir='")
    """
    text = value if isinstance(value, str) else as_yaml(value)
    return f"--set {shlex.quote(f'{key}={text}')}" if text else f"--set '{key}='"
