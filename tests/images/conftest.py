"""Made-up files, and a predictor whose masks can be worked out by hand."""

from tests.data.conftest import cache, files  # noqa: F401
from tests.inference.conftest import red_predictor  # noqa: F401
