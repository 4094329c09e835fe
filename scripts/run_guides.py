"""Runs the commands of the guides and puts what they print under them: nothing that a guide shows is made up.

    python scripts/run_guides.py docs/guides/cracks.md        # rewrites the outputs
    python scripts/run_guides.py --check docs/guides/*.md     # says where they differ, exit code 1

A guide's commands stand in blocks that begin with ```console: `$ ` begins a command, `> ` goes on with it, all other
lines are its output. They run one after the other in one new folder per guide. `...` stands for lines left out: of an
output longer than 20 lines the first 6 and the last 6 are kept.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
MOST_LINES, KEPT_LINES = 20, 6
# What TensorFlow says while it loads.
NOISE = re.compile(r"[IWEF]0000 |WARNING: All log messages before absl")
# What differs between two runs of one command: times, and the folder of temporary files.
VARYING = re.compile(r"\d+:\d\d(:\d\d)?|\b\d+(\.\d+)? ?s\b|/tmp/\S+")


def commands_of(block: str) -> list[str]:
    """The commands of a block, each of one or several lines."""
    commands: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
        elif (line.startswith("> ") or line == ">") and commands:
            commands[-1] += "\n" + line[2:]
    return commands


def run(command: str, folder: Path) -> str:
    """What a command prints, to standard error too."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800,
    )  # fmt: skip
    lines = [line.rstrip() for line in done.stdout.rstrip().splitlines() if not NOISE.match(line)]
    if len(lines) > MOST_LINES:
        lines = [*lines[:KEPT_LINES], "...", *lines[-KEPT_LINES:]]
    return "".join(f"{line}\n" for line in lines)


def refreshed(guide: str, folder: Path) -> str:
    """A guide with the outputs of its commands, run in a folder."""

    def block(found: re.Match) -> str:
        parts = []
        for command in commands_of(found[1]):
            first, *more = command.splitlines()
            parts.append(
                "".join([f"$ {first}\n", *(f"> {line}".rstrip() + "\n" for line in more), run(command, folder)])
            )
        return "```console\n" + "\n".join(parts) + "```"

    return BLOCK.sub(block, guide)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("guides", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    arguments = parser.parse_args()
    differing = []
    for guide in arguments.guides:
        old = guide.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            new = refreshed(old, Path(folder))
        if arguments.check:
            if VARYING.sub("", old) != VARYING.sub("", new):
                differing.append(guide)
        else:
            guide.write_text(new, encoding="utf-8")
    for guide in differing:
        print(f"{guide}: its commands print something else now. Fix: python scripts/run_guides.py {guide}")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
