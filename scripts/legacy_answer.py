"""Second half of check_legacy.sh, in TensorFlow 2.15.1 with Keras 2: what it does answer.

    python legacy_answer.py FOLDER

Exit code 1 where a number differs.
"""

import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # tensorflow-addons announces its end of life
    import tensorflow_addons as tfa

TOLERANCE = {"float32": 1e-5, "bfloat16": 0.1}


def main(folder: Path) -> int:
    expected = np.load(folder / "expected.npz")
    version, tolerance = str(expected["version"]), TOLERANCE[str(expected["precision"])]
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, tensorflow-addons {tfa.__version__}")
    signatures = tf.saved_model.load(version).signatures
    by_keras = tf.keras.models.load_model(version).signatures["serving_default"]
    worst = 0.0
    for number in range(sum(name.startswith("image_") for name in expected)):
        image = tf.constant(expected[f"image_{number}"])
        wanted = expected[f"probability_{number}"]
        for load, signature in (
            ("tf.saved_model.load", signatures["serving_default"]),
            ("tf.keras.models.load_model", by_keras),
        ):
            difference = np.abs(signature(image=image)["probability"] - wanted).max()
            print(f"{load}, {image.shape[1]}x{image.shape[2]}: largest difference {difference:.2g}")
            worst = max(worst, difference)
    encoded = tf.constant([tf.io.encode_png(image[0]).numpy(), b"broken"])
    fraction = signatures["predict_bytes"](image_bytes=encoded)["foreground_fraction"].numpy()
    print(f"predict_bytes: foreground {fraction[0]:.4f}, broken picture {fraction[1]:g}")

    same = fraction[1] == -1
    for mode in ("REFLECT", "CONSTANT"):
        oracle = tfa.image.transform(
            expected["warp_image"], expected["warp_lookup"], interpolation="bilinear", fill_mode=mode.lower()
        )
        differing = int(np.sum(oracle.numpy() != expected[f"warp_{mode}"]))
        print(f"warp {mode}: {differing} of {oracle.numpy().size} values differ from tfa.image.transform")
        same = same and differing == 0
    passed = same and worst <= tolerance
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
