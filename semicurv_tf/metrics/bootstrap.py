"""Intervals of scores by resampling what was sampled (Efron 1979): images, or the larger images they were cut from.

Crops of one photograph are alike, and resampling them one by one would promise too narrow an interval; so all crops
of a source are drawn together.
"""

import numpy as np

RESAMPLES = 1000
LEVEL = 0.95


def resample_weights(sources, resamples=RESAMPLES, seed=0):
    """How often each image occurs in each resample.

    Args:
        sources: what each image was cut from, one per image; images of one source are drawn together.
        resamples: how many resamples.
        seed: another seed, other resamples.

    Returns:
        (resamples, images) int64, or None with fewer than two sources: their spread cannot be known.
    """
    _, source = np.unique(np.asarray(sources, str), return_inverse=True)
    count = source.max(initial=-1) + 1
    if count < 2:
        return None
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)[:, source]


def interval(values, level=LEVEL):
    """The percentile interval of resampled scores: [low, high], or None if there are none. NaN are left out."""
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return [float(low), float(high)]


def weighted_mean(values, weights):
    """The mean over images in each resample.

    Args:
        values: (images,); NaN are left out.
        weights: (resamples, images).

    Returns:
        (resamples,) float64; NaN where a resample has no image with a value.
    """
    known = ~np.isnan(values)
    total = weights[:, known].sum(axis=1)
    return np.where(total > 0, weights[:, known] @ values[known] / np.maximum(total, 1), np.nan)
