"""What all tests share: quiet TensorFlow, and the real images where they are at hand."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real datasets beside the project; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no folder ../shared/data beside the project: this test needs real images")
    return SHARED_DATA


# Whole commands and servers last: a broken formula should not wait for them.
SLOW_FOLDERS = ("data", "inference", "export", "predict", "study", "report", "cli", "serving", "end_to_end")


def pytest_collection_modifyitems(items):
    """Fast tests first."""

    def slowness(item):
        folder = item.path.parent.name
        return SLOW_FOLDERS.index(folder) + 1 if folder in SLOW_FOLDERS else 0

    items.sort(key=slowness)
