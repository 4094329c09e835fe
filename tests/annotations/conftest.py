"""Images and annotation files in a temporary folder, and what the import made of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.datasets import datasets

WIDTH, HEIGHT = 40, 24


class Export:
    """A folder as a tool exports it."""

    def __init__(self, root: Path):
        self.root, self.output = root / "export", root / "my"
        self.root.mkdir()

    def image(self, path: str = "a.png", width: int = WIDTH, height: int = HEIGHT, **save) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(list(path.encode())).integers(0, 255, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(file, **save)
        return file

    def text(self, path: str, content) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return file

    def run(self, tool: str, *options, source: Path | None = None):
        """The finished command."""
        return CliRunner().invoke(
            datasets,
            ["import", str(source or self.root), "--from", tool, "--output", str(self.output), *map(str, options)],
        )

    def mask(self, name: str = "a") -> np.ndarray:
        """bool: where the written mask is foreground; it holds 0 and 255 alone."""
        values = np.asarray(Image.open(self.output / "masks" / f"{name}.png"))
        assert set(np.unique(values)) <= {0, 255}
        return values == 255

    def imported(self, tool: str, *options, name: str = "a") -> np.ndarray:
        """The mask of an import that went well."""
        result = self.run(tool, *options)
        assert result.exit_code == 0, (result.output, result.exception)
        return self.mask(name)


@pytest.fixture
def export(tmp_path) -> Export:
    return Export(tmp_path)


@pytest.fixture
def curve() -> np.ndarray:
    """A made-up painting, bool (HEIGHT, WIDTH): a branching line with a hole beside it."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    painted = np.abs(y - 12 - 6 * np.sin(x / 5)) < 2
    painted |= (np.abs(x - 30) < 5) & (np.abs(y - 10) < 6) & ~((np.abs(x - 30) < 2) & (np.abs(y - 10) < 2))
    return painted


def block(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """bool (HEIGHT, WIDTH), true in the rows and columns given, half open."""
    painted = np.zeros((HEIGHT, WIDTH), bool)
    painted[top:bottom, left:right] = True
    return painted
