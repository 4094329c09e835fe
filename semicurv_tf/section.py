"""What the sections of a configuration share: frozen, strict, and no setting that does nothing. No TensorFlow."""

import shlex
from collections.abc import Iterator
from typing import Annotated, ClassVar, get_args

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

    @pydantic.model_validator(mode="before")
    @classmethod
    def _no_number_is_true(cls, values):
        if not isinstance(values, dict):
            return values
        return {key: _unlike_a_number(value) if cls._is_number(key) else value for key, value in values.items()}

    @classmethod
    def _is_number(cls, key) -> bool:
        """Whether a key takes numbers, no truth value, and has no words of its own for what it does not take."""
        field = cls.model_fields.get(key)
        if field is None or any(isinstance(each, pydantic.BeforeValidator) for each in field.metadata):
            return False
        types = set(_types(field.annotation))
        return bool(types & {int, float}) and bool not in types

    @pydantic.model_validator(mode="after")
    def _nothing_is_idle(self):
        for key, needed in self.idle().items():
            value, default = getattr(self, key), type(self).model_fields[key].default
            if value != default:
                raise idle_setting(self.section, key, value, default, needed)
        return self


class TruthValue:
    """True or false where a number belongs: YAML reads `yes`, `on` and `true` alike, and Python takes them for 1."""

    def __init__(self, value: bool):
        self.value = value

    def __repr__(self):
        return str(self.value).lower()


def _unlike_a_number(value):
    """The value; a truth value in it made into what no number is made of, so that it is refused where it stands."""
    if isinstance(value, list | tuple):
        return [_unlike_a_number(each) for each in value]
    return TruthValue(value) if isinstance(value, bool) else value


def _types(annotation) -> Iterator[type]:
    """The plain types of an annotation, inside of unions, tuples and `Annotated` too."""
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _types(part)


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
