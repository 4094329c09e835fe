"""Measures what the metrics cost per image, on drawn curves with soft, noisy predictions.

    python scripts/benchmark_metrics.py

Two lines a group of metrics: crops of 128x128, and images of 584x565 (a retina of DRIVE) tiled from such
crops. The last column adds up to a test set: 160 crops, 20 images. Processor time of one process: what else the
machine does hardly counts.
"""

import argparse
import json
import time

import numpy as np
from benchmark.machine import describe_machine
from scipy.ndimage import gaussian_filter

from semicurv_tf.data.drawing import draw_example
from semicurv_tf.metrics.catalogue import COUNTS, METRICS
from semicurv_tf.metrics.image import ImageToScore
from semicurv_tf.metrics.tally import Tally

SETS = {"128x128": ((128, 128), 160), "584x565": ((584, 565), 20)}  # size, images of a test set


def example(size, seed):
    """A mask of drawn curves, and a probability that misses some of it and invents other curves."""
    generator = np.random.default_rng(seed)
    rows, columns = (range(-(-length // 128)) for length in size)
    tiles = [[draw_example([seed, row, column])[1][..., 0] for column in columns] for row in rows]
    target = np.block(tiles)[: size[0], : size[1]]
    grain = gaussian_filter(generator.normal(size=size), 1.5) * 0.3
    strength = np.clip(gaussian_filter(generator.normal(size=size), 15) * 15 + 0.8, 0, 1)
    probability = gaussian_filter(target * strength, 1.0) * 1.3 + grain
    return target, np.clip(probability, 0, 1).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=8, help="images of each size that are timed")
    images = parser.parse_args().images
    print(json.dumps(describe_machine()))
    for name, (size, count) in SETS.items():
        pictures = [example(size, seed) for seed in range(images)]
        ImageToScore(*pictures[0]).target_skeleton  # noqa: B018  what is imported at first use is not timed
        print(f"{name}\n{'counts of':<64}{'ms per image':>14}{f's for {count}':>12}")
        for kind in COUNTS:
            seconds = timed(lambda picture, kind=kind: COUNTS[kind](ImageToScore(*picture)), pictures)
            title = ", ".join(metric for metric in METRICS if METRICS[metric].counts == kind)
            print(f"{title:<64}{1000 * seconds:>14.1f}{count * seconds:>12.1f}")
        tally = Tally(METRICS)
        seconds = timed(lambda picture, tally=tally: tally.add(str(len(tally.names)), *picture), pictures)
        print(f"{'all, skeletons and matches shared':<64}{1000 * seconds:>14.1f}{count * seconds:>12.1f}")
        start = time.process_time()
        tally.scores()
        print(f"scores and intervals of {len(tally.names)} images: {time.process_time() - start:.2f} s")


def timed(call, pictures):
    start = time.process_time()
    for picture in pictures:
        call(picture)
    return (time.process_time() - start) / len(pictures)


if __name__ == "__main__":
    main()
