from tests.end_to_end.conftest import command  # noqa: F401  a fixture
from tests.inference.conftest import red_predictor  # noqa: F401  a fixture
