"""Options that are numbers: finite ones, in every command."""

import click
import pytest

from semicurv_tf.cli.main import cli
from semicurv_tf.cli.numbers import FiniteFloat, FiniteRange


@pytest.mark.parametrize("kind", [FiniteFloat(), FiniteRange(min=0), FiniteRange(0, 1, min_open=True)])
def test_neither_nan_nor_infinity_is_a_number(kind):
    assert kind.convert("0.8", None, None) == 0.8
    for text in ("nan", "inf", "1e999", "wide"):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)
    if isinstance(kind, FiniteRange):
        with pytest.raises(click.BadParameter):
            kind.convert("-1", None, None)


def test_every_command_asks_for_finite_numbers():
    commands = [cli.get_command(None, name) for name in cli.list_commands(None)]
    commands += [part for command in commands for part in getattr(command, "commands", {}).values()]
    others = {
        option.name for command in commands for option in command.params
        if isinstance(option.type, click.types.FloatParamType)
        and not isinstance(option.type, FiniteFloat | FiniteRange)
    }  # fmt: skip
    assert others == {"deadline"}  # of a server's answer: without end is a choice
