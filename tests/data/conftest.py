"""Small made-up files in the published layouts."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


class Files:
    """Writes small images into a temporary folder; the same name always gives the same pixels."""

    def __init__(self, root: Path):
        self.root = root

    def photo(self, path: str, width: int = 32, height: int = 32, channels: int = 3, **save):
        pixels = self.pixels(path, width, height, channels)
        return self.save(path, pixels[..., 0] if channels == 1 else pixels, **save)

    def mask(self, path: str, width: int = 32, height: int = 32, high: int = 255, columns: int = 4):
        """A mask whose first `columns` columns are `high`."""
        values = np.zeros((height, width), np.uint8)
        values[:, :columns] = high
        return self.save(path, values)

    def pixels(self, path: str, width: int = 32, height: int = 32, channels: int = 3) -> np.ndarray:
        seed = list(path.encode())
        return np.random.default_rng(seed).integers(0, 250, (height, width, channels), np.uint8)

    def save(self, path: str, array, **save) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
        picture.save(file, **save)
        return file

    def text(self, path: str, *lines: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")
        return file


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path / "source")


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory) -> Path:
    """One cache for all tests on the real datasets, so that each is prepared once."""
    return tmp_path_factory.mktemp("prepared")
