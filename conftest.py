"""What tests and doctests share: quiet TensorFlow and one cache of prepared data."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session", autouse=True)
def prepared_data(tmp_path_factory):
    """The cache folder of this session: built-in data are drawn once, and the user's own cache is left alone."""
    base = tmp_path_factory.getbasetemp()
    several = "PYTEST_XDIST_WORKER" in os.environ  # then the base of each process lies in that of the session
    folder = (base.parent if several else base) / "prepared"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMICURV_TF_CACHE", str(folder))
        yield folder
