"""A finished run with its dataset: the images that one may score, and the network's predictions of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track

from semicurv_tf.config import Config
from semicurv_tf.data.load import Dataset
from semicurv_tf.data.pipeline import evaluation_batches
from semicurv_tf.data.store import ImageStore
from semicurv_tf.errors import UserError
from semicurv_tf.inference.averaging import averaged
from semicurv_tf.inference.predictor import SERVED_TILE_PX, STRIDE_PX, WHOLE_PIXELS, Predictor
from semicurv_tf.metrics.network_scores import make_predictor
from semicurv_tf.onednn import LARGEST_SIDE_PX, asked_for_onednn
from semicurv_tf.training import run_folder
from semicurv_tf.training.run_data import moved, open_run_dataset

# What may be scored: "labelled" are the training images whose masks the network learned from, "new" those that came
# since the run began (`--new`).
SPLITS = ("test", "validation", "labelled", "new")

# Images of at most this many pixels are predicted in batches of this size; larger ones would take gigabytes.
SMALL_BATCH, SMALL_PIXELS = 4, 512 * 512


class SplitImages(NamedTuple):
    """Images with masks: their store, and their positions in it."""

    store: ImageStore
    indices: list[int]


class PredictedImage(NamedTuple):
    """An image with its prediction: arrays (height, width, channels), (height, width, 1) thrice; raw 0-255, 0 to 1."""

    name: str
    source: str
    image: np.ndarray
    target: np.ndarray
    probability: np.ndarray
    valid: np.ndarray


@dataclass(frozen=True)
class OpenRun:
    """A run that is ready to be scored.

    Attributes:
        folder: the run folder.
        config: its configuration.
        facts: the content of run.json, and `step`.
        dataset: its images.
        predict: from raw images (batch, height, width, channels) to probabilities.
        tta: how these are averaged.
        stride: of the network, see `Predictor`.
    """

    folder: Path
    config: Config
    facts: dict
    dataset: Dataset
    predict: Callable[[np.ndarray], np.ndarray]
    tta: str = "none"
    stride: int = STRIDE_PX

    def images(self, split: str) -> SplitImages:
        """The images of one of `SPLITS` that have masks.

        Raises:
            UserError: there are none.
        """
        store = self.dataset.train if split == "labelled" else getattr(self.dataset, split)
        if split == "new":
            return self._new(store)
        if store is None:
            stores = {"validation": self.dataset.validation, "test": self.dataset.test}
            others = [name for name, each in stores.items() if each is not None and any(each.labelled)]
            others += ["labelled"] if self.facts.get("labelled") else []
            fix = " or ".join(f"--split {name}" for name in others) or "label images, and train with them"
            raise UserError(f"--split {split}: {self.config.data.dataset} has no {split} images. Fix: {fix}")
        if split != "labelled":
            return SplitImages(store, [index for index in range(len(store)) if store.labelled[index]])
        # Those of a run with a manifest that are gone, or lost their mask, were named when it was opened.
        names = self.facts["labelled"]
        if self.dataset.changes is not None:
            there = {row["name"] for row in store.rows if row["labelled"]}
            names = [name for name in names if name in there]
        try:
            if names:
                return SplitImages(store, store.indices(names))
            raise UserError("--split labelled: expected the run's labelled images, found none. Fix: restore them")
        except KeyError as error:
            raise UserError(
                f"--split labelled: {self.config.data.dataset} has no training image {error}. "
                "Fix: --data-dir of the training"
            ) from None

    def _new(self, store: ImageStore | None) -> SplitImages:
        if self.dataset.changes is None:
            raise UserError(
                f"--new: {self.folder} was made by an earlier version and keeps no {run_folder.MANIFEST}, so what came "
                "since cannot be told. Fix: --split test"
            )
        if store is None:
            raise UserError(
                f"--new: expected images with masks that came since {self.folder} began, found none. Fix: add some to "
                "--data-dir, or leave --new out"
            )
        return SplitImages(store, list(range(len(store))))

    def predictions(
        self, images: SplitImages, console: Console | None = None, what: str = "images", batch: int | None = None
    ) -> Iterator[PredictedImage]:
        """Every image with its prediction.

        Args:
            images: of `images`.
            console: for progress; None: silent.
            what: the images' name in the progress.
            batch: images of one size that are predicted together; None: 4, but large images one by one.

        Raises:
            UserError: while it is read, when the network's output is not a number on a valid pixel.
        """
        if batch is None:
            largest = max((height * width for height, width, _ in images.store.shapes), default=0)
            batch = SMALL_BATCH if largest <= SMALL_PIXELS else 1
        batches = evaluation_batches(images.store, batch, images.indices)
        sources = dict(zip(images.store.names, images.store.sources))
        done = self._each(batches, sources)
        if console is None:
            return done
        return iter(track(done, description=what, total=len(images.indices), console=console, transient=True))

    def _probability(self, image: np.ndarray) -> np.ndarray:
        """Of a batch as a whole, or of large images by blended tiles, as `predict` does."""
        side, whole = SERVED_TILE_PX, WHOLE_PIXELS
        if asked_for_onednn():  # in a command that trains; its convolutions of larger images may take minutes
            side, whole = LARGEST_SIDE_PX, LARGEST_SIDE_PX**2
        if image.shape[1] * image.shape[2] <= whole:
            return np.asarray(self.predict(image))
        one = lambda tile: np.asarray(self.predict(tile.astype(np.float32)))
        predictor = Predictor(one, image.shape[-1], tile=side, stride=self.stride)
        return np.stack([predictor.probability(each.astype(np.uint8))[..., None] for each in image])

    def _each(self, batches, sources):
        for batch in batches:
            probability = self._probability(batch["image"])
            for place, name in enumerate(batch["name"]):
                if np.isnan(probability[place][batch["valid"][place] > 0.5]).any():
                    raise UserError(
                        f"{self.folder}: the network's output for {name} is not a number. "
                        "Fix: train again with a smaller training.learning_rate than "
                        f"{self.config.training.learning_rate:g}"
                    )
                arrays = (batch["image"], batch["mask"], probability, batch["valid"])
                yield PredictedImage(name, sources[name], *(array[place] for array in arrays))


def open_run(
    run: Path, data_dir: str | None, console: Console, unlabelled_dir: str | None = None, tta: str | None = None
) -> OpenRun:
    """Loads the deployed network of a run and opens its dataset.

    Args:
        run: a run folder with a checkpoint.
        data_dir: in place of the configuration's, or None.
        console: for progress.
        unlabelled_dir: likewise.
        tta: one of `averaging.CHOICES`; None: the run's `model.tta`.

    Raises:
        UserError: no run, no checkpoint, no dataset.
    """
    network, facts = run_folder.load_deployed(run)
    config = run_folder.read_config(run)
    config = moved(config, data_dir, unlabelled_dir)
    tta = tta or config.model.tta
    alone = make_predictor(network)
    predict = lambda image: averaged(alone, image, tta)
    dataset = open_run_dataset(Path(run), config, console)
    return OpenRun(Path(run), config, facts, dataset, predict, tta, getattr(network, "grid_px", STRIDE_PX))
