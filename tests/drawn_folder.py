"""A folder that `train` takes: a dark line in each photograph, and masks of the first ones."""

from pathlib import Path

import numpy as np
from PIL import Image


def draw_folder(folder: Path, masks: int, others: int = 0):
    """Writes images/p0.png, ... of 32x32 pixels, `masks + others` of them, and masks/ of the same names."""
    for number in range(masks + others):
        line = np.zeros((32, 32), bool)
        line[3 + 3 * (number % 8) :][:3] = True
        noise = np.random.default_rng(number).normal(170 - 110 * line[..., None], 25, (32, 32, 3))
        pictures = {"images": np.clip(noise, 0, 255).astype(np.uint8), "masks": line.astype(np.uint8) * 255}
        for part, pixels in pictures.items():
            (folder / part).mkdir(parents=True, exist_ok=True)
            if part == "images" or number < masks:
                Image.fromarray(pixels).save(folder / part / f"p{number}.png")
