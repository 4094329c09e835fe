"""`predict` of Python finds, to the pixel, what the command writes; and takes what people have."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

import semicurv_tf
from semicurv_tf.errors import UserError
from tests.api.conftest import typed


@pytest.fixture(scope="module", params=["run", "curves"])
def both(request, run, photographs, geotiff, command, tmp_path_factory):
    """A network opened in Python, and the folder of masks that the command wrote with it."""
    output = tmp_path_factory.mktemp("masks")
    chosen = ["--run", run.folder] if request.param == "run" else []
    command("predict", *chosen, "--input", photographs, "--output", output, "--probability")
    return (semicurv_tf.open_run(run.folder) if chosen else semicurv_tf.load("curves")), output


def written(output, name, page=None):
    """Mask and probability as the command wrote them."""
    found = next(path for path in (output / f"{name}.png", output / f"{name}.tif") if path.exists())
    pair = []
    for path in (found, found.with_name(f"{name}.probability{found.suffix}")):
        values = tifffile.imread(path) if found.suffix == ".tif" else np.asarray(Image.open(path))
        pair.append(values if page is None else values[page])
    return pair


@pytest.mark.parametrize(
    "file", ["colour.png", "grey.png", "palette.png", "alpha.png", "turned.jpg", "deep.tif", "map.tif"]
)
def test_a_file_is_predicted_as_by_the_command(both, photographs, file):
    network, output = both
    prediction = network.predict(photographs / file)
    mask, probability = written(output, file.split(".")[0])
    assert prediction.mask.dtype == bool and prediction.probability.dtype == np.float32
    assert (prediction.mask == (mask == 255)).all() and set(np.unique(mask)) <= {0, 255}
    assert (np.rint(prediction.probability * 255).astype(np.uint8) == probability).all()


def test_a_page_of_a_stack_is_predicted_as_by_the_command(both, photographs):
    network, output = both
    for page in (0, 1):
        prediction = network.predict(str(photographs / "stack.tif"), page=page)
        mask, probability = written(output, "stack", page)
        assert (prediction.mask == (mask == 255)).all()
        assert (np.rint(prediction.probability * 255) == probability).all()


@pytest.mark.parametrize("file", ["colour.png", "grey.png", "palette.png", "alpha.png", "turned.jpg"])
def test_an_opened_picture_is_predicted_as_its_file(run, photographs, file):
    with Image.open(photographs / file) as picture:
        found = run.predict(picture)
    assert (found.probability == run.predict(photographs / file).probability).all()


@pytest.mark.parametrize(("file", "bands"), [("colour.png", 3), ("grey.png", 2), ("deep.tif", 2), ("alpha.png", 4)])
def test_an_array_is_predicted_as_its_file(run, photographs, file, bands):
    path = photographs / file
    array = tifffile.imread(path) if file.endswith(".tif") else np.asarray(Image.open(path))
    assert (array.ndim if array.ndim == 2 else array.shape[-1]) == bands
    found = run.predict(array)
    assert (found.probability == run.predict(path).probability).all()
    assert found.name == "image" and found.valid is None


def test_tiles_and_orientations_are_those_of_the_command(run, photographs, tmp_path):
    options = ("--tile", 32, "--tta", "d4", "--threshold", 0.42, "--no-data", "0-120")
    typed("predict", "--run", run.folder, "--input", photographs / "colour.png", "--output", tmp_path, *options)
    found = run.predict(photographs / "colour.png", tile=32, tta="d4", threshold=0.42, no_data="0-120")
    assert (found.mask == (np.asarray(Image.open(tmp_path / "colour.png")) == 255)).all()
    assert found.threshold == 0.42
    assert not found.valid.all() and (found.probability[~found.valid] == 0).all()
    image = np.asarray(Image.open(photographs / "colour.png"))
    assert (found.valid == (image > 120).any(axis=-1)).all()


def test_lines_of_a_map_are_in_map_coordinates(geotiff, tmp_path):
    prediction = semicurv_tf.load().predict(geotiff)
    typed("predict", "--input", geotiff, "--output", tmp_path, "--vectors")
    vectors = prediction.vectorize(tmp_path / "mine.geojson", tmp_path / "mine.csv", min_length_px=10)
    theirs, mine = (json.loads((tmp_path / name).read_text()) for name in ("map.geojson", "mine.geojson"))
    assert mine == theirs and mine["semicurv_tf"]["coordinates"] == "EPSG:4326"
    assert mine["features"], "the built-in network finds the drawn road"
    x, y = np.concatenate([vectors.grid.to_map(segment.points) for segment in vectors.segments]).T
    # Smoothed lines that end at the border reach over it by less than a pixel.
    assert (x > 499999.5).all() and (x < 500048.5).all() and (y < 5800000.5).all() and (y > 5799951.5).all()
    sums = vectors.summary()
    assert sums["total_length_m"] == pytest.approx(sums["total_length_px"] / 2, rel=1e-6)
    assert len((tmp_path / "mine.csv").read_text().splitlines()) == 1 + len(vectors.segments)


def test_lines_of_a_photograph_are_measured_by_its_scale(run, photographs):
    image = np.full((40, 60), 200, np.uint8)
    image[18:22] = 20
    network = semicurv_tf.load()
    vectors = network.vectorize(image, scale_mm_per_px=0.5)
    assert vectors.grid.unit == "mm"
    for segment in vectors.segments:
        assert segment.units.length == pytest.approx(segment.pixels.length / 2)
    assert network.predict(image).vectorize().segments[0].units is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threshold": 1.5}, "threshold: expected a number in (0, 1), found 1.5. Fix: threshold=0.5"),
        ({"tta": "d8"}, "tta: expected one of none, d4, scales, all, found 'd8'. Fix: tta='none'"),
        ({"tile": 8}, "tile: expected at least 32 pixels, found 8. Fix: tile=32, or leave it out"),
        ({"precision": "half"}, "precision: expected one of float32, bfloat16, auto, found 'half'."),
        ({"page": 0}, "page: expected the path of a file beside it, found an image in memory. Fix: leave page out"),
        ({"memory": "much"}, "much"),
        ({"no_data": "300"}, "300"),
        ({"kind": "river"}, "kind: expected one of crack, road, vessel, membrane, found 'river'. Fix: kind='crack'"),
        ({"width_px": 20.0}, "--width-px 20: for the built-in network alone"),
    ],
)
def test_options_that_are_none(run, options, said):
    with pytest.raises(UserError) as error:
        run.predict(np.zeros((32, 32), np.uint8), **options)
    assert said in str(error.value) and "Fix: " in str(error.value)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((2, 32, 32, 3), np.uint8), "found shape (2, 32, 32, 3). Fix: one image at a time, e.g. images[0]"),
        (np.zeros((32, 32, 3), np.float32), "expected uint8, raw 0-255, found float32. Fix: image.astype('uint8')"),
        (np.zeros((8, 32), np.uint8), "image: expected at least 16x16 pixels, found 32x8."),
        (np.zeros((0, 32), np.uint8), "found shape (0, 32)."),
        (np.zeros((32, 32), np.complex64), "found complex64"),
        ("nowhere.png", "nowhere.png: expected an image file, found nothing."),
        (".", ".: expected an image file, found a folder."),
    ],
)  # fmt: skip
def test_images_that_are_none(run, image, said):
    with pytest.raises(UserError) as error:
        run.predict(image)
    assert said in str(error.value)


def test_pages_are_asked_for(run, photographs):
    with pytest.raises(UserError, match=r"stack.tif: expected one image in the file, found 2 pages. Fix: page=0"):
        run.predict(photographs / "stack.tif")
    with pytest.raises(UserError, match=r"page: expected 0 to 1, the pages of .*stack.tif, found 2. Fix: page=0"):
        run.predict(photographs / "stack.tif", page=2)


def test_lines_that_cannot_be_written(run, tmp_path):
    prediction = run.predict(np.zeros((32, 32), np.uint8))
    with pytest.raises(
        UserError, match=r"output: expected a .geojson or .gpkg file, found lines.json. Fix: lines.geojson"
    ):
        prediction.vectorize("lines.json")
    with pytest.raises(UserError, match=r"table: expected a .csv file, found t.xlsx. Fix: t.csv"):
        prediction.vectorize(table="t.xlsx")
    with pytest.raises(UserError, match=r'rows: expected "segments" or "cracks", found \'lines\''):
        prediction.vectorize(rows="lines")
    with pytest.raises(UserError, match="scale_mm_per_px: expected a number above 0, found -1"):
        prediction.vectorize(scale_mm_per_px=-1)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="lines.geojson: cannot be written"):
        prediction.vectorize(tmp_path / "file" / "lines.geojson")


def test_a_scale_beside_map_coordinates_is_refused(geotiff):
    with pytest.raises(UserError, match="scale_mm_per_px: map.tif has map coordinates"):
        semicurv_tf.load().predict(geotiff).vectorize(scale_mm_per_px=1.0)


def test_what_cannot_be_loaded(run, tmp_path):
    with pytest.raises(
        UserError, match=r'none: expected \'curves\' or the version folder .*Fix: semicurv_tf.load\("curves"\)'
    ):
        semicurv_tf.load("none")
    with pytest.raises(UserError, match=r"expected an export, found a run. Fix: semicurv_tf.open_run"):
        semicurv_tf.load(run.folder)
    with pytest.raises(UserError, match="no run folder"):
        semicurv_tf.open_run(tmp_path)
