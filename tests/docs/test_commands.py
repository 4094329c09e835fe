"""Every `semicurv-tf` command that the documents show has the options that they show it with."""

import re
import shlex
from pathlib import Path

import click
import pytest

from semicurv_tf.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "serving" / "README.md"]
ROW, INLINE = re.compile(r"^\|.*\|$", re.MULTILINE), re.compile(r"`(semicurv-tf [^`]+)`")  # commands in tables
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def shown_commands(page: str) -> list[list[str]]:
    """The words of each command in the code blocks and tables of a page, from `semicurv-tf` on."""
    found = []
    for block in FENCE.findall(page):
        for line in block.replace("\\\n> ", " ").replace("\\\n", " ").splitlines():
            start = re.match(r"(\$ )?([A-Z_]+=('[^']*'|\S+) +)*semicurv-tf ", line)
            if start:
                words = shlex.split(line[start.end() - len("semicurv-tf ") :], comments=True)
                stops = [words.index(stop) for stop in ("--", "|", ">", "&&", "&") if stop in words]
                found.append(words[: min(stops, default=len(words))])
    found += [shlex.split(command) for row in ROW.findall(page) for command in INLINE.findall(row)]
    return found


def unknown_options(words: list[str]) -> list[str]:
    """What of a command there is not."""
    context, command, names = click.Context(cli), cli, words[1:]
    while isinstance(command, click.Group):
        name = names[0] if names else ""
        inner = None if name.startswith("-") else command.get_command(context, name)
        if inner is None:
            return [] if name in ("--help", "--version", "COMMAND") else [name]
        command, names = inner, names[1:]
    known = {"--help", *(option for each in command.params for option in (*each.opts, *each.secondary_opts))}
    return [word for word in names if word.startswith("--") and word.split("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_the_documents_have_their_options(page):
    commands = shown_commands(page.read_text(encoding="utf-8"))
    assert [" ".join(words) for words in commands if unknown_options(words)] == []


def test_readme_and_guides_show_commands():
    counts = {page.name: len(shown_commands(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert counts["data.md"] >= 3 and counts["cracks.md"] >= 4 and counts["train.md"] >= 3


def test_what_is_not_there_is_seen():
    page = "```console\n$ A=1 semicurv-tf train --recpe x  # why\n> y\n```\n```\nsemicurv-tf datasets verfy\n```\n"
    page += "| see | `semicurv-tf evaluate --run R --fold 5` | scores |\n"
    assert [unknown_options(words) for words in shown_commands(page)] == [["--recpe"], ["verfy"], ["--fold"]]
