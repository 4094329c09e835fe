"""Georeferenced and large images, read and written by windows."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images import header as headers
from semicurv_tf.images import opened as opening
from semicurv_tf.images.header import read_header
from semicurv_tf.images.opened import open_pages, read_with_notes
from semicurv_tf.images.reader import read_image
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.predict.plan_files import Outputs, plan_jobs
from semicurv_tf.predict.predict_files import predict_job
from semicurv_tf.whole_files import DiskLost

rasterio = pytest.importorskip("rasterio", reason="needs the extra geo: pip install 'semicurv-tf[geo]'")
from rasterio.enums import ColorInterp  # noqa: E402
from rasterio.transform import from_origin  # noqa: E402

TRANSFORM = from_origin(500_000, 4_600_000, 0.5, 0.25)


def write(path, bands, **profile):
    """`bands`: (count, height, width)."""
    interp = profile.pop("colorinterp", None)
    count, height, width = bands.shape
    profile = {"crs": "EPSG:32633", "transform": TRANSFORM, **profile}
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype, **profile
    ) as file:
        file.write(bands)
        if interp:
            file.colorinterp = interp
    return path


def noise(*shape, high=256, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, high, shape).astype(dtype)


@pytest.fixture
def small_tiles(red_predictor):
    red_predictor.tile = 64
    return red_predictor


def predicted(predictor, source, output, **outputs):
    (job,) = plan_jobs(source, output, Outputs(**outputs))
    outcome = predict_job(predictor, job)
    assert not outcome.faults, outcome.faults
    return job, outcome


@pytest.mark.parametrize(
    "layout", [{"tiled": True, "blockxsize": 64, "blockysize": 64}, {}, {"interleave": "band", "compress": "lzw"}]
)
def test_a_geotiff_keeps_its_place(tmp_path, small_tiles, layout):
    bands = noise(3, 300, 170)
    source = write(tmp_path / "map.tif", bands, **layout)
    job, outcome = predicted(small_tiles, source, tmp_path / "mask.tif", probability=True, overlay=True)
    with rasterio.open(job.outputs["mask"]) as mask:
        assert (mask.crs.to_epsg(), mask.transform, mask.shape) == (32633, TRANSFORM, (300, 170))
        assert mask.profile["tiled"] and mask.profile["compress"] == "deflate" and mask.count == 1
        np.testing.assert_array_equal(mask.read(1), np.where(bands[0] > 127, 255, 0))
        assert mask.dataset_mask().min() == 255
    with rasterio.open(job.outputs["probability"]) as probability:
        np.testing.assert_array_equal(probability.read(1), bands[0])
    with rasterio.open(job.outputs["overlay"]) as picture:
        assert picture.count == 3 and picture.crs.to_epsg() == 32633
    assert outcome.foreground == pytest.approx(np.mean(bands[0] > 127)) and outcome.notes == ("by tiles of 64 px",)


def test_masks_are_cloud_optimized_with_overviews_of_means(tmp_path, small_tiles):
    bands = np.zeros((3, 1100, 1200), np.uint8)
    bands[0, 500] = 255  # a line of one pixel
    source = write(tmp_path / "map.tif", bands)
    job, _ = predicted(small_tiles, source, tmp_path / "out", probability=True, overlay=True)
    for path in job.outputs.values():
        with rasterio.open(path) as result:
            assert result.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and result.overviews(1) == [2, 4]
    with rasterio.open(job.outputs["mask"], overview_level=0) as half:
        rows = half.read(1).max(axis=1)
        assert half.shape == (550, 600) and rows[250] in (127, 128) and rows.sum() == rows[250]
    assert job.finished(0)  # where it comes from is said in this file too
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "map.overlay.tif", "map.probability.tif", "map.tif",
    ]  # fmt: skip


def test_pixels_without_data_stay_so(tmp_path, small_tiles):
    bands = noise(3, 150, 170, high=255) + np.uint8(1)
    bands[:, :80, :90] = 0
    bands[0, 10, 10] = 200  # data in one band are data
    source = write(tmp_path / "map.tif", bands, nodata=0)
    job, outcome = predicted(small_tiles, source, tmp_path / "out")
    valid = (bands > 0).any(axis=0)
    with rasterio.open(job.outputs["mask"]) as mask:
        np.testing.assert_array_equal(mask.dataset_mask() > 0, valid)
        np.testing.assert_array_equal(mask.read(1), np.where((bands[0] > 127) & valid, 255, 0))
    assert (
        job.outputs["mask"].name == "map.tif"
        and not list(tmp_path.rglob("*.msk"))
        and not list(tmp_path.rglob("*.xml"))
    )
    assert outcome.foreground == pytest.approx((bands[0] > 127)[valid].mean())
    # The mask inside the TIFF is no page of a stack to other readers of this project.
    assert read_image(job.outputs["mask"], 1).shape == (150, 170, 1)


def test_16_bit_alpha_and_further_bands(tmp_path, small_tiles):
    bands = noise(4, 80, 90, high=65536, dtype=np.uint16)
    bands[3] = 65535
    bands[3, :40] = 0
    source = write(tmp_path / "a.tif", bands, photometric="RGB", alpha="yes")
    job, outcome = predicted(small_tiles, source, tmp_path / "out")
    with rasterio.open(job.outputs["mask"]) as mask:
        expected = np.where(bands[0] >> 8 > 127, 255, 0)
        expected[:40] = 0
        np.testing.assert_array_equal(mask.read(1), expected)
        assert mask.dataset_mask()[:40].max() == 0 and mask.dataset_mask()[40:].min() == 255
    assert "16 bit values cut to 8 bit (value // 256)" in outcome.notes and "alpha channel dropped" in outcome.notes

    source = write(
        tmp_path / "b.tif",
        noise(5, 80, 90),
        photometric="MINISBLACK",
        colorinterp=[ColorInterp.gray] + [ColorInterp.undefined] * 4,
    )
    _, outcome = predicted(small_tiles, source, tmp_path / "out")
    assert outcome.notes == ("only the first 3 of 5 bands used", "by tiles of 64 px")


@pytest.mark.parametrize("kind", ["rgb", "grey", "grey16", "palette", "white_is_zero", "lzw", "png", "jpeg"])
@pytest.mark.parametrize("channels", [1, 3])
def test_windows_read_what_whole_reading_does(tmp_path, monkeypatch, kind, channels):
    path = tmp_path / {"png": "a.png", "jpeg": "a.jpg"}.get(kind, "a.tif")
    if kind == "jpeg":  # smooth: the two decoders differ in how they enlarge chroma
        smooth = np.stack(np.broadcast_arrays(np.arange(70)[:, None] * 3, np.arange(50) * 4, 90), axis=-1)
        Image.fromarray(smooth.astype(np.uint8)).save(path, quality=95)
    elif kind in ("rgb", "lzw", "png"):
        Image.fromarray(noise(70, 50, 3)).save(path, **({"compression": "tiff_lzw"} if kind == "lzw" else {}))
    elif kind == "palette":
        Image.fromarray(noise(70, 50, 3)).convert("P", palette=Image.Palette.ADAPTIVE).save(path)
    else:
        grey = noise(70, 50, high=65536, dtype=np.uint16) if kind == "grey16" else noise(70, 50)
        tifffile.imwrite(path, grey, photometric="miniswhite" if kind == "white_is_zero" else "minisblack")
    whole = read_with_notes(path, channels)
    monkeypatch.setattr(headers, "WHOLE_TIFF_PIXELS", 100)
    monkeypatch.setattr(headers, "WHOLE_PIXELS", 100)
    header = read_header(path)
    assert header.large
    for opened in open_pages(path, header, channels):
        assert not hasattr(opened.source, "pixels"), "read as a whole"
        rows = np.concatenate([opened.source.rows(top, min(top + 30, 70))[0] for top in range(0, 70, 30)])
        assert opened.notes == whole.notes
    np.testing.assert_allclose(rows.astype(int), whole.pixels.astype(int), atol=5 if kind == "jpeg" else 0)


@pytest.mark.parametrize("cut", [0.4, 0.9])
def test_a_truncated_geotiff_is_one_line_and_no_file(tmp_path, small_tiles, cut):
    source = write(tmp_path / "map.tif", noise(3, 300, 170), tiled=True, blockxsize=64, blockysize=64)
    content = source.read_bytes()
    source.write_bytes(content[: int(cut * len(content))])
    (job,) = plan_jobs(source, tmp_path / "mask.tif", Outputs())
    outcome = predict_job(small_tiles, job)
    assert len(outcome.faults) == 1 and "map.tif" in outcome.faults[0] and "damage" in outcome.faults[0]
    assert [path.name for path in tmp_path.iterdir()] == ["map.tif"]


def test_values_that_are_no_picture(tmp_path, small_tiles):
    source = write(tmp_path / "phase.tif", noise(1, 80, 90).astype(np.complex64))
    (job,) = plan_jobs(source, tmp_path / "mask.tif", Outputs())
    assert "expected integers or floating point values, found complex64" in predict_job(small_tiles, job).faults[0]


def test_without_rasterio_a_geotiff_names_the_pip_command(tmp_path, small_tiles, monkeypatch):
    source = write(tmp_path / "map.tif", noise(3, 80, 90))
    monkeypatch.setitem(sys.modules, "rasterio", None)
    (job,) = plan_jobs(source, tmp_path / "out", Outputs())
    (line,) = predict_job(small_tiles, job).faults
    assert "is georeferenced" in line and "pip install 'semicurv-tf[geo]'" in line and "--format png" in line
    (job,) = plan_jobs(source, tmp_path / "out", Outputs(format="png"))
    assert not predict_job(small_tiles, job).faults


def test_a_disk_that_is_full(tmp_path, small_tiles):
    """A real one, where this machine lets us mount a small disk in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk], capture_output=True).returncode
    ):
        pytest.skip("mounting needs root")
    try:
        write(tmp_path / "map.tif", noise(3, 700, 900))
        Image.fromarray(noise(700, 900, 3)).save(tmp_path / "photo.png")
        for name in ("map.tif", "photo.png"):
            (job,) = plan_jobs(tmp_path / name, disk / "out", Outputs(probability=True))
            with pytest.raises(DiskLost, match="no space left"):
                predict_job(small_tiles, job)
            assert not [path for path in disk.rglob("*") if path.is_file()]
    finally:
        subprocess.run([shutil.which("umount"), disk], check=True)


def test_stacks_go_in_and_out_page_by_page(tmp_path, small_tiles):
    pages = noise(3, 100, 90)
    tifffile.imwrite(tmp_path / "stack.tif", pages, photometric="minisblack", compression="zlib")
    small_tiles.tta = "d4"
    job, outcome = predicted(small_tiles, tmp_path / "stack.tif", tmp_path / "out", overlay=True)
    with tifffile.TiffFile(job.outputs["mask"]) as stack:
        assert len(stack.pages) == 3
        np.testing.assert_array_equal(stack.asarray(), np.where(pages > 127, 255, 0))
    assert tifffile.imread(job.outputs["overlay"]).shape == (3, 100, 90, 3)
    assert outcome.notes == ("grey repeated to 3 channels", "by tiles of 64 px", "page by page of a stack")
    (job,) = plan_jobs(tmp_path / "stack.tif", tmp_path / "out", Outputs(format="png"))
    (line,) = predict_job(small_tiles, job).faults
    assert "3 pages" in line and "--format tif" in line


def test_a_damaged_page_fails_the_stack(tmp_path, small_tiles):
    tifffile.imwrite(tmp_path / "stack.tif", noise(3, 100, 90), photometric="minisblack", rowsperstrip=20)
    with tifffile.TiffFile(tmp_path / "stack.tif") as stack:
        offset = stack.pages[2].dataoffsets[0]
    (tmp_path / "cut.tif").write_bytes((tmp_path / "stack.tif").read_bytes()[: offset + 30])
    (job,) = plan_jobs(tmp_path / "cut.tif", tmp_path / "out", Outputs())
    assert "cut.tif" in predict_job(small_tiles, job).faults[0] and not (tmp_path / "out" / "cut.tif").exists()


def test_an_image_of_more_pixels_than_are_read_at_once(tmp_path, monkeypatch):
    """As a 100 megapixel PNG, in small: by strips with rasterio, one line without."""
    pixels = noise(400, 300, 3)
    Image.fromarray(pixels).save(tmp_path / "big.png")
    monkeypatch.setattr(headers, "WHOLE_PIXELS", 50_000)
    monkeypatch.setattr(opening, "LARGEST_WHOLE_PIXELS", 100_000)
    predictor = Predictor(lambda image: (image[..., :1] / 255).astype(np.float32), channels=3, tile=64)
    predicted(predictor, tmp_path / "big.png", tmp_path / "out")
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "out" / "big.png")), np.where(pixels[..., 0] > 127, 255, 0)
    )
    monkeypatch.setitem(sys.modules, "rasterio", None)
    (job,) = plan_jobs(tmp_path / "big.png", tmp_path / "none", Outputs())
    with pytest.raises(UserError, match="semicurv-tf.geo"):
        raise UserError(predict_job(predictor, job).faults)
