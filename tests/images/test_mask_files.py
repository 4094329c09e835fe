import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images import georeference, mask_files
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.masks import MaskRule, read_mask

rasterio = pytest.importorskip("rasterio")
UTM = (0.5, 0.0, 400000.0, 0.0, -0.5, 5200000.0)  # of pixel corners, as rasterio counts


@pytest.fixture
def mask():
    return np.random.default_rng(0).random((23, 31)) < 0.3


def write_geotiff(path, values, crs="EPSG:32633", transform=UTM, **options):
    height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype=values.dtype, crs=crs,
        transform=rasterio.Affine(*transform), **options,
    ) as dataset:  # fmt: skip
        dataset.write(values, 1)
    return path


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_two_values(mask, tmp_path, scale, suffix):
    path = tmp_path / f"mask.{suffix}"
    Image.fromarray(mask.astype(np.uint8) * scale).save(path)
    found = read_mask_file(path)
    np.testing.assert_array_equal(found.mask, mask)
    assert found.valid == mask.size and found.grid is None


def test_other_kinds_of_masks(mask, tmp_path):
    kinds = {
        "one_bit.png": Image.fromarray(mask),
        "rgb.png": Image.fromarray(np.repeat(mask.astype(np.uint8)[..., None] * 255, 3, axis=-1)),
        "palette.png": Image.fromarray(mask.astype(np.uint8), "P"),
        "deep.png": Image.fromarray(mask.astype(np.uint16) * 65535),
    }
    kinds["palette.png"].putpalette([0, 0, 0, 200, 0, 0])
    for name, image in kinds.items():
        image.save(tmp_path / name)
        np.testing.assert_array_equal(read_mask_file(tmp_path / name).mask, mask, err_msg=name)
    tifffile.imwrite(tmp_path / "float.tif", mask.astype(np.float32))
    np.testing.assert_array_equal(read_mask_file(tmp_path / "float.tif").mask, mask)


def test_geotiff_is_read_by_strips_with_its_grid(mask, tmp_path, monkeypatch):
    path = write_geotiff(tmp_path / "a.tif", mask.astype(np.uint8))
    monkeypatch.setattr(mask_files, "_STRIP_PIXELS", 100)  # strips of three rows
    found = read_mask_file(path)
    np.testing.assert_array_equal(found.mask, mask)
    assert (found.grid.unit, found.grid.crs, found.grid.geographic) == ("m", "EPSG:32633", False)
    np.testing.assert_allclose(found.grid.to_map(np.zeros((1, 2))), [[400000.25, 5199999.75]])  # the centre
    assert read_mask_file(path, georeference=False).grid is None


def test_units_of_coordinate_systems(mask, tmp_path):
    values = mask.astype(np.uint8)
    feet = read_mask_file(write_geotiff(tmp_path / "feet.tif", values, crs="EPSG:2249")).grid  # Massachusetts, US feet
    degrees = read_mask_file(
        write_geotiff(tmp_path / "degrees.tif", values, crs="EPSG:4326", transform=(1e-5, 0, 10, 0, -1e-5, 50))
    ).grid
    assert feet.unit == "us_survey_foot" and not feet.geographic
    assert degrees.unit == "m" and degrees.geographic
    plain = tmp_path / "plain.tif"
    tifffile.imwrite(plain, values)
    assert read_mask_file(plain).grid is None


def test_no_data_does_not_count_but_zero_is_background(tmp_path):
    values = np.zeros((20, 20), np.uint8)
    values[:5] = 99
    values[10] = 1
    found = read_mask_file(write_geotiff(tmp_path / "a.tif", values, nodata=99))
    assert found.valid == 300 and found.mask.sum() == 20
    values[:5] = 0
    found = read_mask_file(write_geotiff(tmp_path / "b.tif", values, nodata=0))
    assert found.valid == 400 and found.mask.sum() == 20


def test_pixels_that_a_tiff_masks_out_do_not_count(tmp_path):
    values = np.zeros((20, 20), np.uint8)
    values[10] = 255
    path = tmp_path / "a.tif"
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", driver="GTiff", height=20, width=20, count=1, dtype="uint8", transform=rasterio.Affine(*UTM)
        ) as dataset,
    ):
        dataset.write(values, 1)
        dataset.write_mask(np.repeat(np.arange(20)[:, None] > 3, 20, axis=1))
    found = read_mask_file(path)
    assert found.valid == 320 and found.mask.sum() == 20


def line_of(path, **options):
    with pytest.raises(UserError) as error:
        read_mask_file(path, **options)
    (line,) = error.value.lines
    assert str(path) in line and "Fix:" in line
    return line


def test_several_values_are_counted_and_the_threshold_is_the_remedy(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (20, 1))
    path = tmp_path / "soft.png"
    Image.fromarray(ramp).save(path)
    line = line_of(path)
    assert "found 256 values: 0, 1, 2, 3, 4, ..." in line and "--threshold 127" in line
    assert read_mask_file(path, threshold=127).mask.sum() == 20 * 128
    three = tmp_path / "three.png"
    Image.fromarray(np.where(ramp > 200, 255, ramp > 100).astype(np.uint8)).save(three)
    assert "found 3 values: 0, 1, 255" in line_of(three)
    Image.fromarray(np.where(ramp > 200, 7, 0).astype(np.uint8)).save(three)
    assert "found 2 values: 0, 7" in line_of(three)
    probability = tmp_path / "probability.tif"
    tifffile.imwrite(probability, np.random.default_rng(0).random((60, 60)).astype(np.float32))
    assert "more than 1000 values" in line_of(probability) and "--threshold 0.5" in line_of(probability)


def test_damage(tmp_path, mask):
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    assert "empty file (0 bytes)" in line_of(empty)
    for name in ("a.png", "a.tif"):
        whole = tmp_path / name
        Image.fromarray(np.repeat(mask, 20, axis=1).astype(np.uint8) * 255).save(whole)
        cut = tmp_path / f"cut_{name}"
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        assert "damage" in line_of(cut)
    text = tmp_path / "text.png"
    text.write_text("no image")
    assert "damage" in line_of(text)
    assert "found none" in line_of(tmp_path / "missing.png")


def test_colours_pages_and_sizes(tmp_path, monkeypatch):
    colour = tmp_path / "colour.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)).save(colour)
    assert "found colours" in line_of(colour)
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, np.zeros((3, 20, 20), np.uint8), photometric="minisblack")
    assert "found 3" in line_of(stack)
    monkeypatch.setattr(mask_files, "LARGEST_PIXELS", 100)
    assert "its header says 20x20" in line_of(colour)


def test_without_rasterio(mask, tmp_path, monkeypatch):
    georeferenced = write_geotiff(tmp_path / "a.tif", mask.astype(np.uint8))
    plain = tmp_path / "plain.tif"
    tifffile.imwrite(plain, mask.astype(np.uint8))
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    with pytest.raises(ImportError, match="pip install rasterio"):
        georeference.import_rasterio()
    assert "pip install rasterio" in line_of(georeferenced)
    for path, options in ((plain, {}), (georeferenced, {"georeference": False})):
        np.testing.assert_array_equal(read_mask_file(path, **options).mask, mask)


WORLD = "0.5\n0\n0\n-0.5\n400000.25\n5199999.75\n"  # of pixel centres
BLACK, WHITE, RED = (0, 0, 0, 255), (255, 255, 255, 255), (200, 0, 0, 255)


def write_palette(path, indices, *colours, **options):
    write_geotiff(path, indices.astype(np.uint8), photometric="palette", **options)
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, dict(enumerate(colours)))
    return path


def write_with_world_file(path, image):
    image.save(path)
    path.with_suffix(".pgw").write_text(WORLD)
    path.with_suffix(".prj").write_text(rasterio.CRS.from_epsg(32633).to_wkt())
    return path


def palette_image(indices, *colours):
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette([part for colour in colours for part in colour[:3]])
    return image


def strokes(mask, red=0):
    """Strokes of one colour on a transparent layer."""
    return np.dstack([mask * np.uint8(red), *2 * [np.zeros(mask.shape, np.uint8)], mask * np.uint8(255)])


PLACED = {
    "0 is white, 1 bit": lambda folder, mask: write_geotiff(
        folder / "a.tif", (~mask).astype(np.uint8), photometric="MINISWHITE", nbits=1
    ),
    "0 is white, 8 bit": lambda folder, mask: write_geotiff(
        folder / "a.tif", (~mask).astype(np.uint8) * np.uint8(255), photometric="MINISWHITE"
    ),
    "palette, black second": lambda folder, mask: write_palette(folder / "a.tif", ~mask, WHITE, BLACK),
    "palette, red second": lambda folder, mask: write_palette(folder / "a.tif", mask, BLACK, RED),
    "PNG, palette, black second": lambda folder, mask: write_with_world_file(
        folder / "a.png", palette_image(~mask, WHITE, BLACK)
    ),
    "PNG, red first": lambda folder, mask: write_with_world_file(folder / "a.png", palette_image(~mask, RED, BLACK)),
    "PNG, black on alpha": lambda folder, mask: write_with_world_file(folder / "a.png", Image.fromarray(strokes(mask))),
}


@pytest.mark.parametrize("kind", PLACED)
def test_map_coordinates_do_not_change_what_is_foreground(mask, tmp_path, monkeypatch, kind):
    path = PLACED[kind](tmp_path, mask)
    monkeypatch.setattr(mask_files, "_STRIP_PIXELS", 100)  # strips of three rows
    found = read_mask_file(path)
    np.testing.assert_array_equal(found.mask, mask)
    np.testing.assert_array_equal(read_mask(path)[..., 0], mask)  # what training reads
    assert found.valid == mask.size
    np.testing.assert_allclose(found.grid.to_map(np.zeros((1, 2))), [[400000.25, 5199999.75]])
    flat = read_mask_file(path, georeference=False)
    np.testing.assert_array_equal(flat.mask, mask)
    assert flat.grid is None


GEO_TAGS = [
    (33550, "d", 3, (0.5, 0.5, 0.0), True),  # ModelPixelScale
    (33922, "d", 6, (0.0, 0.0, 0.0, 400000.0, 5200000.0, 0.0), True),  # ModelTiepoint
    (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633), True),  # GeoKeyDirectory
]


@pytest.mark.parametrize("red", [0, 255])
@pytest.mark.parametrize("tags", [[], GEO_TAGS])
def test_strokes_on_a_transparent_layer_of_a_tiff(mask, tmp_path, red, tags):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, strokes(mask, red), photometric="rgb", extrasamples=["unassalpha"], extratags=tags)
    found = read_mask_file(path)
    np.testing.assert_array_equal(found.mask, mask)
    assert found.valid == mask.size and (found.grid is not None) == bool(tags)


def test_what_alpha_hides_beside_a_mask_does_not_count(mask, tmp_path):
    """A warped mask: black and white, and alpha 0 beyond its edge."""
    alpha = np.full(mask.shape, 255, np.uint8)
    alpha[:, :4] = 0
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=23, width=31, count=2, dtype="uint8", alpha="YES", crs="EPSG:32633",
        transform=rasterio.Affine(*UTM),
    ) as dataset:  # fmt: skip
        dataset.write(np.stack([mask * np.uint8(255), alpha]))
    found = read_mask_file(path)
    np.testing.assert_array_equal(found.mask, mask & (alpha > 0))
    assert found.valid == 23 * 27


def test_no_data_of_a_palette(tmp_path):
    indices = np.zeros((20, 20), np.uint8)
    indices[:5], indices[10] = 255, 1
    found = read_mask_file(write_palette(tmp_path / "a.tif", indices, BLACK, RED, nodata=255))
    assert found.valid == 300 and found.mask.sum() == 20


def test_map_coordinates_are_of_the_stored_grid(mask, tmp_path):
    """GDAL takes no notice of the orientation tag; decoded ones are turned back."""
    for values, photometric in ((mask, "minisblack"), (~mask, "miniswhite")):
        path = tmp_path / f"{photometric}.tif"
        tags = [*GEO_TAGS, (274, "H", 1, 6, True)]  # to be turned by a quarter
        tifffile.imwrite(path, values.astype(np.uint8) * np.uint8(255), photometric=photometric, extratags=tags)
        np.testing.assert_array_equal(read_mask_file(path).mask, mask)
        turned = read_mask_file(path, georeference=False)
        np.testing.assert_array_equal(turned.mask, np.rot90(mask, -1))


@pytest.mark.parametrize(
    ("values", "dtype", "threshold", "above"),
    [
        ((0, 2), np.uint8, "1", {2}),
        ((0, 1, 2), np.uint8, "1", {2}),
        ((0, 1, 255), np.uint8, "127", {255}),
        ((0, 100), np.uint16, "50", {100}),
        ((0, 0.25), np.float32, "0.125", {0.25}),
        ((0, 0.5, 1.5), np.float32, "0", {0.5, 1.5}),
        ((-1, 0, 1), np.int16, "0", {1}),
    ],
)
def test_the_threshold_of_the_remedy_finds_something(tmp_path, values, dtype, threshold, above):
    path = tmp_path / "a.tif"
    stored = np.resize(np.array(values, dtype), (20, 20))
    tifffile.imwrite(path, stored)
    line = line_of(path)
    assert line.endswith(f"Fix: --threshold {threshold}")
    np.testing.assert_array_equal(read_mask_file(path, float(threshold)).mask, np.isin(stored, list(above)))


def test_no_threshold_is_named_where_none_finds_anything(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.resize(np.array([0, -1], np.int16), (20, 20)))
    assert "found 2 values: 0, -1. Fix: save the mask with 0 and 1" in line_of(path)
    with pytest.raises(UserError, match="two-valued") as error:
        read_mask(path)
    assert "mask_threshold" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "threshold"), [((0, 1, 2), 1), ((0, 0.25, 0.75), 0), ((0, 9, 250), 127), ((0, 300, 600), 300)]
)
def test_the_threshold_of_the_remedy_in_training(tmp_path, values, threshold):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.resize(np.array(values, np.float32), (20, 20)))
    with pytest.raises(UserError, match=rf"mask_threshold={threshold} \(dataset folder\)"):
        read_mask(path)
    assert read_mask(path, MaskRule(threshold=threshold)).any()
