"""The documents build as a site, strictly: no dead link, no page and no name of the Python pages that is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

import semicurv_tf

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs")
    if not (ROOT / "results").is_dir():
        pytest.skip("the pages of results/ are not in a source distribution")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_the_readme_is_the_first_page(site):
    page = (site / "index.html").read_text()
    assert "Finds thin, branching structures" in page and 'href="docs/train/"' in page
    assert (site / "results" / "quickstart.png").is_file()


def test_every_public_name_has_its_entry(site):
    pages = "".join(path.read_text() for path in (site / "docs" / "api").rglob("index.html"))
    missing = [
        name
        for name, module in semicurv_tf._PUBLIC.items()
        if f'id="{getattr(semicurv_tf, name).__module__}.{name}"' not in pages
    ]
    assert missing == []


def test_notebooks_are_pages_with_what_they_print(site):
    page = (site / "notebooks" / "first_masks" / "index.html").read_text()
    assert "No label and no training" in page and "data:image/png;base64," in page


def test_options_in_tables_stay_whole(site):
    page = (site / "docs" / "tasks" / "index.html").read_text()
    assert '<span class="option">--data-dir</span> MY</code>' in page
    assert '<span class="option">' not in page.split("<table>")[0]
