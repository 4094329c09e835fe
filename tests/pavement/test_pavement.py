"""Pavement tables on drawn cracks of known size, scales and places by hand."""

import csv
import json
import math
import sys

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from semicurv_tf.annotations.rasterise import paint
from semicurv_tf.annotations.shapes import Line
from semicurv_tf.cli.measure import measure
from semicurv_tf.errors import UserError
from semicurv_tf.pavement.crack_map import bar_length_mm, class_colours
from semicurv_tf.pavement.marker import find_marker, from_box, parse_box
from semicurv_tf.pavement.photograph import Photograph, read_photograph
from semicurv_tf.pavement.scale import from_camera
from semicurv_tf.pavement.stations import Station, distance_m, from_photographs, read_stations
from semicurv_tf.pavement.width_classes import class_names, lengths_by_class, parse_classes
from semicurv_tf.vector import vectorize_mask


def drawn(lines, height=300, width=400):
    """A mask of lines: each is its points and its width in pixels."""
    mask = np.zeros((height, width), bool)
    for points, width_px in lines:
        paint(mask, Line("", np.array(points, float)), True, width_px)
    return mask


def save(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).save(path)


def photograph(path, latitude=None, longitude=None, focal=24, taken="2024:05:31 10:00:00", size=(400, 300)):
    exif = Image.Exif()
    own = exif.get_ifd(0x8769)
    if focal is not None:
        own[0xA405] = focal
    own[0x9003] = taken
    if latitude is not None:
        gps = exif.get_ifd(0x8825)
        for tag, value, names in ((1, latitude, "NS"), (3, longitude, "EW")):
            minutes = abs(value) % 1 * 60
            seconds = IFDRational(round(minutes % 1 * 60 * 10**6), 10**6)
            gps[tag] = names[value < 0]
            gps[tag + 1] = (IFDRational(int(abs(value))), IFDRational(int(minutes)), seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((size[1], size[0], 3), np.uint8)).save(path, exif=exif)


def call(*arguments):
    return CliRunner().invoke(measure, [str(argument) for argument in arguments])


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("degrees", [0, 17, 45, 90])
@pytest.mark.parametrize("width_px", [3.0, 5.0, 9.0])
def test_a_crack_of_one_width_is_in_one_class(degrees, width_px):
    """All of its length but what its rounded ends lose; length to 2 %, width to 0.8 px."""
    along = 100 * np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    middle = np.array([200.5, 150.5])
    mask = drawn([([middle - along, middle + along], width_px)])
    vectors = vectorize_mask(mask)
    (segment,) = vectors.segments
    length = 200 + width_px  # ends are round
    assert segment.pixels.length == pytest.approx(length, rel=0.02)
    assert segment.pixels.mean_width == pytest.approx(width_px, abs=0.8)
    found = lengths_by_class(vectors, mask, (width_px - 1, width_px + 1))
    assert found.sum() == pytest.approx(segment.pixels.length)
    assert found[1] >= length - 2.5 * width_px and found[2] == 0


def test_a_crack_that_widens_is_in_two_classes():
    mask = drawn([([(50, 150), (200, 150)], 3), ([(200, 150), (350, 150)], 9)])
    narrow, wide = lengths_by_class(vectorize_mask(mask), mask, (6.0,))
    assert narrow == pytest.approx(150, abs=8) and wide == pytest.approx(150, abs=8)


def test_a_crossing_has_no_class_of_its_own():
    """Where two cracks of 5 px cross, what is measured across is wider; it is the cracks' width that counts."""
    mask = drawn([([(100, 50), (100, 250)], 5), ([(20, 150), (180, 150)], 5)], 300, 200)
    assert lengths_by_class(vectorize_mask(mask), mask, (7.0,))[1] == 0


def test_an_empty_mask_has_no_length():
    mask = np.zeros((30, 40), bool)
    assert lengths_by_class(vectorize_mask(mask), mask, (1.0, 2.0)).tolist() == [0, 0, 0]


def test_classes():
    assert parse_classes("0.5,1, 3") == (0.5, 1.0, 3.0)
    assert class_names((1.0,)) == ["length_m_width_0_to_1_mm", "length_m_width_from_1_mm"]
    for text in ("", "3,1", "0,1", "1,1", "a", "-1", "1,nan", "nan", "1,,2"):
        with pytest.raises(UserError, match=r"--width-classes-mm .* Fix: "):
            parse_classes(text)


def test_the_scale_of_a_camera(tmp_path):
    # 1.5 m above, 36 mm lens on film of 36 x 24 mm: 1.5 m of pavement fill the 3000 pixels across.
    scale = from_camera(Photograph(3000, 2000, 36.0), tmp_path, 1.5, 0.0)
    assert scale.mm_per_px == pytest.approx(0.5) and scale.error_percent == pytest.approx(100 * 0.5 / 36)
    upright = from_camera(Photograph(2000, 3000, 36.0), tmp_path, 1.5, 0.0)
    assert upright.mm_per_px == pytest.approx(0.5)
    # 4:3: the diagonal of 5 parts sees 43.27 mm, its long side of 4 parts 34.61 mm, not 36: 4.0 %.
    other = from_camera(Photograph(4000, 3000, 36.0), tmp_path, 1.5, 0.015)
    assert other.mm_per_px == pytest.approx(1500 * math.hypot(36, 24) / 36 / 5000)
    parts = (0.5 / 36, 36 / 4000 / (math.hypot(36, 24) / 5000) - 1, 0.01)
    assert other.error_percent == pytest.approx(100 * math.sqrt(sum(part**2 for part in parts)))
    with pytest.raises(UserError, match=r"expected FocalLengthIn35mmFilm"):
        from_camera(Photograph(4000, 3000), tmp_path / "a.jpg", 1.5)


def test_what_a_photograph_says(tmp_path):
    photograph(tmp_path / "a.jpg", -33.8567844, 151.2152967, focal=28)
    found = read_photograph(tmp_path / "a.jpg")
    assert (found.width, found.height, found.focal_35mm, found.taken) == (400, 300, 28, "2024:05:31 10:00:00")
    assert found.latitude == pytest.approx(-33.8567844, abs=1e-9)
    assert found.longitude == pytest.approx(151.2152967, abs=1e-9)
    photograph(tmp_path / "b.jpg", focal=0)
    assert read_photograph(tmp_path / "b.jpg").focal_35mm is None
    assert read_photograph(tmp_path / "b.jpg").latitude is None


@pytest.mark.parametrize("gps", [{1: "N", 2: (91, 0, 0)}, {1: "X", 2: (10, 0, 0)}, {1: "N", 2: (10,)}, {2: (10, 0, 0)}])
def test_places_that_are_none(tmp_path, gps):
    exif = Image.Exif()
    ifd = exif.get_ifd(0x8825)
    for tag, value in {**gps, 3: "E", 4: (5, 0, 0)}.items():
        ifd[tag] = value if isinstance(value, str) else tuple(IFDRational(part) for part in value)
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    found = read_photograph(tmp_path / "a.jpg")
    assert found.latitude is None and found.longitude is None


def test_distances():
    # A minute of latitude on this sphere: 1853.2 m; at 60 degrees north a degree of longitude is half of one.
    assert distance_m((50.0, 8.0), (50.0 + 1 / 60, 8.0)) == pytest.approx(1853.2, abs=0.1)
    assert distance_m((60.0, 0.0), (60.0, 0.001)) == pytest.approx(111.195 / 2, abs=0.01)


def test_stations_of_photographs_go_by_time():
    at = lambda latitude, taken: Photograph(1, 1, None, latitude, 8.0, taken)
    found = from_photographs({"b": at(50.001, "1"), "a": at(50.002, "2"), "c": at(50.0, "0"), "d": Photograph(1, 1)})
    assert list(found) == ["c", "b", "a"]
    assert [round(one.station_m, 1) for one in found.values()] == [0.0, 111.2, 222.4]


def test_stations_of_a_list(tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text("image,station_m,section,lat,lon\na.png,130,,50,8\ndeep/b,,A7,,\n")
    assert read_stations(path) == {"a": Station(130.0, None, 50.0, 8.0), "deep/b": Station(None, "A7")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,station_m\na,x\nb,-1\n", "line 2: station_m: expected a number"),
        ("image,lat,lon\na,91,0\n", "lat: expected a number of -90 to 90"),
        ("image,lat,lon\na,50,\n", "expected lat and lon, found one"),
        ("image,station_m\na,1\na.png,2\n", "line 3: image a: is there twice"),
        ("image,station_m\n,1\n", "expected a name"),
        ("image,lat\na,1\n", "expected the column image, and"),
        ("name,station_m\na,1\n", "expected the column image, and"),
        ("", "expected the column image, and"),
    ],
)
def test_lists_that_are_none(tmp_path, text, said):
    path = tmp_path / "stations.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        read_stations(path)


def test_a_table_at_a_given_scale(tmp_path):
    """200 px of a crack 5 px wide at 0.8 mm/px: 0.164 m, 4 mm; on 400 x 300 px, 0.0768 square metres."""
    save(tmp_path / "masks" / "a.png", drawn([([(100, 150.5), (300, 150.5)], 5)]))
    result = call("--input", tmp_path / "masks", "--output", tmp_path / "t.csv", "--mm-per-px", 0.8)
    assert result.exit_code == 0, result.output
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["area_m2"]) == pytest.approx(0.0768)
    assert float(row["crack_length_m"]) == pytest.approx(0.164, rel=0.02)
    assert float(row["density_m_per_m2"]) == pytest.approx(0.164 / 0.0768, rel=0.02)
    assert float(row["mean_width_mm"]) == pytest.approx(4.0, abs=0.4)
    classes = [float(row[name]) for name in class_names((1.0, 3.0, 10.0))]
    assert sum(classes) == pytest.approx(float(row["crack_length_m"])) and classes[2] > 0.15
    assert "its error not known" in result.output and "1 measured, 0 failed" in result.output


def test_sections_along_gps(tmp_path):
    """Four photographs 60 m apart: stations 0, 60, 120, 180; sections of 100 m hold two each."""
    step = math.degrees(60 / 6_371_008.8)
    for number, name in enumerate("abcd"):
        save(tmp_path / "masks" / f"{name}.png", drawn([([(100, 150), (200 + 50 * number, 150)], 5)]))
        taken = f"2024:05:31 10:00:0{number}"
        photograph(tmp_path / "photos" / f"{name}.jpg", 50 + number * step, 8.0, taken=taken)
    result = call(
        "--input", tmp_path / "masks", "--photos", tmp_path / "photos", "--output", tmp_path / "t.csv",
        "--camera-height-m", 1.2, "--sections", tmp_path / "s.geojson",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    table = rows_of(tmp_path / "t.csv")
    assert [row["section"] for row in table] == ["0-100 m", "0-100 m", "100-200 m", "100-200 m"]
    assert [round(float(row["station_m"])) for row in table] == [0, 60, 120, 180]
    layer = json.loads((tmp_path / "s.geojson").read_text())
    first, second = layer["features"]
    assert "crs" not in layer and first["geometry"]["type"] == "LineString"
    assert first["geometry"]["coordinates"][0] == [8.0, 50.0]  # longitude first
    total = sum(float(row["crack_length_m"]) for row in table[2:])
    assert second["properties"]["crack_length_m"] == pytest.approx(total, rel=1e-5)
    assert second["properties"]["images"] == 2
    area = 2 * float(table[0]["area_m2"])
    assert second["properties"]["density_m_per_m2"] == pytest.approx(total / area, rel=1e-4)
    assert f"{float(table[0]['scale_error_percent']):.2g} % at most" in result.output


def test_sections_of_a_list_without_places(tmp_path):
    for name in "abc":
        save(tmp_path / "masks" / f"{name}.png", drawn([([(100, 150), (200, 150)], 5)]))
    (tmp_path / "stations.csv").write_text("image,section\na,north\nb.png,south\nz,south\n")
    result = call(
        "--input", tmp_path / "masks", "--output", tmp_path / "t.csv", "--mm-per-px", 1, "--scale-error-percent", 2,
        "--stations", tmp_path / "stations.csv", "--sections", tmp_path / "s.geojson",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    features = json.loads((tmp_path / "s.geojson").read_text())["features"]
    assert [(one["properties"]["section"], one["geometry"]) for one in features] == [("north", None), ("south", None)]
    assert "in no section: 1 image: c" in result.output
    assert "1 of 3 names of" in result.output and "its error 2 %" in result.output


def test_bad_masks_are_named_and_the_others_measured(tmp_path):
    save(tmp_path / "masks" / "a.png", drawn([([(100, 150), (200, 150)], 5)]))
    (tmp_path / "masks" / "b.png").write_bytes(b"none")
    result = call("--input", tmp_path / "masks", "--output", tmp_path / "t.csv", "--mm-per-px", 1)
    assert isinstance(result.exception, UserError) and "b.png" in result.exception.lines[0]
    assert [row["image"] for row in rows_of(tmp_path / "t.csv")] == ["a"]


def test_results_replace_those_of_an_earlier_call_and_nothing_else(tmp_path):
    save(tmp_path / "masks" / "a.png", drawn([([(100, 150), (200, 150)], 5)]))
    (tmp_path / "stations.csv").write_text("image,station_m\na,30\n")
    options = {"--output": "t.csv", "--sections": "s.geojson", "--maps": "maps", "--stations": "stations.csv"}
    given = [word for option, name in options.items() for word in (option, tmp_path / name)]
    for _ in range(2):
        result = call("--input", tmp_path / "masks", "--mm-per-px", 1, *given)
        assert result.exit_code == 0, result.output
    foreign = {"t.csv": "a,b\n", "s.geojson": "{}", "maps/a.map.png": ""}
    for name, content in foreign.items():
        (tmp_path / name).write_text(content)
    lines = call("--input", tmp_path / "masks", "--mm-per-px", 1, *given).exception.lines
    assert [line.split()[0] for line in lines] == ["--output", "--sections", "--maps"]
    assert all("would replace 1 file that semicurv-tf did not write" in line for line in lines)
    assert {name: (tmp_path / name).read_text() for name in foreign} == foreign


def test_a_photograph_of_another_size(tmp_path):
    save(tmp_path / "masks" / "a.png", drawn([]))
    photograph(tmp_path / "photos" / "a.jpg", size=(200, 150))
    result = call(
        "--input", tmp_path / "masks", "--photos", tmp_path / "photos", "--output", tmp_path / "t.csv",
        "--camera-height-m", 1,
    )  # fmt: skip
    assert "expected 400x300 pixels as its mask" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "expected one of them, found none"),
        (("--mm-per-px", 1, "--camera-height-m", 1), "found --mm-per-px and --camera-height-m"),
        (("--marker-cm", 10), "looks for the marker in photographs"),
        (("--mm-per-px", 1, "--marker-px", "0,0,9,9"), "needs the marker's size"),
        (("--marker-cm", 10, "--marker-px", "9,0,0,9"), "LEFT,TOP,RIGHT,BOTTOM in pixels, rising"),
        (("--mm-per-px", 1, "--maps", "../masks/a.png"), "expected a folder, found a file"),
        (("--camera-height-m", 1), "needs the photographs' EXIF"),
        (("--mm-per-px", 1, "--sections", "s.geojson"), "needs to know where images lie"),
        (("--mm-per-px", 1, "--photos", "nowhere"), "expected the folder of the photographs"),
        (("--mm-per-px", 1, "--photos", "."), "has no photograph for"),
        (("--mm-per-px", 1, "--output", "t.txt"), "expected a name that ends in .csv"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, monkeypatch, options, said):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    save(tmp_path / "masks" / "a.png", drawn([]))
    result = call("--input", tmp_path / "masks", "--output", tmp_path / "t.csv", *options)
    assert isinstance(result.exception, UserError) and said in str(result.exception), result.output


def test_masks_of_one_name(tmp_path):
    save(tmp_path / "masks" / "a.png", drawn([]))
    save(tmp_path / "masks" / "a.bmp", drawn([]))
    result = call("--input", tmp_path / "masks", "--output", tmp_path / "t.csv", "--mm-per-px", 1)
    assert "has the name of" in str(result.exception)


def test_nothing_to_measure(tmp_path):
    result = call("--input", tmp_path / "none", "--output", tmp_path / "t.csv", "--mm-per-px", 1)
    assert "expected a mask or a folder of masks" in str(result.exception)


def test_sections_as_a_geopackage(tmp_path):
    """One layer in WGS 84 with the totals of the GeoJSON: lines, a point of one image, nothing without a place."""
    pyogrio = pytest.importorskip("pyogrio")
    for name in "abcd":
        save(tmp_path / "masks" / f"{name}.png", drawn([([(100, 150), (200, 150)], 5)]))
    (tmp_path / "stations.csv").write_text(
        "image,station_m,lat,lon\na,0,50,8\nb,60,50.001,8.002\nc,120,50.002,8.003\nd,230,,\n"
    )
    features = {}
    for suffix in ("geojson", "gpkg"):
        result = call(
            "--input", tmp_path / "masks", "--output", tmp_path / "t.csv", "--mm-per-px", 1,
            "--stations", tmp_path / "stations.csv", "--sections", tmp_path / f"s.{suffix}",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "s.gpkg") if name != "layer_styles"] == ["road_sections"]
    meta, _, geometry, columns = pyogrio.raw.read(tmp_path / "s.gpkg", layer="road_sections")
    assert meta["crs"] == "EPSG:4326"
    shapes = [None if one is None else shapely.from_wkb(one) for one in geometry]
    assert [None if one is None else one.wkt for one in shapes] == [
        "LINESTRING (8 50, 8.002 50.001)", "POINT (8.003 50.002)", None
    ]  # fmt: skip
    table = dict(zip(meta["fields"], columns))
    features = json.loads((tmp_path / "s.geojson").read_text())["features"]
    assert table["section"].tolist() == ["0-100 m", "100-200 m", "200-300 m"]
    for column in ("crack_length_m", "area_m2", "images", "from_m", "length_m_width_3_to_10_mm"):
        assert table[column].tolist() == pytest.approx([one["properties"][column] for one in features])


def aruco(side_px, size=(400, 300)):
    """A photograph of grey pavement with an ArUco marker of 6 x 6 cells, `side_px` wide, on white paper."""
    cv2 = pytest.importorskip("cv2")
    side = round(8 * side_px)  # drawn eight times as large, so that edges lie between pixels
    marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_6X6_250), 23, side)
    photo = np.full((8 * size[1], 8 * size[0]), 150, np.uint8)
    photo[200 : side + 360, 300 : side + 460] = 255
    photo[280 : side + 280, 380 : side + 380] = marker
    small = photo.reshape(size[1], 8, size[0], 8).mean((1, 3)) + np.random.default_rng(0).normal(0, 5, size[::-1])
    return np.stack([small.clip(0, 255).astype(np.uint8)] * 3, -1)


@pytest.mark.parametrize("side_px", [60.0, 97.3, 150.5])
def test_a_marker_gives_the_scale_within_the_error_that_is_said(side_px):
    found = find_marker(aruco(side_px), 10.0, "a.jpg")
    assert found.mm_per_px == pytest.approx(100 / side_px, rel=3 * found.error_percent / 100)
    assert 0 < found.error_percent < 3 and "a marker of 10 cm, 6x6" in found.source


def test_a_photograph_without_a_marker_is_named():
    pytest.importorskip("cv2")
    with pytest.raises(UserError, match=r"a.jpg: expected an ArUco marker .*Fix: --marker-px LEFT,TOP,RIGHT,BOTTOM"):
        find_marker(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8), 10.0, "a.jpg")


def test_a_marker_that_the_user_measured():
    scale = from_box(parse_box("100,50,300,252"), 20.0)
    assert scale.mm_per_px == pytest.approx(200 / 201)
    # Ends known to a pixel each: sqrt(2) of 201; sides of 200 and 202: a deviation of sqrt(2) again.
    assert scale.error_percent == pytest.approx(100 * 2 / 201)


def test_without_opencv_the_way_on_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match=r"pip install 'semicurv-tf\[marker\]', or --marker-px"):
        find_marker(np.zeros((9, 9, 3), np.uint8), 10.0, "a.jpg")


def test_lengths_by_a_marker_in_the_photograph(tmp_path):
    """200 px of a crack 5 px wide where a marker of 10 cm is 100 px wide: 20.5 cm and 5 mm, within the error said."""
    photo = aruco(100.0)
    save(tmp_path / "masks" / "a.png", drawn([([(100, 200.5), (300, 200.5)], 5)]))
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo).save(tmp_path / "photos" / "a.png")
    result = call(
        "--input", tmp_path / "masks", "--photos", tmp_path / "photos", "--output", tmp_path / "t.csv",
        "--marker-cm", 10, "--maps", tmp_path / "maps",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (row,) = rows_of(tmp_path / "t.csv")
    allowed = 0.01 + 3 * float(row["scale_error_percent"]) / 100
    assert float(row["crack_length_m"]) == pytest.approx(0.205, rel=allowed)
    assert float(row["mean_width_mm"]) == pytest.approx(5.0, abs=0.5)
    assert (tmp_path / "maps" / "a.map.png").is_file() and "its error" in result.output


def test_the_map_has_colours_by_width_and_a_bar_of_its_length(tmp_path):
    """A crack of 3 px and one of 15 at 1 mm/px: classes below and above 10 mm; the bar is 50 mm, 50 pixels."""
    mask = drawn([([(50, 80), (350, 80)], 3), ([(50, 220), (350, 220)], 15)])
    save(tmp_path / "a.png", mask)
    result = call(
        "--input", tmp_path / "a.png", "--output", tmp_path / "t.csv", "--mm-per-px", 1, "--maps", tmp_path / "maps",
        "--width-classes-mm", 10,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    picture = np.asarray(Image.open(tmp_path / "maps" / "a.map.png"))
    thin, thick = class_colours(2)
    assert tuple(picture[80, 200]) == thin and tuple(picture[220, 200]) == thick
    assert not (picture[:300] == thick).all(-1)[:150].any()
    foot = (picture[300:, :200] == 0).all(-1)
    widest = max(len(run) for row in foot for run in "".join("x" if one else " " for one in row).split())
    assert widest == 50 and bar_length_mm(400.0) == 50.0
