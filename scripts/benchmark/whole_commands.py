"""What people wait for longest: folders, a raster, the lines of a mask, the check of a dataset (benchmark_speed.py)."""

import contextlib
import functools
import io
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

CROPS, CROP_PX = 500, 128
RASTER_PX = 6000
MASK_PX = 4000
PHOTOGRAPHS = 5000
# What `vectorize_mask` calls, one after the other.
STAGES = ("find_skeleton", "build_graph", "clean", "bridge_gaps", "_segments")


def measure_folder(photos, measured) -> dict:
    """Masks of all images of a folder but the first."""
    if photos is not None:
        return _predicted(photos, measured)
    with tempfile.TemporaryDirectory() as folder:
        return _predicted(_noise(Path(folder, "photos"), 24, (320, 480), "jpg"), measured)


def measure_crops(photos, measured) -> dict:
    """The same for many small images."""
    with tempfile.TemporaryDirectory() as folder:
        return _predicted(_noise(Path(folder, "crops"), CROPS, (CROP_PX, CROP_PX), "png"), measured)


def measure_raster(photos, measured) -> dict:
    """One GeoTIFF, after a small one; the memory that `predict` takes by default."""
    with tempfile.TemporaryDirectory() as folder:
        rasters = Path(folder, "rasters")
        rasters.mkdir()
        for name, side in (("a_small.tif", 1024), ("b_large.tif", RASTER_PX)):
            _write_raster(rasters / name, side)
        return _predicted(rasters, measured)


def measure_vectorize(photos, measured) -> dict:
    """Lines of a mask with 5 % foreground, and the seconds of each stage."""
    import numpy as np
    from scipy import ndimage

    from semicurv_tf.vector import vectorize as module

    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((1000, 1000)), 12, mode="wrap")
    tile = abs(noise) < np.quantile(abs(noise), 0.05)
    count = MASK_PX // 1000
    stages = dict.fromkeys(STAGES, 0.0)
    for name in STAGES:
        setattr(module, name, _timed(getattr(module, name), name, stages))
    row: dict = {}
    with measured(row):
        module.vectorize_mask(np.tile(tile, (count, count)))
    return {**row, "million_pixels": MASK_PX**2 / 1e6, "stages": stages}


def measure_verify(photos, measured) -> dict:
    """`datasets verify` of photographs of 480x320 with masks."""
    import numpy as np
    from PIL import Image

    from semicurv_tf.cli.main import main

    with tempfile.TemporaryDirectory() as folder:
        images, masks = Path(folder, "images"), Path(folder, "masks")
        images.mkdir()
        masks.mkdir()
        pixels = np.random.default_rng(0).integers(0, 256, (320, 480, 3), np.uint8)
        mask = np.zeros((320, 480), np.uint8)
        mask[100:104] = 255
        for number in range(PHOTOGRAPHS):  # all different, as the command compares them
            Image.fromarray(np.roll(pixels, number)).save(images / f"{number:04}.jpg")
            Image.fromarray(np.roll(mask, number)).save(masks / f"{number:04}.png")
        command = ["semicurv-tf", "datasets", "verify", "--dataset", "folder", "--data-dir", folder]
        row, said, code = {}, io.StringIO(), 0
        with measured(row), mock.patch.object(sys, "argv", command), contextlib.redirect_stdout(said):
            try:
                main()
            except SystemExit as ended:
                code = ended.code or 0
        if code:
            raise SystemExit(f"error: verify found faults: {said.getvalue()[-1000:]}")
    return {**row, "photographs": PHOTOGRAPHS}


def _noise(folder, count, size, suffix):
    """Images of noise: what the network answers does not change what it costs."""
    import numpy as np
    from PIL import Image

    folder.mkdir()
    for seed in range(count):
        pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed:03}.{suffix}")
    return folder


def _write_raster(path, side):
    import numpy as np
    import rasterio

    layout = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **layout, blockxsize=512, blockysize=512) as raster:
        raster.write(np.random.default_rng(0).integers(0, 256, (3, side, side), np.uint8))


def _predicted(images, measured):
    """A half-width network, not trained, over all images but the first, and its share of the time."""
    with contextlib.suppress(ImportError):  # an earlier checkout asks for nothing
        from semicurv_tf.threads import one_layer_at_a_time

        one_layer_at_a_time()
    import keras

    from semicurv_tf.inference.predictor import Predictor
    from semicurv_tf.models import ResidualUNet
    from semicurv_tf.predict.plan_files import Outputs, plan_jobs
    from semicurv_tf.predict.predict_files import predict_jobs

    keras.utils.set_random_seed(0)
    network = ResidualUNet(widths=(16, 32, 64, 128, 256))
    network.build((None, None, None, 3))
    predictor, inside = Predictor.from_network(network, 3), {"network": 0.0}
    predictor._probability = _timed(predictor._probability, "network", inside)
    row: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        jobs = plan_jobs(images, Path(folder, "masks"), Outputs())
        list(predict_jobs(predictor, jobs[:1]))  # the graph is built
        inside["network"] = 0.0
        with measured(row):
            list(predict_jobs(predictor, jobs[1:]))
    return {**row, "images": len(jobs) - 1, "network_percent": 100 * inside["network"] / row["seconds"]}


def _timed(function, name, seconds):
    """The function, adding its time to `seconds[name]`."""

    @functools.wraps(function)
    def timed(*arguments, **settings):
        start = time.perf_counter()
        try:
            return function(*arguments, **settings)
        finally:
            seconds[name] += time.perf_counter() - start

    return timed
