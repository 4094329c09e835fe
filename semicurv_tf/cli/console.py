"""Where messages go: a person, a program, or nowhere; and silence while TensorFlow starts."""

import json
import sys

from rich.console import Console

from semicurv_tf.quiet import quiet_start  # noqa: F401  commands take both from here
from semicurv_tf.wording import printable_lines

WARNING = "warning: "


def console(quiet: bool = False, as_json: bool = False) -> Console:
    """Progress and messages go to standard error as they are; standard output is for results.

    Args:
        quiet: warnings alone.
        as_json: one JSON object per line on standard output, for programs.
    """
    if as_json:
        return JsonConsole(warnings_only=quiet)
    if quiet:
        return QuietConsole()
    # File names may hold brackets, which are no markup, and a long line is the terminal's to break.
    return PlainConsole(stderr=True, markup=False, highlight=False, soft_wrap=True)


class PlainConsole(Console):
    """Prints texts so that a terminal shows and does not obey what names of files hold."""

    def print(self, *objects, **settings):
        """Prints as Rich does."""
        super().print(*(printable_lines(each) if isinstance(each, str) else each for each in objects), **settings)


class QuietConsole(PlainConsole):
    """Standard error, warnings alone."""

    def __init__(self):
        super().__init__(stderr=True, markup=False, highlight=False, soft_wrap=True, force_terminal=False)

    def print(self, *objects, **settings):
        """Prints a line that begins with "warning: ", and nothing else."""
        if objects and str(objects[0]).startswith(WARNING):
            super().print(*objects, **settings)


class JsonConsole(Console):
    """Standard output, an object a line: {"message": ...}, {"warning": ...}, {"plan": ...} or a step's report."""

    def __init__(self, warnings_only: bool = False):
        super().__init__(file=sys.stdout, force_terminal=False, markup=False, highlight=False, soft_wrap=True)
        self._warnings_only = warnings_only

    def print(self, *objects, **_):
        """Prints a message as an object."""
        text = " ".join(map(str, objects))
        key = "warning" if text.startswith(WARNING) else "message"
        self.report({key: text.removeprefix(WARNING)})

    def report(self, values: dict) -> None:
        """Prints an object; numbers that JSON has no name for become null."""
        if self._warnings_only and "warning" not in values:
            return
        finite = {
            key: None if isinstance(value, float) and value - value != 0 else value for key, value in values.items()
        }
        print(json.dumps(finite, ensure_ascii=False), file=self.file, flush=True)
