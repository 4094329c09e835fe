"""A run for Python: predicted with, scored, exported, resumed, in the words of the command line."""

from collections.abc import Iterable
from pathlib import Path

from semicurv_tf.api.interrupted import interrupted
from semicurv_tf.api.network import Network
from semicurv_tf.api.settings import console, settings_of
from semicurv_tf.config import Config, load_stored_config
from semicurv_tf.errors import UserError


class Run(Network):
    """A folder made by `semicurv_tf.train` or `semicurv-tf train`; `open_run` opens one.

    Attributes:
        folder: the run folder.
    """

    def __init__(self, folder: str | Path):
        super().__init__(run=str(folder))
        self.folder = Path(folder)
        self.config  # noqa: B018  a folder that is no run is said at once

    def __repr__(self):
        return f"Run({str(self.folder)!r})"

    @property
    def config(self) -> Config:
        """The resolved configuration."""
        from semicurv_tf.training.run_folder import read_config

        return read_config(self.folder)

    def evaluate(
        self,
        split: str | None = None,
        *,
        new: bool = False,
        metrics: str | Iterable[str] = (),
        threshold: float | str = 0.5,
        tolerance_px: float = 2.0,
        page: str | Path | None = None,
        data_dir: str | Path | None = None,
        unlabelled_dir: str | Path | None = None,
        quiet: bool = True,
    ) -> dict:
        """Scores the deployed network, as `semicurv-tf evaluate` does, and writes `RUN/scores.json`.

        Args:
            split: "test" (the default), "validation" or "labelled".
            new: instead of a split: images with masks that came since the run began.
            metrics: further ones with intervals: names, or "all".
            threshold: foreground above this probability; "chosen": the one of `choose_threshold`.
            tolerance_px: for matching centrelines and for buffers.
            page: also write an HTML page with all scores to this file.
            data_dir, unlabelled_dir: the dataset's folders, if they moved.
            quiet: no progress.

        Returns:
            `{"mean": {"iou", "f1", "precision", "recall"}, "pooled": ..., "images": ..., "each": ..., ...}`, scores in
            [0, 1].

        Raises:
            UserError: no such images, or an invalid option.
        """
        from semicurv_tf.evaluation.choose_threshold import threshold_of
        from semicurv_tf.evaluation.open_run import SPLITS, open_run
        from semicurv_tf.evaluation.score_run import score_images
        from semicurv_tf.metrics.catalogue import metrics_of

        if new and split is not None:
            raise UserError(f"new: expected no split beside it, found split={split!r}. Fix: leave one of them out")
        split = "new" if new else split or "test"
        if split not in SPLITS:
            raise UserError(f'split: expected one of {", ".join(SPLITS)}, found {split!r}. Fix: split="test"')
        if not (threshold == "chosen" if isinstance(threshold, str) else 0 < threshold < 1):
            raise UserError(f'threshold: expected a number in (0, 1) or "chosen", found {threshold!r}. Fix: 0.5')
        listed = metrics if isinstance(metrics, str) else ",".join(metrics)
        names = metrics_of(listed or None, page is not None)
        if page is not None:
            from semicurv_tf.report.page import require_file

            require_file(Path(page), "page")
        opened = open_run(self.folder, _text(data_dir), console(quiet), _text(unlabelled_dir))
        number = threshold_of(str(threshold), opened)
        scores = score_images(opened, split, console(quiet), names, number, tolerance_px)
        if page is not None:
            from semicurv_tf.report.evaluation_page import write_evaluation_page

            write_evaluation_page(Path(page), opened, scores, console(quiet))
        return scores

    def evaluate_folds(
        self,
        folds: int = 5,
        *,
        data_dir: str | Path | None = None,
        unlabelled_dir: str | Path | None = None,
        quiet: bool = True,
    ) -> dict:
        """Trains as this run was, `folds` times, each without a part of all masks, and scores it on that part.

        As `semicurv-tf evaluate --folds` does; called again it goes on where it stopped. The run's own network stays.

        Args:
            folds: how many networks, at least 2.
            data_dir, unlabelled_dir: the dataset's folders, if they moved.
            quiet: no progress.

        Returns:
            What `RUN/folds-N.json` holds: "mean", "deviation" of the folds, "interval", "each", ...; scores in [0, 1].

        Raises:
            UserError: fewer photographs with masks than folds.
            KeyboardInterrupt: after Ctrl-C, with a checkpoint written.
        """
        from semicurv_tf.evaluation.folds import score_folds

        if folds < 2:
            raise UserError(f"folds: expected at least 2, found {folds}. Fix: folds=5")
        with interrupted(self.folder):
            return score_folds(self.folder, folds, console(quiet), _text(data_dir), _text(unlabelled_dir))

    def advise(
        self,
        folds: int = 3,
        *,
        steps: int | None = None,
        data_dir: str | Path | None = None,
        unlabelled_dir: str | Path | None = None,
        quiet: bool = True,
    ) -> dict:
        """Says whether more labels would pay, as `semicurv-tf advise` does: the IoU expected at twice the labels.

        Trains nine short networks by default; called again it goes on where it stopped. The run's own network stays.

        Args:
            folds: into how many parts the masks are put, at least 2.
            steps: length of each network; None: a third of the run's.
            data_dir, unlabelled_dir: the dataset's folders, if they moved.
            quiet: no progress.

        Returns:
            What `RUN/advice.json` holds: "sentence", "now", "twice" and "gain", each with "expected", "low" and
            "high" in percent, "scores", ...

        Raises:
            UserError: no finished run, no labels, or too few photographs with a mask.
            KeyboardInterrupt: after Ctrl-C, with a checkpoint written.
        """
        from semicurv_tf.advice.advise import advise
        from semicurv_tf.advice.outcome import as_dict

        if folds < 2:
            raise UserError(f"folds: expected at least 2, found {folds}. Fix: folds=3")
        with interrupted(self.folder):
            found = advise(self.folder, console(quiet), folds, steps, _text(data_dir), _text(unlabelled_dir))
        return {} if found is None else as_dict(found)

    def choose_threshold(
        self,
        split: str | None = None,
        *,
        choose_by: str = "iou",
        data_dir: str | Path | None = None,
        unlabelled_dir: str | Path | None = None,
        quiet: bool = True,
    ) -> dict:
        """Chooses the threshold that `predict` and `export` then use, as `evaluate --choose-threshold` does.

        Args:
            split: "validation", or "labelled" where there are no validation images.
            choose_by: "iou" or "f1", whose mean over the images is maximised.
            data_dir, unlabelled_dir: the dataset's folders, if they moved.
            quiet: no progress.

        Returns:
            What `RUN/threshold.json` holds: "threshold", "score", "score_at_0.5", "images", ...

        Raises:
            UserError: a split that results are reported on, or one without images.
        """
        from semicurv_tf.evaluation import choose_threshold as choosing
        from semicurv_tf.evaluation.open_run import open_run

        if choose_by not in choosing.CHOICES:
            raise UserError(f'choose_by: expected "iou" or "f1", found {choose_by!r}. Fix: choose_by="iou"')
        if split not in (None, "validation", "labelled"):
            choosing.require_no_test(split)
            raise UserError(f"split: expected validation or labelled, found {split!r}. Fix: split='validation'")
        opened = open_run(self.folder, _text(data_dir), console(quiet), _text(unlabelled_dir))
        chosen = choosing.choose_threshold(opened, split, choose_by, console(quiet))
        self._predictors.clear()
        return chosen

    def export(
        self,
        output: str | Path,
        *,
        version: int | None = None,
        max_batch: int = 8,
        size: tuple[int, int] | None = None,
        threshold: float | None = None,
        precision: str = "float32",
        max_pixels: int | None = None,
    ) -> Path:
        """Writes a SavedModel for TensorFlow Serving, as `semicurv-tf export` does.

        Args:
            output: the model's folder, whose name is the model's; the version becomes a folder in it.
            version: a number above 0; None: the highest one there plus 1.
            max_batch: the largest batch that the server may form.
            size: `(height, width)` to serve this size only; None serves any.
            threshold: of the served mask; None: the run's chosen one, else 0.5.
            precision: "float32" or "bfloat16", of the features.
            max_pixels: largest height x width of a served image; None: 4,194,304, more of a run with
                `data.resize`.

        Returns:
            The version folder; `semicurv_tf.load` opens it.

        Raises:
            UserError: the run cannot be read, or the version exists or cannot be written.
        """
        from semicurv_tf.export.from_run import export_run
        from semicurv_tf.export.saved_model import choose_version

        choose_version(str(output), version)
        if precision not in ("float32", "bfloat16"):
            raise UserError(f'precision: expected float32 or bfloat16, found {precision!r}. Fix: precision="float32"')
        return export_run(
            self.folder, output, version=version, max_batch=max_batch, size=size, threshold=threshold,
            precision=precision, max_pixels=max_pixels,
        ).version  # fmt: skip

    def resume(self, *, quiet: bool = False, **settings) -> "Run":
        """Goes on from the newest checkpoint, as `semicurv-tf train --resume` does.

        Args:
            quiet: no progress.
            **settings: as for `semicurv_tf.train`; what a run may change: its length (`steps`), `data_dir`, `devices`.

        Returns:
            This run.

        Raises:
            UserError: another configuration, other images, or another process in it.
            KeyboardInterrupt: after Ctrl-C, with a checkpoint written.
        """
        from semicurv_tf.training import run_folder
        from semicurv_tf.training import train as training

        values = settings_of("resume", settings)
        changed = load_stored_config(self.folder / run_folder.CONFIG, values) if values else None
        with interrupted(self.folder):
            training.resume(self.folder, changed, console(quiet))
        self._predictors.clear()
        return self


def open_run(folder: str | Path) -> Run:
    """Opens a run for predictions, scores and exports.

    Args:
        folder: made by `semicurv_tf.train` or `semicurv-tf train --run`.

    Raises:
        UserError: it is no run folder.
    """
    return Run(folder)


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)
