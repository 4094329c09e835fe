"""Options without an effect where they stand are refused: who types `--label canary` means it to matter."""

import click
from click.core import ParameterSource


def refuse_idle(names: tuple[str, ...], needed: str, remedy: str) -> None:
    """Refuses options of the running command that were typed.

    Args:
        names: of its parameters, in Python.
        needed: what they belong to, in words.
        remedy: the part of the message after "Fix: ".

    Raises:
        UserError: naming all that were typed.
    """
    from semicurv_tf.errors import UserError

    context = click.get_current_context()
    typed = [
        option.opts[0]
        for option in context.command.params
        if option.name in names and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    ]
    if typed:
        raise UserError(f"{', '.join(typed)}: {needed}. Fix: {remedy}")
