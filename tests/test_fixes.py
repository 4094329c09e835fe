"""What a message tells a user to type can be typed: options, keys and commands of every `Fix:` exist."""

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from semicurv_tf.cli.main import COMMANDS, cli
from semicurv_tf.config import load_config, parse_setting
from semicurv_tf.config.whole import SECTIONS
from semicurv_tf.errors import UserError
from semicurv_tf.methods.registry import METHODS

PACKAGE = Path(__file__).resolve().parents[1] / "semicurv_tf"
# Options of other programs that a remedy names.
FOREIGN_OPTIONS = {"--crs", "--transform", "--direct_num_workers"}


def text_of(node) -> str | None:
    """A string literal or f-string, with X for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
    return None


def remedies():
    """File, line and remedy of every `Fix:` in the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = text_of(node)
            if text and "Fix: " in text and not isinstance(node, ast.Expr):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", text.partition("Fix: ")[2]


def commands(group=cli, words=()):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


ALL = dict(commands())
OPTIONS = {option for command in ALL.values() for parameter in command.params for option in parameter.opts}
REMEDIES = list(remedies())


def keys():
    for section, known in SECTIONS.items():
        for each in METHODS.values() if known is None else [known]:
            yield from (f"{section}.{key}" for key in each.model_fields)


KEYS = set(keys())


def test_many_remedies_are_found():
    assert len(REMEDIES) > 250
    assert sum("--set" in remedy for _, remedy in REMEDIES) > 20


def test_options_keys_and_commands_exist():
    faults = [fault for place, remedy in REMEDIES for fault in untypeable(place, remedy)]
    assert faults == []


def test_what_does_not_exist_is_found():
    assert len(list(untypeable("here", "--bach 3, or --set training.sead=1"))) == 2
    assert len(list(untypeable("here", "semicurv-tf trian --run RUN"))) == 1
    assert len(list(untypeable("here", "semicurv-tf export --overlay, or another --run"))) == 1
    assert not list(untypeable("here", "semicurv-tf train --resume RUN, or --set training.seed=1"))


def untypeable(place, remedy):
    """A line for each option, key or command that there is not."""
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", remedy))
    yield from (f"{place}: no option {option}" for option in sorted(options - OPTIONS - FOREIGN_OPTIONS))
    for key in re.findall(r"\b((?:data|model|method|views|training)\.[a-z_]+)", remedy):
        if key not in KEYS and not key.endswith("X"):
            yield f"{place}: no key {key}"
    for name, rest in re.findall(r"semicurv-tf ([a-z]+)([^`;]*)", remedy):
        if name not in COMMANDS:
            yield f"{place}: no command {name}"
            continue
        typed = re.split(r",| says|\. ", rest)[0]
        command = ALL[(name,)]
        if isinstance(command, click.Group):
            command = ALL[(name, typed.split()[0])]
        own = {option for parameter in command.params for option in parameter.opts}
        if not set(re.findall(r"--[a-z][a-z-]+", typed)) <= own:
            yield f"{place}: semicurv-tf {name}{typed}"


def pasted(line: str) -> str:
    """The first remedy of a line as a shell would read it: the setting that follows `--set`."""
    words = shlex.split(re.split(r", or | \(", line.partition("Fix: ")[2])[0])
    assert words[0] == "--set" and len(words) == 2, line
    return words[1]


class Odd:
    """A value that no key takes."""


@pytest.mark.parametrize("key", sorted(KEYS - {f"{section}.name" for section in SECTIONS}))
def test_the_remedy_of_a_wrong_value_is_taken(key):
    section, name = key.split(".")
    owners = [method for method, settings in METHODS.items() if name in settings.model_fields]
    method = {"method.name": owners[0]} if section == "method" else {}
    with pytest.raises(UserError) as error:
        load_config(None, {**method, key: Odd()})
    (line,) = error.value.lines
    if "Fix: --labels" in line:
        return
    typed_key, value = parse_setting(pasted(line))
    assert typed_key == key
    load_config(None, {**method, typed_key: value})  # taken


def test_the_remedies_that_once_failed():
    with pytest.raises(UserError) as widths:
        load_config(None, {"model.widths": [4]})
    assert pasted(widths.value.lines[0]) == "model.widths=[32,64,128,256,512]"
    with pytest.raises(UserError) as steps:
        load_config(None, {"training.steps": 0})
    assert parse_setting(pasted(steps.value.lines[0])) == ("training.steps", None)
