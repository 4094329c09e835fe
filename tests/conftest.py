"""What all tests share: their order, which process runs which, and the real images where they are at hand."""

from pathlib import Path, PurePosixPath

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


def pytest_collection_modifyitems(items):
    """Fast tests first."""

    def slowness(item):
        folder = item.path.parent.name
        return SLOW_FOLDERS.index(folder) + 1 if folder in SLOW_FOLDERS else 0

    items.sort(key=slowness)


def one_process_runs(nodeid: str) -> str:
    """What stays in one process with a test: its file, or its folder where that shares what it makes."""
    path = PurePosixPath(nodeid.partition("::")[0])
    return str(path.parent if path.parent.name in SHARING_FOLDERS else path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Tests go to processes by `one_process_runs`.

    Not by marks: xdist's `xdist_group` writes into the names of tests, which pytest 9.2 no longer lets it do, and every
    test then is its own group without a word.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return one_process_runs(nodeid)

    return ByPlace(config, log)
