import subprocess

import pytest

from tests.report.browser import Browser, find_browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium; tests skip where there is none that starts."""
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium or Chrome on this machine: apt-get install chromium")
    opened = Browser(program, tmp_path_factory.mktemp("profile"))
    blank = tmp_path_factory.mktemp("blank") / "blank.html"
    blank.write_text("<p>here</p>")
    try:
        found, _ = opened.open(blank)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{program} does not start here: {error}")
    if "here" not in found:
        pytest.skip(f"{program} opens no page here")
    return opened
