import numpy as np
import pytest
import tifffile
from PIL import Image

import semicurv_tf
from semicurv_tf.cli.main import cli
from semicurv_tf.drawing.scene import draw_image
from tests.end_to_end.conftest import command  # noqa: F401  a fixture

TINY = {"widths": [4, 8]}
SMALL_BATCHES = {"batch_labelled": 1, "batch_unlabelled": 2, "monitor_every": 100, "pictures_every": 100}


def typed(*arguments):
    """A command as it is typed, in this process: TensorFlow need not load again."""
    cli.main([str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A finished run of a tiny network on the built-in data, trained from Python."""
    folder = tmp_path_factory.mktemp("api") / "run"
    return semicurv_tf.train(
        "synthetic", run=folder, labels=0.2, steps=4, method="semicurv", precision="float32", model=TINY, quiet=True,
        data={"options": {"train": 8, "validation": 5, "test": 3}}, training=SMALL_BATCHES,
    )  # fmt: skip


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """Drawn images, in the kinds of files that people have."""
    folder = tmp_path_factory.mktemp("photographs")
    image, _ = draw_image(3, "cracks", 96)
    image = np.ascontiguousarray(image[:, :80])
    Image.fromarray(image).save(folder / "colour.png")
    Image.fromarray(image[..., 0]).save(folder / "grey.png")
    Image.fromarray(image).quantize(32).save(folder / "palette.png")
    Image.fromarray(np.dstack([image, image[..., :1]])).save(folder / "alpha.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(image).save(folder / "turned.jpg", exif=turned)
    tifffile.imwrite(folder / "deep.tif", image[..., 0].astype(np.uint16) * 9 + 400)
    tifffile.imwrite(folder / "stack.tif", np.stack([image[..., 0], image[..., 1]]), photometric="minisblack")
    return folder


@pytest.fixture(scope="session")
def geotiff(photographs):
    """A GeoTIFF among them: half a metre per pixel, UTM 33N, with a strip without data."""
    rasterio = pytest.importorskip("rasterio")
    image, _ = draw_image(5, "roads", 96)
    image[:, :10] = 0
    path = photographs / "map.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=96, width=96, count=3, dtype="uint8", crs="EPSG:32633", nodata=0,
        transform=rasterio.transform.from_origin(500000, 5800000, 0.5, 0.5),
    ) as dataset:  # fmt: skip
        dataset.write(np.moveaxis(image, -1, 0))
    return path
