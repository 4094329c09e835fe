"""The scripts that make pages: links that hold elsewhere, and guides that show what their commands print."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def script(name):
    specification = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_links_become_absolute_and_others_stay():
    absolute = script("absolute_links").absolute
    page = (ROOT / "README.md").read_text()
    changed = absolute(page, "https://example.org/blob/v1")
    assert "](docs/" not in changed and "(https://example.org/blob/v1/docs/train.md)" in changed
    assert (
        "![Image, truth and prediction on the built-in data](https://example.org/raw/v1/results/quickstart.png)"
        in changed
    )
    assert absolute(changed, "https://other.org") == changed


def test_links_need_an_address(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[a](b.md)")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/absolute_links.py", page, "nowhere"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "Fix: python scripts/absolute_links.py README.md https://" in done.stderr
    assert page.read_text() == "[a](b.md)"


GUIDE = """# A guide
```console
$ echo one > file

$ cat file \\
> file
stale

$ cat <<'END'
> two
>
> lines
> END
```
Text stays.
```
$ not run
```
"""


def test_a_guide_shows_what_its_commands_print(tmp_path):
    guides = script("run_guides")
    new = guides.refreshed(GUIDE, tmp_path)
    assert new == GUIDE.replace("stale\n", "one\none\n").replace("> END\n", "> END\ntwo\n\nlines\n")
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)
    check = [sys.executable, ROOT / "scripts/run_guides.py", "--check", guide]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 1 and "guide.md: its commands print something else now" in done.stdout
    assert guide.read_text() == GUIDE
    subprocess.run([*check[:2], guide], check=True)
    assert guide.read_text() == new and subprocess.run(check).returncode == 0


def test_long_outputs_are_cut_and_failures_shown(tmp_path):
    guides = script("run_guides")
    assert guides.run("seq 1 30", tmp_path).split() == [*"123456", "...", "25", "26", "27", "28", "29", "30"]
    assert len(guides.run("seq 1 20", tmp_path).split()) == 20
    assert "no such file" in guides.run("cat none || echo 'no such file'", tmp_path)
    assert "none" in guides.run("cat none", tmp_path)


@pytest.mark.parametrize("guide", sorted((ROOT / "docs/guides").glob("*.md")), ids=lambda path: path.stem)
def test_guides_show_no_failure(guide):
    text = guide.read_text()
    assert "Traceback" not in text and "/tmp/" not in text
