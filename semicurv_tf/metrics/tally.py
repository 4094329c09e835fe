"""Scores of a set of images by any metrics: per image, averaged and pooled, with intervals."""

import numpy as np

from semicurv_tf.metrics.bootstrap import LEVEL, RESAMPLES, interval, resample_weights, weighted_mean
from semicurv_tf.metrics.catalogue import COUNTS, METRICS, counts_of
from semicurv_tf.metrics.centreline_match import MATCH_THRESHOLDS
from semicurv_tf.metrics.image import ImageToScore
from semicurv_tf.metrics.levels import LEVELS
from semicurv_tf.metrics.ods_ois import match_f1
from semicurv_tf.metrics.precision_recall import precision_recall_curve

TOLERANCE_PX = 2.0
# Steps of 0.01, and finer ones beyond: a confident network's curve would break off there.
CURVE_THRESHOLDS = np.unique(
    np.concatenate([np.arange(1, 100) / 100, LEVELS[(LEVELS > 0) & (LEVELS < 0.001)], LEVELS[LEVELS > 0.999]])
)


class Tally:
    """Counts images one by one; memory grows by the counts alone, not by pixels.

    Args:
        metrics: names of `METRICS`.
        threshold: foreground is above it, for the metrics of masks.
        tolerance_px: of matched centrelines and of buffers.

    Example:
        >>> tally = Tally(["iou", "cldice"])
        >>> tally.add("a", np.eye(8), np.eye(8))
        >>> tally.scores()["metrics"]["iou"]["mean"]
        1.0
    """

    def __init__(self, metrics, threshold=0.5, tolerance_px=TOLERANCE_PX):
        self.metrics, self.threshold, self.tolerance_px = tuple(metrics), threshold, tolerance_px
        self.names, self.sources = [], []
        self._counts = {kind: [] for kind in counts_of(self.metrics)}

    def add(self, name, target, probability, valid=None, source=None):
        """Counts one image; one without a valid pixel is left out of all scores.

        Args:
            name: of the image.
            target, probability, valid: as `ImageToScore` takes them.
            source: what it was cut from; None: it stands for itself.
        """
        image = ImageToScore(target, probability, valid, self.threshold, self.tolerance_px)
        if not image.valid.any():
            return
        self.names.append(name)
        self.sources.append(name if source is None else source)
        for kind, rows in self._counts.items():
            rows.append(COUNTS[kind](image))

    def counts(self, kind):
        """(images, ...) counts of a key of `COUNTS` that one of the metrics needs."""
        return np.stack(self._counts[kind])

    def each(self):
        """Scores of each image: name to {metric: score}, None where it has none."""
        columns = {
            name: METRICS[name].score(self.counts(METRICS[name].counts))
            for name in self.metrics
            if METRICS[name].per_image
        }
        return {
            image: {name: _number(values[row]) for name, values in columns.items()}
            for row, image in enumerate(self.names)
        }

    def scores(self, resamples=RESAMPLES, seed=0):
        """Scores of the whole set, ready for JSON.

        Args:
            resamples: of the bootstrap.
            seed: of the bootstrap.

        Returns:
            "metrics": name to {"mean", "mean_interval", "pooled", "pooled_interval"}; the mean is over images, an
            interval is [low, high], and None stands where there is none (and "threshold" for "ods": the best one).
            "threshold", "tolerance_px"; "bootstrap": "resamples", "seed", "level", "sources" (how many were
            resampled). With metrics of all thresholds "curve": "threshold", "precision", "recall", pooled.

        Raises:
            ValueError: no image was counted.
        """
        if not self.names:
            raise ValueError("Expected at least one image with valid pixels. Received: none")
        weights = resample_weights(self.sources, resamples, seed)
        metrics = {name: self._summary(METRICS[name], weights) for name in self.metrics}
        if "ods" in metrics:
            best = np.argmax(match_f1(self.counts("matches").sum(axis=0)))
            metrics["ods"]["threshold"] = float(MATCH_THRESHOLDS[best])
        scores = {
            "threshold": self.threshold,
            "tolerance_px": self.tolerance_px,
            "bootstrap": {"resamples": resamples, "seed": seed, "level": LEVEL, "sources": len(set(self.sources))},
            "metrics": metrics,
        }
        if "levels" in self._counts:
            curve = precision_recall_curve(self.counts("levels").sum(axis=0), CURVE_THRESHOLDS)
            points = {"threshold": CURVE_THRESHOLDS, "precision": curve[0], "recall": curve[1]}
            scores["curve"] = {name: [round(float(value), 8) for value in values] for name, values in points.items()}
        return scores

    def _summary(self, metric, weights):
        counts = self.counts(metric.counts)
        summary = {"mean": None, "mean_interval": None, "pooled": None, "pooled_interval": None}
        if metric.per_image:
            values = np.asarray(metric.score(counts), np.float64)
            if not np.isnan(values).all():
                summary["mean"] = float(np.nanmean(values))
                summary["mean_interval"] = None if weights is None else interval(weighted_mean(values, weights))
        if metric.pooled:
            summary["pooled"] = _number(metric.score(counts.sum(axis=0)))
            if weights is not None:
                # In floating point, whose matrix product is fast; the counts stay whole numbers below 2**53.
                drawn = (weights.astype(np.float64) @ counts.reshape(len(counts), -1)).reshape(
                    len(weights), *counts.shape[1:]
                )
                summary["pooled_interval"] = interval(metric.score(drawn))
        return summary


def _number(value):
    return None if np.isnan(value) else float(value)
