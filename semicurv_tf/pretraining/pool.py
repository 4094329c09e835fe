"""Drawn images by step: which images a step sees is a function of the seed and the step, whoever drew them and when."""

import contextlib
import multiprocessing
import signal
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from semicurv_tf.drawing import draw_shard
from semicurv_tf.errors import UserError
from semicurv_tf.parts import remove_abandoned
from semicurv_tf.pretraining.settings import PretrainingSettings

AHEAD = 4  # files that are drawn before they are needed
NEWEST_SHARE = 1 / 4  # of a step's images are of the newest file, which was seen least
_WAIT_SECONDS = 0.5  # between two looks for a file that another process draws
# What NumPy and zipfile raise on a file that a power cut left in part.
_DAMAGE = (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


class DrawingStopped(Exception):
    """The user stopped the run while an image was drawn for it."""


class DrawnPool:
    """The images of a pre-training, drawn into files by a process of their own while the training goes on.

    Args:
        folder: of the files; those that are there already are used.
        settings: of the pre-training.
        steps: its length, which bounds the files.
        draw: whether to draw missing and damaged files; else missing ones are waited for.
        say: called with a line for each damaged file that is drawn again.
        stop_requested: asked before each image that a step waits for.
    """

    def __init__(
        self, folder: Path, settings: PretrainingSettings, steps: int, draw: bool = True,
        say: Callable[[str], None] = print, stop_requested: Callable[[], bool] = lambda: False,
    ):  # fmt: skip
        self._folder, self._settings, self._steps, self._draw, self._say = Path(folder), settings, steps, draw, say
        self._stop_requested = stop_requested
        self._files: dict[int, dict] = {}
        self._artist: BaseProcess | None = None
        if draw:
            remove_abandoned(self._folder, below=False)

    def batch(self, step: int):
        """Images (batch, side, side, 3) uint8 and masks (batch, side, side, 1) uint8 of a step, counted from 0.

        Raises:
            UserError: a file is missing or damaged and cannot be drawn.
            DrawingStopped: on request, while a file is drawn or waited for.
        """
        settings = self._settings
        side, count = settings.stage(step)
        newest = step // settings.steps_per_file
        oldest = max(0, newest - settings.files + 1)
        self._draw_ahead(newest)
        random = np.random.default_rng([settings.seed, step])
        files = random.integers(oldest, newest + 1, count)
        files[: int(count * NEWEST_SHARE)] = newest
        places = random.integers(0, settings.images_per_file, count)
        for gone in [number for number in self._files if number < oldest]:
            del self._files[gone]
        chosen = [(self._file(int(number)), place) for number, place in zip(files, places)]
        crops = [self._crop(random, file["image"][place], file["mask"][place], side) for file, place in chosen]
        return np.stack([image for image, _ in crops]), np.stack([mask for _, mask in crops])[..., None]

    def close(self):
        """Ends the process that draws."""
        if self._artist is not None:
            self._artist.terminate()
            self._artist.join()

    def _crop(self, random, image, mask, side):
        room = len(mask) - side
        top, left = random.integers(0, room + 1, 2)
        if room and random.random() < self._settings.centred and mask.any():
            rows, columns = np.nonzero(mask)
            at = random.integers(len(rows))
            top, left = (int(np.clip(place[at] - side // 2, 0, room)) for place in (rows, columns))
        return image[top : top + side, left : left + side], mask[top : top + side, left : left + side]

    def _path(self, number: int) -> Path:
        count = self._settings.images_per_file
        return self._folder / f"drawn-{self._settings.size}-{number * count:07d}-{count}.npz"

    def _file(self, number: int) -> dict:
        if number not in self._files:
            self._await(number)
            try:
                self._files[number] = self._read(number)
            except _DAMAGE:
                self._files[number] = self._drawn_again(number)
        return self._files[number]

    def _await(self, number: int):
        while not self._path(number).exists():
            if self._draw:
                _draw_file(self._folder, self._settings, number, self._end_if_stopped)
            else:
                self._end_if_stopped()
                time.sleep(_WAIT_SECONDS)

    def _end_if_stopped(self):
        if self._stop_requested():
            raise DrawingStopped

    def _read(self, number: int) -> dict[str, np.ndarray]:
        settings = self._settings
        shape = (settings.images_per_file, settings.size, settings.size)
        # Opened here: NumPy leaves its own file open where it is no archive.
        with open(self._path(number), "rb") as opened, np.load(opened, allow_pickle=False) as file:
            image, mask = file["image"], file["mask"]
        if image.shape != (*shape, 3) or mask.shape != shape or not image.dtype == mask.dtype == np.uint8:
            raise ValueError(f"Expected masks {shape} and their images, uint8. Received: masks {mask.shape}")
        return {"image": image, "mask": mask}

    def _drawn_again(self, number: int) -> dict[str, np.ndarray]:
        path = self._path(number)
        if not self._draw:
            raise UserError(f"{path}: damaged. Fix: delete it, and let the process that draws these images go on")
        self._say(f"{path} is damaged and is drawn again")
        path.unlink(missing_ok=True)
        self._await(number)
        return self._read(number)

    def _draw_ahead(self, newest: int):
        if not self._draw or (self._artist is not None and self._artist.is_alive()):
            return
        last = min(newest + AHEAD, (self._steps - 1) // self._settings.steps_per_file) + 1
        if any(not self._path(number).exists() for number in range(newest, last)):
            # Spawned, not forked: TensorFlow's threads do not survive a fork.
            context = multiprocessing.get_context("spawn")
            self._artist = context.Process(
                target=_draw_while_trained, args=(self._folder, self._settings, newest, last), daemon=True
            )
            with _ctrl_c_blocked():
                self._artist.start()


@contextlib.contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """What is started within never sees Ctrl-C, which a terminal sends to all processes, not even while it imports."""
    if not hasattr(signal, "pthread_sigmask"):  # not a POSIX system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _draw_while_trained(folder: Path, settings: PretrainingSettings, first: int, last: int):
    """What the artist does: it ends with the training, however that ends, and leaves all messages to it."""
    training = multiprocessing.parent_process()
    with contextlib.suppress(UserError):  # a full disk: the training meets it when it needs the file
        for number in range(first, last):
            if training is None or not training.is_alive():
                return
            _draw_file(folder, settings, number)


def _draw_file(
    folder: Path, settings: PretrainingSettings, number: int, before_each: Callable[[], None] = lambda: None
):  # fmt: skip
    count = settings.images_per_file
    draw_shard(folder, number * count, count, settings.kinds or None, settings.size, settings.without, before_each)
