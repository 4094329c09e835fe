"""An extension of Griffe: examples of docstrings as code. Here they are `Example:`, Griffe knows `Examples:` alone."""

import re
import textwrap

import griffe

_EXAMPLE = re.compile(r"^( *)Example:\n((?:\1 +.*\n?|\n)+)", re.MULTILINE)


class Examples(griffe.Extension):
    """Doctests get the section that Griffe shows as code, other code a fence."""

    def on_instance(self, *, obj, **kwargs):
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = _EXAMPLE.sub(_shown, obj.docstring.value)


def _shown(found: re.Match) -> str:
    margin, body = found.groups()
    if ">>>" in body:
        # What tells the test how to compare is nothing to read.
        return f"{margin}Examples:\n" + re.sub(r" +# doctest:.*", "", body)
    code = textwrap.indent(textwrap.dedent(body).rstrip(), margin)
    return f"{margin}**Example**\n\n{margin}```python\n{code}\n{margin}```\n"
