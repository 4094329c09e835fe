"""What a stopped command says, and how it ends."""

import pytest

from semicurv_tf.cli.stopped import ends_when_stopped
from semicurv_tf.training.stopping import Stopped


@pytest.mark.parametrize(
    "given, said",
    [
        ({}, "stopped at step 7, checkpoint written. Continue: the same command\n"),
        ({"of": "a cell"}, "stopped at step 7 of a cell, checkpoint written. Continue: the same command\n"),
        (
            {"how_to_go_on": "semicurv-tf train --resume runs/a"},
            "stopped at step 7, checkpoint written. Continue: semicurv-tf train --resume runs/a\n",
        ),
    ],
)
def test_a_stopped_command_says_how_to_go_on_and_ends_with_130(given, said, capsys):
    with pytest.raises(SystemExit) as ended, ends_when_stopped(**given):
        raise Stopped(7)
    assert ended.value.code == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", said)


def test_other_ends_pass():
    with ends_when_stopped():
        pass
    with pytest.raises(KeyboardInterrupt), ends_when_stopped():
        raise KeyboardInterrupt
