"""How much a tiled prediction differs from the untiled one: away from tile borders, and at worst.

    python scripts/measure_seams.py --run RUN --input IMAGE [IMAGE ...] [--tile 256] [--encoding none]
    python scripts/measure_seams.py --run RUN          # on the built-in images, a mosaic of 1500x1500 pixels

Prints, per image, differences of the probability: where tile borders are out of the receptive field's reach, at worst,
the mean, and the share of pixels whose mask changes; then two seam figures that do not need the untiled answer: how
much the tiled probability jumps across the lines along which blending is half and half, beside how much it jumps
elsewhere. With an encoding the untiled network sees other coordinates than its tiles; `--encoding none` takes it out of
the same weights, to look at the tiling alone.
"""

import argparse
from pathlib import Path

import numpy as np

from semicurv_tf.data.drawing import draw_example
from semicurv_tf.images.reader import read_image
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.inference.tiles import Side


def main():
    arguments = parse()
    from semicurv_tf.training.run_folder import load_deployed

    network, about = load_deployed(arguments.run)
    channels, note = about["channels"], ""
    if arguments.encoding == "none":
        network, note = without_encoding(network), " (encoding replaced by zeros)"
    whole = Predictor.from_network(network, channels, whole_pixels=2**40)
    tiled = Predictor.from_network(network, channels, tile=arguments.tile)
    tile = tiled.tile_for(0, 0)
    overlap = tiled.overlap(tile)
    reach = receptive_radius(whole, tiled.stride, channels)
    print(f"tiles of {tile} px, overlap at least {overlap} px, reach of the network {reach} px{note}")
    print("image | away from borders: worst | anywhere: worst, mean, mask changed | jump at seams, elsewhere")
    for name, image in images(arguments.input, channels):
        untiled, blended = whole.probability(image), tiled.probability(image)
        sides = [Side(length, tile, overlap, tiled.stride) for length in image.shape[:2]]
        difference = np.abs(untiled - blended)
        away = ~near_borders(sides, reach)
        far = f"{difference[away].max():.2e} ({away.mean():.0%} of the pixels)" if away.any() else "no such pixel"
        changed = np.mean((untiled > 0.5) != (blended > 0.5))
        at, elsewhere = jumps(blended, sides)
        print(
            f"{name} | {far} | {difference.max():.3f}, {difference.mean():.2e}, {changed:.3%} | "
            f"{at:.4f}, {elsewhere:.4f}"
        )


def without_encoding(network):
    """The same network with its coordinate channels at 0 everywhere."""
    import tensorflow as tf

    from semicurv_tf.layers import CoordEncoding

    def zeros(layer):
        encode = layer.call

        def call(features):
            encoded, kept = encode(features), features.shape[-1]
            return tf.concat([encoded[..., :kept], tf.zeros_like(encoded[..., kept:])], axis=-1)

        return call

    for layer in network._flatten_layers():
        if isinstance(layer, CoordEncoding):
            layer.call = zeros(layer)
    return network


def receptive_radius(predictor: Predictor, stride: int, channels: int) -> int:
    """How far a change of the input is felt, in pixels: measured by changing cells of the coarsest grid."""
    side = 32 * stride
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (side, side, channels), np.uint8)
    before = predictor.probability(image)
    changed = image.copy()
    first, last = side // 2, side // 2 + stride
    changed[first:last, first:last] = generator.integers(0, 256, (stride, stride, channels), np.uint8)
    rows = np.flatnonzero((np.abs(predictor.probability(changed) - before) > 0).any(axis=1))
    return int(max(first - rows.min(), rows.max() + 1 - last)) + stride  # a stride: the phase within the cell


def near_borders(sides: list[Side], reach: int) -> np.ndarray:
    """Pixels within reach of a border that a tile has inside the image, bool `(height, width)`."""
    near = []
    for side in sides:
        borders = np.array([*side.starts[1:], *(start + side.used for start in side.starts[:-1])])
        near.append((np.abs(np.arange(side.length)[:, None] - borders) <= reach).any(axis=1))
    return near[0][:, None] | near[1][None, :]


def jumps(probability: np.ndarray, sides: list[Side]) -> tuple[float, float]:
    """Mean absolute step between neighbouring rows and columns, in the middle of overlaps and elsewhere."""
    at, elsewhere = [], []
    for axis, side in enumerate(sides):
        steps = np.abs(np.diff(probability, axis=axis)).mean(axis=1 - axis)
        middle = [(b + a + side.used) // 2 - 1 for a, b in zip(side.starts, side.starts[1:], strict=False)]
        at += [steps[place] for place in middle]
        elsewhere += np.delete(steps, middle).tolist()
    return (float(np.mean(at)) if at else float("nan")), float(np.mean(elsewhere))


def images(paths: list[str], channels: int):
    for path in paths:
        yield Path(path).name, read_image(Path(path), channels)
    if not paths:
        rows = [
            np.concatenate([draw_example([9, 12 * row + column])[0] for column in range(12)], axis=1)
            for row in range(12)
        ]
        mosaic = np.concatenate(rows)[:1500, :1500]
        yield "built-in", mosaic if channels == 3 else mosaic[..., :1]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="a run folder")
    parser.add_argument("--input", nargs="*", default=[], help="images; default: the built-in ones")
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--encoding", choices=["own", "none"], default="own")
    return parser.parse_args()


if __name__ == "__main__":
    main()
