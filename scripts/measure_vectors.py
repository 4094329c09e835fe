"""How well `semicurv-tf vectorize` measures lines whose length and width are known, and what a large mask costs.

    python scripts/measure_vectors.py
    python scripts/measure_vectors.py --large 10000

Prints Markdown tables: straight lines of 100 px at 48 angles and random places, circles, and with --large time and
memory for a mask of that side, tiled from random lines.
"""

import resource
import time

import click
import numpy as np
from scipy import ndimage

from semicurv_tf.vector import vectorize_mask
from semicurv_tf.vector.skeleton import find_skeleton

WIDTHS_PX = (1, 1.5, 2, 3, 4, 5.7, 8, 12.3, 20)
ANGLES_DEG = np.arange(0, 180, 3.75)


@click.command()
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--large", type=click.IntRange(min=1000), help="Side of a large mask in pixels.")
def main(seed, large):
    """Print how far lengths and widths are from the true ones."""
    if large:
        print_cost(large, seed)
        return
    generator = np.random.default_rng(seed)
    print(
        f"Straight lines of 100 px, {len(ANGLES_DEG)} angles: error in px, mean and (mean absolute, largest absolute)\n"
    )
    print("| width | mean width | largest width | 2 x distance - 1 | length |\n|---|---|---|---|---|")
    for width in WIDTHS_PX:
        errors = [_line_errors(width, angle, 80 + generator.uniform(-0.5, 0.5, 2)) for angle in ANGLES_DEG]
        print(f"| {width} | " + " | ".join(map(_said, zip(*errors))) + " |")
    print("\nCircles: length over 2 pi r\n")
    print("| radius | width 1 | width 3 | width 6 |\n|---|---|---|---|")
    for radius in (5, 10, 20, 60):
        found = [
            vectorize_mask(_ring(radius, width)).segments[0].pixels.length / (2 * np.pi * radius) for width in (1, 3, 6)
        ]
        print(f"| {radius} | " + " | ".join(f"{ratio:.4f}" for ratio in found) + " |")


def print_cost(side: int, seed: int):
    """Time and memory of one large mask."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((1000, 1000)), 12, mode="wrap")
    tile = abs(noise) < np.quantile(abs(noise), 0.05)
    count = -(-side // 1000)
    mask = np.tile(tile, (count, count))[:side, :side]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    vectors = vectorize_mask(mask)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    summary = vectors.summary()
    print(
        f"{side}x{side}: {seconds:.0f} s of one core, {seconds / mask.size * 1e6:.2f} s per megapixel, peak {peak:.0f} "
        "MB "
        f"({mask.nbytes / 2**20:.0f} MB of it the mask, {before:.0f} MB before), {summary['total_length_px']:.3g} px "
        "of lines in "
        f"{summary['segments']} segments, {summary['foreground_percent']:.1f} % foreground"
    )


def _line_errors(width, angle, centre):
    y, x = np.mgrid[:160, :160].astype(float)
    turn = np.radians(angle)
    along = (x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)
    across = (y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)
    mask = (abs(along) <= 50) & (abs(across) <= width / 2)
    (segment,) = vectorize_mask(mask).segments
    found = segment.pixels
    plain = (2 * find_skeleton(mask).radius_px - 1).mean()
    return found.mean_width - width, found.max_width - width, plain - width, found.length - 100


def _ring(radius, width):
    y, x = np.mgrid[:160, :160].astype(float)
    return abs(np.hypot(x - 80.3, y - 79.8) - radius) <= width / 2


def _said(errors):
    errors = np.array(errors)
    return f"{errors.mean():+.2f} ({abs(errors).mean():.2f}, {abs(errors).max():.2f})"


if __name__ == "__main__":
    main()
