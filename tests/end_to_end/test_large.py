"""A large georeferenced image through the installed command: killed, called again, in memory that does not grow."""

import os
import signal
import time

import numpy as np
import pytest

rasterio = pytest.importorskip("rasterio", reason="needs the extra geo: pip install 'semicurv-tf[geo]'")
from rasterio.transform import from_origin  # noqa: E402


def make(path, height, width):
    """A GeoTIFF of noise whose rows repeat: small in memory while it is made, incompressible to a reader."""
    rows = np.random.default_rng(0).integers(0, 256, (3, 256, width), np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=3, dtype="uint8", crs="EPSG:32633",
        transform=from_origin(500_000, 4_600_000, 0.5, 0.5), tiled=True, blockxsize=256, blockysize=256,
        interleave="pixel",
    ) as file:  # fmt: skip
        for top in range(0, height, 256):
            file.write(
                rows[:, : min(256, height - top)], window=rasterio.windows.Window(0, top, width, min(256, height - top))
            )
    return path


def test_killed_and_called_again(command, small_run, tmp_path):
    image, out = make(tmp_path / "map.tif", 2000, 600), tmp_path / "out"
    arguments = ("predict", "--run", small_run, "--input", image, "--output", out, "--tile", "64")
    process = command(*arguments, wait=False)
    deadline = time.monotonic() + 240
    while not list(out.glob(".part-*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert [path.name for path in out.glob("*.tif") if not path.name.startswith(".")] == []
    assert len(list(out.glob(".part-*"))) == 1
    said = command(*arguments, own_process=True)
    assert "1 predicted, 0 finished before, 0 failed" in said and "by tiles of 64 px" in said
    assert sorted(path.name for path in out.iterdir()) == ["map.tif", "predictions.json"]
    with rasterio.open(image) as before, rasterio.open(out / "map.tif") as after:
        assert (before.crs, before.transform, before.shape) == (after.crs, after.transform, after.shape)
        assert set(np.unique(after.read(1))) <= {0, 255}


def test_memory_does_not_grow_with_the_image(command, small_run, tmp_path):
    peaks = []
    for height in (2048, 16384):
        image = make(tmp_path / f"{height}.tif", height, 1024)
        process = command(
            "predict",
            "--run",
            small_run,
            "--input",
            image,
            "--output",
            tmp_path / f"mask_{height}.tif",
            "--tile",
            "512",
            wait=False,
        )
        with process.stdout, process.stderr:
            process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0, process.stderr.read()
        peaks.append(usage.ru_maxrss / 1024)
    # 15 million pixels more: 44 MB of image, 59 MB of probability and 15 MB of mask if they were held. What does grow,
    # up to 64 MB, is GDAL's cache of blocks.
    assert peaks[1] - peaks[0] < 80, peaks
