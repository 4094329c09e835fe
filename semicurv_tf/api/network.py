"""An opened network: predictions of one image, whatever it comes as, equal to those of `semicurv-tf predict`."""

from pathlib import Path
from typing import Any

import numpy as np

from semicurv_tf.api.images import Image, opened_image
from semicurv_tf.api.prediction import Prediction
from semicurv_tf.errors import UserError
from semicurv_tf.inference.averaging import CHOICES
from semicurv_tf.inference.memory import DEFAULT
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.predict.open_predictor import open_predictor
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.vector.layers import KINDS
from semicurv_tf.vector.segments import Vectors

BUILT_IN = "curves"


class Network:
    """A network that predicts; it is loaded when it first does. `load` and `open_run` make one.

    Args:
        run: a run folder; or
        saved_model: an exported version folder; or neither of them: the built-in network.
        trust: load a `saved_model` that may read and write files too.
    """

    def __init__(self, *, run: str | None = None, saved_model: str | None = None, trust: bool = False):
        self._source: dict[str, Any] = {"run": run, "saved_model": saved_model, "trust": trust}
        self._predictors: dict[PredictorOptions, Predictor] = {}

    def predict(
        self,
        image: Image,
        *,
        threshold: float | None = None,
        tta: str | None = None,
        tile: int | None = None,
        memory: str = DEFAULT,
        no_data: str | None = None,
        kind: str | None = None,
        width_px: float | None = None,
        precision: str = "float32",
        page: int | None = None,
    ) -> Prediction:
        """Predicts one image; what it finds in a file is, to the pixel, what `semicurv-tf predict` writes for it.

        Args:
            image: the path of a file; or a `PIL.Image`; or an array `(height, width)` or `(height, width, channels)`,
                channels in RGB order: uint8, raw 0-255, or bool; wider integers are stretched to 8 bit as those of a
                file are. Grey is repeated, colours are turned to grey, as the network needs it.
            threshold: foreground above this probability; None: the run's chosen one, else 0.5.
            tta: "none"; "d4": the average over the eight flips and quarter turns, in eight times the time; "scales":
                over three scales; "all": over both; None: as the run or the export says.
            tile: side of the tiles in pixels, by which larger images are predicted; None: by `memory`.
            memory: of the whole process, e.g. "2GB".
            no_data: pixels whose channels are all in this range of 0-255 get no mask, e.g. "253-255".
            kind, width_px: of the built-in network: what the structures are ("crack", "road", "vessel", "membrane"),
                which chooses the threshold, and about how wide they are in pixels.
            precision: "float32", "bfloat16" or "auto", of the network of a run.
            page: of a file with several pages, from 0.

        Returns:
            The probability and the mask, `(height, width)`.

        Raises:
            UserError: a file that cannot be read, an array of another kind, or an invalid option.

        Example:
            >>> import semicurv_tf
            >>> image = np.full((32, 48), 200, np.uint8)
            >>> prediction = semicurv_tf.load("curves").predict(image)
            >>> prediction.probability.shape, prediction.probability.dtype, prediction.mask.any()
            ((32, 48), dtype('float32'), np.False_)
        """
        if threshold is not None and not 0 < threshold < 1:
            raise UserError(f"threshold: expected a number in (0, 1), found {threshold}. Fix: threshold=0.5")
        predictor = self._predictor(
            PredictorOptions(
                **self._source,
                tta=tta and _one_of("tta", tta, *CHOICES),
                tile=_tile(tile),
                memory=memory,
                no_data=no_data,
                kind=kind and _one_of("kind", kind, *KINDS),
                width_px=width_px,
                precision=_one_of("precision", precision, "float32", "bfloat16", "auto"),
            )
        )
        with opened_image(image, predictor.channels, predictor.value_range, page) as found:
            bands = list(predictor.bands(found.source))
        probability = np.concatenate([band.probability for band in bands])
        parts = [band.valid for band in bands if band.valid is not None]
        return Prediction(
            probability,
            probability > (predictor.threshold if threshold is None else threshold),
            predictor.threshold if threshold is None else float(threshold),
            np.concatenate(parts) if parts else None,
            found.grid,
            found.notes,
            found.name,
        )

    def vectorize(self, image: Image, output: str | Path | None = None, **settings) -> Vectors:
        """The lines of an image: `predict(image).vectorize(output, ...)`; see `Prediction.vectorize`."""
        return self.predict(image).vectorize(output, **settings)

    def _predictor(self, options: PredictorOptions) -> Predictor:
        if options not in self._predictors:
            self._predictors[options], _ = open_predictor(options)
        return self._predictors[options]


def load(name: str | Path = BUILT_IN, *, trust: bool = False) -> Network:
    """The built-in network, or one that was exported.

    Args:
        name: "curves": the network that comes with the package, taught drawn curves alone; or the version folder of an
            export, e.g. "MODELS/semicurv/1".
        trust: load an export that may read and write files too.

    Raises:
        UserError: neither, or `trust` for the built-in network.
    """
    if str(name) == BUILT_IN:
        if trust:
            raise UserError(f"trust=True: of an export alone, found {BUILT_IN!r}. Fix: leave it out")
        return Network()
    if not Path(name).is_dir():
        raise UserError(
            f"{name}: expected {BUILT_IN!r} or the version folder of an export, found no such folder. "
            f'Fix: semicurv_tf.load("{BUILT_IN}")'
        )
    if (Path(name) / "run.json").is_file():
        raise UserError(f'{name}: expected an export, found a run. Fix: semicurv_tf.open_run("{name}")')
    return Network(saved_model=str(name), trust=trust)


def _one_of(argument: str, value: str, *choices: str) -> str:
    if value not in choices:
        raise UserError(
            f"{argument}: expected one of {', '.join(choices)}, found {value!r}. Fix: {argument}={choices[0]!r}"
        )
    return value


def _tile(tile: int | None) -> int | None:
    if tile is not None and tile < 32:
        raise UserError(f"tile: expected at least 32 pixels, found {tile}. Fix: tile=32, or leave it out")
    return tile
