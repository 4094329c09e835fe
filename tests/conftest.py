"""What all tests share: their order, which process runs which, and the real images where they are at hand."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real datasets beside the project; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no folder ../shared/data beside the project: this test needs real images")
    return SHARED_DATA


@pytest.fixture
def call_command(monkeypatch, capfd):
    """Calls `semicurv-tf` in this process.

    The function takes the words after `semicurv-tf` and the exit code that is expected, and returns what was printed,
    `out` and `err`; a traceback fails the test.
    """
    from semicurv_tf.cli import main as entry

    def call(*arguments, expect=0):
        monkeypatch.setattr("sys.argv", ["semicurv-tf", *map(str, arguments)])
        try:
            entry.main()
            code = 0
        except SystemExit as exit:
            code = exit.code or 0
        said = capfd.readouterr()
        assert code == expect and "Traceback" not in said.err, said
        return said

    return call


# Whole commands and servers come last: a broken formula should not wait for them. Of these the longest folders come
# first, so that no process waits at the end for another's.
SLOW_FOLDERS = (
    "end_to_end",
    "export",
    "cli",
    "api",
    "serving",
    "notebooks",
    "data",
    "predict",
    "report",
    "docs",
    "study",
    "inference",
)
# Their tests share what takes long to make, a trained run or an export, thus one process runs them all.
SHARING_FOLDERS = ("acquisition", "api", "cli", "end_to_end", "export", "predict", "report", "serving")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Fast tests first; with several processes a file, or a folder that shares what it makes, stays in one."""

    def slowness(item):
        folder = item.path.parent.name
        return SLOW_FOLDERS.index(folder) + 1 if folder in SLOW_FOLDERS else 0

    for item in items:
        folder = item.path.parent
        item.add_marker(pytest.mark.xdist_group(str(folder if folder.name in SHARING_FOLDERS else item.path)))
    items.sort(key=slowness)
