"""Drawn images by step: which images a step sees is a function of the seed and the step, whoever drew them and when."""

import multiprocessing
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from semicurv_tf.drawing import draw_shard
from semicurv_tf.pretraining.settings import PretrainingSettings

AHEAD = 4  # files that are drawn before they are needed
_WAIT_SECONDS = 0.5


class DrawnPool:
    """The images of a pre-training, drawn into files by a process of their own while the training goes on.

    Args:
        folder: of the files; those that are there already are used.
        settings: of the pre-training.
        steps: its length, which bounds the files.
        draw: whether to draw missing files; else they are waited for.
    """

    def __init__(self, folder: Path, settings: PretrainingSettings, steps: int, draw: bool = True):
        self._folder, self._settings, self._steps, self._draw = Path(folder), settings, steps, draw
        self._files: dict[int, dict] = {}
        self._artist: BaseProcess | None = None

    def batch(self, step: int):
        """Images (batch, side, side, 3) uint8 and masks (batch, side, side, 1) uint8 of a step, counted from 0."""
        settings = self._settings
        side, count = settings.stage(step)
        newest = step // settings.steps_per_file
        oldest = max(0, newest - settings.files + 1)
        self._draw_ahead(newest)
        random = np.random.default_rng([settings.seed, step])
        files = random.integers(oldest, newest + 1, count)
        # The newest file is the one seen least.
        files[: count // 4] = newest
        places = random.integers(0, settings.images_per_file, count)
        for gone in [number for number in self._files if number < oldest]:
            del self._files[gone]
        chosen = [(self._file(int(number)), place) for number, place in zip(files, places)]
        crops = [self._crop(random, file["image"][place], file["mask"][place], side) for file, place in chosen]
        return np.stack([image for image, _ in crops]), np.stack([mask for _, mask in crops])[..., None]

    def _crop(self, random, image, mask, side):
        room = len(mask) - side
        top, left = random.integers(0, room + 1, 2)
        if room and random.random() < self._settings.centred and mask.any():
            rows, columns = np.nonzero(mask)
            at = random.integers(len(rows))
            top, left = (int(np.clip(place[at] - side // 2, 0, room)) for place in (rows, columns))
        return image[top : top + side, left : left + side], mask[top : top + side, left : left + side]

    def close(self):
        """Ends the process that draws."""
        if self._artist is not None:
            self._artist.terminate()
            self._artist.join()

    def _path(self, number: int) -> Path:
        count = self._settings.images_per_file
        return self._folder / f"drawn-{self._settings.size}-{number * count:07d}-{count}.npz"

    def _file(self, number: int) -> dict:
        if number not in self._files:
            while not self._path(number).exists():
                if self._draw:
                    _draw_files(self._folder, self._settings, number, number + 1)
                time.sleep(_WAIT_SECONDS)
            with np.load(self._path(number)) as file:
                self._files[number] = {name: file[name] for name in ("image", "mask")}
        return self._files[number]

    def _draw_ahead(self, newest: int):
        if not self._draw or (self._artist is not None and self._artist.is_alive()):
            return
        last = min(newest + AHEAD, (self._steps - 1) // self._settings.steps_per_file) + 1
        if any(not self._path(number).exists() for number in range(newest, last)):
            # Spawned, not forked: TensorFlow's threads do not survive a fork.
            context = multiprocessing.get_context("spawn")
            self._artist = context.Process(
                target=_draw_files, args=(self._folder, self._settings, newest, last), daemon=True
            )
            self._artist.start()


def _draw_files(folder: Path, settings: PretrainingSettings, first: int, last: int):
    count = settings.images_per_file
    for number in range(first, last):
        draw_shard(folder, number * count, count, settings.kinds or None, settings.size, settings.without)
