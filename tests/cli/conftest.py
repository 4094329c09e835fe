from tests.acquisition.conftest import folder  # noqa: F401  a fixture: images to choose from
from tests.report.conftest import browser  # noqa: F401  a fixture
