from tests.inference.conftest import red_predictor  # noqa: F401  a fixture
