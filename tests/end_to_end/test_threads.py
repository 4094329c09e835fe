"""Commands that predict run one layer after another."""

import os
import sys

import pytest
from click.testing import CliRunner

from semicurv_tf import threads
from semicurv_tf.cli import predict as command
from semicurv_tf.errors import UserError


@pytest.fixture
def before_tensorflow(monkeypatch):
    """As in a process that has just begun; its environment is forgotten afterwards."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setenv(threads.SWITCH, "")
    monkeypatch.delenv(threads.SWITCH)


def test_the_environment_decides_and_a_loaded_tensorflow_is_left_alone(before_tensorflow, monkeypatch):
    threads.one_layer_at_a_time()
    assert os.environ[threads.SWITCH] == "1"
    monkeypatch.setenv(threads.SWITCH, "2")
    threads.one_layer_at_a_time()
    assert os.environ[threads.SWITCH] == "2"
    monkeypatch.delenv(threads.SWITCH)
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    threads.one_layer_at_a_time()
    assert threads.SWITCH not in os.environ


def test_predict_asks_before_anything_of_tensorflow_is_loaded(before_tensorflow, monkeypatch, tmp_path):
    def predict_input(*arguments, **settings):
        raise UserError(f"{threads.SWITCH}={os.environ[threads.SWITCH]}, {'tensorflow' in sys.modules}")

    monkeypatch.setattr("semicurv_tf.predict.predict_input.predict_input", predict_input)
    done = CliRunner().invoke(command.predict, ["--input", str(tmp_path), "--output", str(tmp_path / "masks")])
    assert str(done.exception) == f"{threads.SWITCH}=1, False"
