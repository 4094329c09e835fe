"""`semicurv-tf`: the group of commands, loaded when called, and how faults end."""

import importlib
import os
import sys

import click

from semicurv_tf import __version__
from semicurv_tf.cli.lean_keras import keep_keras_lean
from semicurv_tf.cli.streams import OutputLost, flush_output, open_streams, say_output_is_lost
from semicurv_tf.errors import USER, UserError
from semicurv_tf.home import words_at_home

# Command -> one line for --help. Each lives in semicurv_tf.cli.COMMAND and is imported when it is called:
# TensorFlow takes seconds to load, --help must not. `next` is a function of Python's own: see _MODULES.
COMMANDS = {
    "demo": "Draw images of every kind and find their structures with the built-in network: nothing needed.",
    "train": "Train a network from few labelled and many unlabelled images.",
    "pretrain": "Teach a network curves on drawn images, before it sees a label.",
    "evaluate": "Score a trained network on the test images.",
    "predict": "Draw masks for an image or a folder of images.",
    "advise": "Say whether more labels would pay, and how much.",
    "next": "Choose which images to label next.",
    "review": "Correct predictions on a local page with brush and eraser.",
    "vectorize": "Turn masks into lines with lengths and widths: GeoJSON and tables.",
    "measure": "Measure cracks on pavement: length by width class, density, sections.",
    "export": "Write a SavedModel for TensorFlow Serving and Keras.",
    "reproduce": "Train and score the cells of one of the paper's tables or figures.",
    "study": "Train and compare recipes on the same labelled images.",
    "report": "Write the paper's tables and figures with measured numbers next to the printed ones.",
    "datasets": "List, check, prepare, preview and import datasets.",
    "recipes": "List the recipes that `train --recipe` knows.",
}

_MODULES = {"next": "next_images"}


class _LazyGroup(click.Group):
    """A group that knows its commands' names and imports one only to run it."""

    def list_commands(self, ctx):
        return list(COMMANDS)

    def get_command(self, ctx, name):
        if name not in COMMANDS:
            return None
        module = _MODULES.get(name, name)
        return getattr(importlib.import_module(f"semicurv_tf.cli.{module}"), module)

    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="semicurv-tf")
def cli():
    """Find thin, branching structures in images from a handful of labelled ones.

    \b
    Examples:
      semicurv-tf demo
      semicurv-tf predict --input photos/ --output masks/ --overlay
      semicurv-tf train photos/ --run runs/first
      semicurv-tf evaluate --run runs/first
      semicurv-tf predict --run runs/first --input photos/ --output masks/
      semicurv-tf vectorize --input masks/ --output lines/ --table cracks.csv
      semicurv-tf export --run runs/first --output models/semicurv
    """


def main():
    """The entry point."""
    run(cli)


def run(command: click.Command):
    """Runs a command: what the user can put right ends as one line each and exit code 2; what may pass, with 75."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is no news to a user
    keep_keras_lean()
    open_streams()
    try:
        code = _code_of(command)
        flush_output()
    except OutputLost as lost:
        code = say_output_is_lost(lost)
    sys.stderr.flush()
    sys.exit(code)


def _code_of(command: click.Command) -> int:
    try:
        sys.argv[1:] = words_at_home(sys.argv[1:])  # not an argument: click would leave out what it does on Windows
        command(standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except click.ClickException as error:
        error.show()
        return USER
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return 130
    except UserError as error:
        for line in error.lines:
            print(f"error: {line}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    main()
