"""First half of check_legacy.sh, in this project's environment: what the old TensorFlow shall answer.

    python legacy_expect.py FOLDER [VERSION_FOLDER]

Writes FOLDER/expected.npz: images with Keras' probabilities, and images with their warps.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import semicurv_tf.models
from semicurv_tf.errors import UserError
from semicurv_tf.export.card import read_card
from semicurv_tf.export.from_run import KERAS_MODEL, export_network
from semicurv_tf.geometry import affine
from semicurv_tf.geometry.warp import warp

SIZES = ((64, 64), (37, 53))


def main(folder: Path, version: str | None):
    generator = np.random.default_rng(0)
    version = Path(version) if version else export_random(folder / "models" / "semicurv")
    try:
        card = read_card(version)
    except UserError as error:
        sys.exit(f"error: {error}")
    network = keras.saving.load_model(version / "assets.extra" / KERAS_MODEL, compile=False)
    expected = {"version": str(version), "precision": card["precision"]}
    for number, size in enumerate([tuple(card["size"])] if card["size"] else SIZES):
        image = generator.integers(0, 256, (2, *size, card["channels"]), np.uint8)
        expected[f"image_{number}"] = image
        expected[f"probability_{number}"] = tf.sigmoid(network(tf.cast(image, tf.float32), training=False)).numpy()

    image = generator.uniform(0, 255, (8, 33, 47, 3)).astype(np.float32)
    degrees = tf.constant(generator.uniform(0, 360, 8), tf.float32)
    scale = tf.constant(generator.uniform(0.7, 1.5, 8), tf.float32)
    shift = tf.constant(generator.uniform(-9, 9, (2, 8)), tf.float32)
    forward = affine.compose(
        affine.rotation(degrees), affine.scaling(scale, scale), affine.translation(shift[0], shift[1])
    )
    forward = affine.about_centre(forward, 33, 47)
    expected["warp_image"] = image
    expected["warp_lookup"] = affine.invert(forward).numpy().reshape(8, 9)[:, :8]
    for mode in ("REFLECT", "CONSTANT"):
        expected[f"warp_{mode}"] = warp(image, forward, mode).numpy()
    np.savez(folder / "expected.npz", **expected)


def export_random(models: Path) -> Path:
    network = semicurv_tf.models.ResidualUNet(widths=(8, 16, 32))
    network.build((None, None, None, 3))
    card = {
        "channels": 3,
        "threshold": 0.5,
        "size": None,
        "max_pixels": 4_194_304,
        "max_batch": 1,
        "precision": "float32",
    }
    return export_network(network, models, card).version


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
