import numpy as np
import pytest
from PIL import Image

from semicurv_tf.acquisition.next_images import Judges


@pytest.fixture
def judges():
    """The student sees red lines; its teacher agrees but where there is green: disagreement is where one paints it."""

    def student(image):
        return (image[..., 0] / 255).astype(np.float32)

    def teacher(image):
        return np.abs(student(image) - image[..., 1] / 255).astype(np.float32)

    def features(image):
        mean = image.mean(axis=(0, 1)) + 1
        return mean / np.linalg.norm(mean)

    return Judges([student, teacher], features, channels=3, labelled=("done/first",))


@pytest.fixture
def folder(tmp_path):
    """Twelve easy images; two hard ones, alike except for noise; a third hard one, blue; a labelled one; a bad one."""
    generator = np.random.default_rng(0)
    images = tmp_path / "images"

    def save(name, green_rows, blue=0):
        pixels = np.zeros((32, 48, 3), np.uint8)
        pixels[8:11, :, 0] = 255
        pixels[:green_rows, :, 1] = 255
        pixels[..., 2] = blue + generator.integers(0, 3, (32, 48))
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(images / name)

    for index in range(12):
        save(f"easy_{index:02d}.png", index % 2)
    save("hard_a.png", 20)
    save("hard_b.png", 19)
    save("deep/hard_blue.png", 14, blue=200)
    save("done/first.png", 32)
    (images / "bad.png").write_bytes(b"bad")
    return images
