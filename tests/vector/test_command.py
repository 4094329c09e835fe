"""The command `vectorize`, as a user types it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.vectorize import vectorize
from semicurv_tf.errors import UserError
from tests.images.test_mask_files import write_geotiff
from tests.vector.conftest import band


def save(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(mask).astype(np.uint8) * 255).save(path)
    return path


def call(*arguments, fails=False):
    result = CliRunner().invoke(vectorize, [str(argument) for argument in arguments])
    if not fails:
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output
    assert isinstance(result.exception, UserError), (result.output, result.exception)
    assert all("Fix:" in line for line in result.exception.lines)
    return list(result.exception.lines)


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_example_of_the_issue_through_the_installed_command(tmp_path):
    save(tmp_path / "mask.png", band(20, 4, 140) | band(110, 4, 140))
    program = Path(sys.executable).with_name("semicurv-tf")
    command = "vectorize --input mask.png --output lines.geojson --table cracks.csv --scale-mm-per-px 0.8"
    done = subprocess.run([program, *command.split()], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1 component, 4 segments, 1 junction, 4 end points" in done.stdout
    rows = read_csv(tmp_path / "cracks.csv")
    content = json.loads((tmp_path / "lines.geojson").read_text())
    assert len(rows) == len(content["features"]) == 4
    for row, feature in zip(rows, content["features"]):
        assert float(row["length_mm"]) == pytest.approx(0.8 * float(row["length_px"]), rel=1e-4)
        assert float(row["mean_width_mm"]) == pytest.approx(3.2, abs=0.3)
        assert float(row["length_px"]) == feature["properties"]["length_px"]
        line = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert line.length == pytest.approx(float(row["length_px"]), rel=0.01)
    assert "crs" not in content and content["semicurv_tf"]["coordinates"].startswith("pixels: x right, y down")
    assert content["semicurv_tf"]["summary"]["total_length_mm"] == pytest.approx(0.8 * 280, abs=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cracks.csv", "lines.geojson", "mask.png"]


def test_folder_keeps_its_structure_and_names_bad_files_at_the_end(tmp_path):
    masks = tmp_path / "masks"
    save(masks / "a.png", band(0, 3))
    save(masks / "deep" / "b.png", band(90, 5))
    save(masks / "a.overlay.png", np.zeros((9, 9)))  # what `predict` writes beside a mask
    (masks / "bad.png").write_bytes((masks / "a.png").read_bytes()[:80])
    Image.fromarray(np.arange(400, dtype=np.uint8).reshape(20, 20)).save(masks / "soft.png")
    output = tmp_path / "lines"
    options = ["--table", tmp_path / "t.csv", "--summary", tmp_path / "s.csv", "--picture", output]
    lines = call("--input", masks, "--output", output, *options, fails=True)
    assert len(lines) == 2 and "bad.png" in lines[0] and "soft.png" in lines[1] and "--threshold 127" in lines[1]
    written = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    assert written == ["a.geojson", "a.lines.png", "deep/b.geojson", "deep/b.lines.png"]
    assert [row["image"] for row in read_csv(tmp_path / "t.csv")] == ["a.png", "deep/b.png"]
    summary = read_csv(tmp_path / "s.csv")
    assert [row["components"] for row in summary] == ["1", "1"]
    assert float(summary[1]["mean_width_px"]) == pytest.approx(5, abs=0.1)


def test_a_full_disk_ends_the_run_with_all_that_failed_before(tmp_path, monkeypatch):
    import errno

    from semicurv_tf.vector import files
    from semicurv_tf.whole_files import cannot_write

    masks = tmp_path / "masks"
    for name in ("b", "c", "d"):
        save(masks / f"{name}.png", band(0, 3))
    (masks / "a.png").write_bytes(b"bad")
    write = files.write_geojson

    def full(path, *arguments):
        if path.stem == "c":
            raise cannot_write(path, OSError(errno.ENOSPC, "no space"))
        write(path, *arguments)

    monkeypatch.setattr(files, "write_geojson", full)
    lines = call("--input", masks, "--output", tmp_path / "out", "--table", tmp_path / "t.csv", fails=True)
    assert len(lines) == 2 and "a.png" in lines[0] and "no space left" in lines[1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.geojson"] and not (tmp_path / "t.csv").exists()


def test_rows_of_the_table_may_be_cracks(tmp_path):
    mask = save(tmp_path / "m.png", band(0, 3, 60, centre=(80, 20)) | band(20, 4, 100) | band(110, 4, 100))
    call("--input", mask, "--output", tmp_path / "l.geojson", "--table", tmp_path / "t.csv", "--rows", "cracks")
    rows = read_csv(tmp_path / "t.csv")
    assert [(row["crack"], row["segments"]) for row in rows] == [("1", "1"), ("2", "4")]
    assert float(rows[0]["length_px"]) == pytest.approx(60, abs=2) and float(rows[1]["length_px"]) == pytest.approx(
        200, abs=4
    )


def test_map_coordinates(tmp_path):
    values = band(0, 4, 100, centre=(80, 60)).astype(np.uint8)
    raster = write_geotiff(tmp_path / "roads.tif", values)
    call("--input", raster, "--output", tmp_path / "a.geojson", "--crs", "map")
    content = json.loads((tmp_path / "a.geojson").read_text())
    assert "crs" not in content and content["semicurv_tf"]["coordinates"] == "EPSG:4326"
    (feature,) = content["features"]
    from rasterio.warp import transform

    x, y = transform("EPSG:4326", "EPSG:32633", *np.array(feature["geometry"]["coordinates"]).T)
    # Column 29.5 to 130.5 (its outer edges), row 60: half a metre a pixel, corners at (400000, 5200000).
    np.testing.assert_allclose(np.sort(x)[[0, -1]], [400015.0, 400065.5], atol=0.3)
    np.testing.assert_allclose(y, 5200000 - 0.5 * 60.5, atol=0.3)
    assert feature["properties"]["length_m"] == pytest.approx(50.5, abs=0.3)
    assert feature["properties"]["mean_width_m"] == pytest.approx(2.5, abs=0.01)  # five rows

    for text in ("epsg:4326", "OGC:CRS84"):
        call("--input", raster, "--output", tmp_path / "d.geojson", "--crs", text)
        other = json.loads((tmp_path / "d.geojson").read_text())
        assert "crs" not in other and other["features"] == content["features"]

    call("--input", raster, "--output", tmp_path / "c.geojson", "--crs", "pixels", "--scale-mm-per-px", "2")
    content = json.loads((tmp_path / "c.geojson").read_text())
    assert "crs" not in content and "length_mm" in content["features"][0]["properties"]


def test_what_is_refused_in_one_line(tmp_path):
    mask = save(tmp_path / "m.png", band(0, 3))
    raster = write_geotiff(tmp_path / "r.tif", band(0, 3).astype(np.uint8))
    before = mask.read_bytes()
    out, table, picture = (tmp_path / name for name in ("o.geojson", "t.csv", "p.png"))
    small = save(tmp_path / "small.png", np.zeros((20, 20)))
    for arguments, words in [
        (["--input", mask, "--output", mask], ["m.png", ".geojson"]),
        (["--input", mask, "--output", out, "--picture", mask], ["m.png", "replace"]),
        (["--input", mask, "--output", out, "--table", mask], ["--table", ".csv"]),
        (["--input", mask, "--output", out, "--table", table, "--summary", table], ["one file"]),
        (["--input", mask, "--output", out, "--crs", "map"], ["m.png", "no coordinate reference system", "--crs map"]),
        (["--input", mask, "--output", out, "--crs", "EPSG:4326"], ["m.png", "--crs EPSG:4326"]),
        (["--input", raster, "--output", out, "--crs", "EPSG:nonsense"], ["EPSG:nonsense"]),
        (["--input", raster, "--output", out, "--scale-mm-per-px", "1"], ["r.tif", "--scale-mm-per-px"]),
        (["--input", tmp_path / "absent", "--output", out], ["absent", "found nothing"]),
        (["--input", tmp_path, "--output", mask], ["--output", "folder"]),
        (["--input", mask, "--output", out, "--picture", picture, "--over", small], ["small.png", "160x160", "20x20"]),
    ]:  # fmt: skip
        (line,) = call(*arguments, fails=True)
        for word in words:
            assert word in line
    assert mask.read_bytes() == before and not out.exists()


def test_two_masks_of_one_name_are_refused(tmp_path):
    save(tmp_path / "masks" / "a.png", band(0, 3))
    save(tmp_path / "masks" / "a.bmp", band(0, 3))
    (line,) = call("--input", tmp_path / "masks", "--output", tmp_path / "out", fails=True)
    assert "both would become" in line and not (tmp_path / "out").exists()


def test_results_inside_the_folder_of_masks_are_not_read(tmp_path):
    masks = tmp_path / "masks"
    save(masks / "a.png", band(0, 3))
    for _ in range(2):
        text = call("--input", masks, "--output", masks / "lines", "--picture", masks / "lines")
        assert "1 vectorised, 0 failed" in text
    call("--input", masks, "--output", masks, "--picture", masks)
    assert "1 vectorised, 0 failed" in call("--input", masks, "--output", masks, "--picture", masks)


def test_picture_shows_lines_over_the_image(tmp_path):
    mask = save(tmp_path / "m.png", band(0, 5))
    Image.new("RGB", (160, 160), (10, 200, 10)).save(tmp_path / "photo.jpg", quality=95)
    for colour in ("width", "crack", "segment"):
        call(
            "--input",
            mask,
            "--output",
            tmp_path / "l.geojson",
            "--picture",
            tmp_path / "p.png",
            "--over",
            tmp_path / "photo.jpg",
            "--colour",
            colour,
        )
        picture = np.asarray(Image.open(tmp_path / "p.png")).astype(int)
        assert picture.shape == (6 * 160 + 34, 6 * 160, 3)
        assert abs(picture[100, 100] - (10, 200, 10)).max() < 12  # the photograph
        assert abs(picture[6 * 80 + 3, 6 * 80] - (10, 200, 10)).max() > 50  # the line in its middle


def test_empty_mask_is_said_and_its_files_are_valid(tmp_path):
    mask = save(tmp_path / "m.png", np.zeros((30, 30)))
    text = call(
        "--input",
        mask,
        "--output",
        tmp_path / "l.geojson",
        "--table",
        tmp_path / "t.csv",
        "--picture",
        tmp_path / "p.png",
    )
    assert "no foreground, no lines" in text
    assert json.loads((tmp_path / "l.geojson").read_text())["features"] == []
    assert read_csv(tmp_path / "t.csv") == []
    inverted = save(tmp_path / "i.png", ~band(0, 3))
    assert "is it inverted?" in call("--input", inverted, "--output", tmp_path / "l.geojson")


def test_files_of_others_and_names_of_files_are_refused(call_command, tmp_path):
    """A second call replaces its own results; a map of another program stays as it is."""
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.pad(np.full((3, 40), 255, np.uint8), 10)).save(tmp_path / "masks" / "a.png")
    given = ("vectorize", "--input", tmp_path / "masks", "--output", tmp_path / "lines", "--table", tmp_path / "t.csv")
    for _ in range(2):
        call_command(*given, "--picture", tmp_path / "lines", "--graphml", tmp_path / "lines")
    (tmp_path / "lines" / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "t.csv").write_text("image,station_m\n")
    said = call_command(*given, expect=2).err
    assert said.count("would replace 1 file that") == 2 and "a.geojson" in said and "t.csv" in said
    assert (tmp_path / "t.csv").read_text() == "image,station_m\n"
    said = call_command("vectorize", "--input", tmp_path / "masks", "--output", tmp_path / "x.gpkg", expect=2).err
    assert "found the name of a file" in said and f"--output {tmp_path / 'x'}" in said
