"""`--help` answers at once: nothing heavy is loaded for it, whatever the command."""

import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "numpy", "scipy", "PIL", "pydantic", "matplotlib", "tensorflow_datasets", "shapely"}
# Prints the help of every command and sub-command, then what was loaded for each.
PROGRAM = """
import contextlib, io, sys
import click
from semicurv_tf.cli.main import cli

def walk(command, words):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(click.exceptions.Exit):
        command.main([*words, "--help"], prog_name="semicurv-tf", standalone_mode=False)
    print("|".join([" ".join(words), str(len(said.getvalue())), *sorted({name.split(".")[0] for name in sys.modules})]))

walk(cli, [])
for name in cli.list_commands(None):
    walk(cli, [name])
    command = cli.get_command(None, name)
    for part in getattr(command, "commands", {}):
        walk(cli, [name, part])
"""


@pytest.fixture(scope="module")
def loaded():
    """Command -> length of its help, and the packages in `sys.modules` after it."""
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    rows = [line.split("|") for line in answer.stdout.splitlines()]
    return {words: (int(length), set(packages)) for words, length, *packages in rows}


def test_help_loads_nothing_heavy(loaded):
    assert {"", "train", "predict", "study run", "datasets verify"} <= set(loaded)
    assert all(length > 100 for length, _ in loaded.values())
    assert {words: packages & HEAVY for words, (_, packages) in loaded.items() if packages & HEAVY} == {}


def test_help_lists_the_methods_and_networks_that_the_registries_have():
    from click.testing import CliRunner

    from semicurv_tf.cli.train import train
    from semicurv_tf.config.networks import NETWORKS
    from semicurv_tf.methods import registry
    from semicurv_tf.methods.settings import MethodSettings

    said = " ".join(CliRunner().invoke(train, ["--help"]).output.split())
    classes = [each for each in vars(registry).values() if isinstance(each, type) and issubclass(each, MethodSettings)]
    names = {each.model_fields["name"].default for each in classes if "name" in each.model_fields}
    assert {name for name in names if isinstance(name, str)} == set(registry.METHODS)
    assert f"one of {', '.join(registry.METHODS)}." in said and f"one of {', '.join(NETWORKS)}." in said
