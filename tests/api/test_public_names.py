"""What `import semicurv_tf` gives, and that it costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import semicurv_tf


def test_the_stub_names_what_there_is():
    tree = ast.parse(Path(semicurv_tf.__file__).with_suffix(".pyi").read_text())
    typed = {
        alias.asname: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert typed == {name: f"semicurv_tf.{module}" for name, module in semicurv_tf._PUBLIC.items()}


def test_every_public_name_is_there():
    for name in semicurv_tf.__all__:
        assert getattr(semicurv_tf, name) is not None
        assert name in dir(semicurv_tf)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="module 'semicurv_tf' has no attribute 'trian'"):
        semicurv_tf.trian  # noqa: B018


def test_import_loads_nothing_heavy():
    said = subprocess.run(
        [sys.executable, "-c", "import semicurv_tf, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "semicurv_tf" in said
    assert not {"tensorflow", "keras", "numpy", "pydantic", "PIL"} & set(said)


def test_bad_words_are_said_before_tensorflow_loads():
    code = (
        "import semicurv_tf, sys\n"
        "try: semicurv_tf.train('nowhere')\n"
        "except semicurv_tf.UserError as error: print(error)\n"
        "print('tensorflow' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("nowhere: expected a folder of images or the name of a dataset (")
    assert said.endswith("False\n")
