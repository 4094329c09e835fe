import errno
import json
import os
import shutil
import threading
import time

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images import results
from semicurv_tf.inference.predictor import Predictor, PredictorLost
from semicurv_tf.predict import predict_files
from semicurv_tf.predict.plan_files import Outputs, choose_jobs, note_lines, open_output, plan_jobs
from semicurv_tf.predict.predict_files import predict_jobs
from semicurv_tf.predict.write_lines import LineOptions
from semicurv_tf.whole_files import DiskLost


@pytest.fixture
def folder(tmp_path):
    """Three images 20 x 16: red 200 in the left quarter; one of them in a sub-folder, and a broken file."""
    pixels = np.zeros((16, 20, 3), np.uint8)
    pixels[:, :5, 0] = 200
    for name in ("a.png", "b.png", "sub/c.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    return tmp_path / "in"


def test_every_result_and_one_bad_file(folder, tmp_path, red_predictor):
    out = tmp_path / "out"
    jobs = plan_jobs(folder, out, Outputs(probability=True, overlay=True))
    shares = []
    outcomes = list(predict_jobs(red_predictor, jobs, shares.append))
    assert [outcome.image.name for outcome in outcomes] == ["a.png", "b.png", "broken.jpg", "c.png"]
    assert [outcome.foreground for outcome in outcomes] == [0.25, 0.25, None, 0.25]
    assert "broken.jpg" in outcomes[2].faults[0]
    assert sum(shares) == pytest.approx(4)

    mask = np.asarray(Image.open(out / "sub" / "c.png"))
    assert mask.shape == (16, 20) and np.all(mask[:, :5] == 255) and np.all(mask[:, 5:] == 0)
    assert np.asarray(Image.open(out / "a.probability.png"))[0, :6].tolist() == [200] * 5 + [0]
    assert np.asarray(Image.open(out / "a.overlay.png"))[0, 4].tolist() == [233, 24, 24]  # (2*200+3*255)/5, 3*40/5
    assert not list(out.rglob(".part-*")) and not (out / "broken.png").exists()


@pytest.mark.parametrize("name", ["out.jpg", "OUT.JPEG", "masks.bmp"])
def test_a_picture_that_masks_are_not_written_as_is_refused(folder, tmp_path, name):
    with pytest.raises(UserError, match=r"masks are written as .png or .tif, or into a folder. Fix: --output") as error:
        plan_jobs(folder, tmp_path / name, Outputs())
    assert error.value.lines[0].endswith(f"--output {(tmp_path / name).with_suffix('')}")
    with pytest.raises(UserError) as error:
        plan_jobs(folder / "a.png", tmp_path / name, Outputs())
    assert error.value.lines[0].endswith(f"--output {(tmp_path / name).with_suffix('.png')}")
    assert not (tmp_path / name).exists()
    (tmp_path / name).mkdir()  # a folder of that name is one
    assert plan_jobs(folder, tmp_path / name, Outputs())


@pytest.mark.parametrize(
    ("name", "one", "several"),
    [
        ("mask.geojson", "mask.png --vectors geojson", "mask --vectors geojson"),
        ("mask.GPKG", "mask.png --vectors gpkg", "mask --vectors gpkg"),
        ("mask.json", "mask.png", "mask"),
    ],
)
def test_no_folder_is_made_of_a_files_name(folder, tmp_path, name, one, several):
    for images, expected in ((folder / "a.png", one), (folder, several)):
        with pytest.raises(UserError, match="expected a folder") as error:
            plan_jobs(images, tmp_path / name, Outputs())
        assert error.value.lines[0].endswith(f"Fix: --output {tmp_path / expected}")
    (tmp_path / name).mkdir()  # an earlier version made it
    assert plan_jobs(folder, tmp_path / name, Outputs())
    assert plan_jobs(folder, tmp_path / "run.v2", Outputs())


def test_the_next_image_is_read_while_the_network_computes_one_at_a_time(folder, tmp_path, monkeypatch):
    read, computing, at_once = {name: threading.Event() for name in ("a.png", "b.png", "c.png")}, [], []
    open_pages = predict_files.open_pages

    def opened(path, *arguments, **named):
        read[path.name].set()
        return open_pages(path, *arguments, **named)

    def network(image):
        computing.append(1)
        at_once.append(len(computing))
        assert read["b.png"].wait(60)  # the first call would wait for ever if b were read after it
        computing.pop()
        return image[..., :1] / np.float32(255)

    monkeypatch.setattr(predict_files, "open_pages", opened)
    (folder / "broken.jpg").unlink()
    begun, shares = [], []
    jobs = plan_jobs(folder, tmp_path / "out", Outputs())
    outcomes = list(predict_jobs(Predictor(network, 3), jobs, shares.append, begun.append))
    assert [outcome.foreground for outcome in outcomes] == [0.25] * 3 and at_once == [1, 1, 1]
    assert begun == ["a.png", "b.png", "c.png"] and shares == [1.0] * 3


@pytest.mark.parametrize("limit", [0, 16 * 20])
def test_large_images_are_predicted_alone(folder, tmp_path, red_predictor, monkeypatch, limit):
    """No other image is held beside one above the limit, and what comes of them is the same."""
    held, most = [], []
    predict_job = predict_files.predict_job

    def watched(*arguments):
        held.append(1)
        most.append(len(held))
        outcome = predict_job(*arguments)
        held.pop()
        return outcome

    monkeypatch.setattr(predict_files, "predict_job", watched)
    monkeypatch.setattr(predict_files, "ASIDE_PIXELS", limit)
    outcomes = list(predict_jobs(red_predictor, plan_jobs(folder, tmp_path / "out", Outputs())))
    assert [outcome.foreground for outcome in outcomes] == [0.25, 0.25, None, 0.25]
    assert max(most) == 1 if limit == 0 else len(most) == 4


def test_finished_files_are_skipped_until_settings_change(folder, tmp_path, red_predictor):
    out = tmp_path / "out"
    jobs = plan_jobs(folder / "a.png", out, Outputs())
    since = open_output(out, {"threshold": 0.5}, overwrite=False)
    assert not jobs[0].finished(since)
    list(predict_jobs(red_predictor, jobs))
    assert jobs[0].finished(open_output(out, {"threshold": 0.5}, overwrite=False))
    with pytest.raises(UserError, match=r"threshold 0.5 \(now 0.4\)"):
        open_output(out, {"threshold": 0.4}, overwrite=False)
    os.utime(out / "a.png", (1, 1))  # long before
    assert not jobs[0].finished(open_output(out, {"threshold": 0.4}, overwrite=True))
    assert json.loads((out / "predictions.json").read_text()) == {"threshold": 0.4}


def test_images_that_would_collide_are_all_named_before_anything_is_written(folder, tmp_path):
    for name in ("a.bmp", "b.tif"):
        Image.new("RGB", (16, 16)).save(folder / name)
    with pytest.raises(UserError) as caught:
        plan_jobs(folder, tmp_path / "out", Outputs())
    assert len(caught.value.lines) == 2 and not (tmp_path / "out").exists()


def test_an_image_is_never_replaced_by_its_mask(folder):
    with pytest.raises(UserError, match="would replace this image"):
        plan_jobs(folder, folder, Outputs())


@pytest.mark.parametrize("make", [lambda p: p / "none", lambda p: (p / "empty").mkdir() or p / "empty"])
def test_nothing_to_predict(tmp_path, make):
    with pytest.raises(UserError, match="--input"):
        plan_jobs(make(tmp_path), tmp_path / "out", Outputs())


def test_output_that_is_a_file(folder, tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(UserError, match="expected a folder, found a file"):
        plan_jobs(folder, tmp_path / "out", Outputs())


def test_one_file_for_several_images(folder, tmp_path):
    with pytest.raises(UserError, match="expected a folder for several images"):
        plan_jobs(folder, tmp_path / "out.png", Outputs())


def test_a_full_disk_stops_the_run_with_one_line_and_no_half_file(folder, tmp_path, red_predictor, monkeypatch):
    def full(self, kind, content):
        self._file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results.PngRows, "_chunk", full)
    with pytest.raises(DiskLost, match="no space left"):
        list(predict_jobs(red_predictor, plan_jobs(folder, tmp_path / "out", Outputs())))
    assert not list((tmp_path / "out").iterdir())


def test_lines_of_the_mask_beside_it(tmp_path, red_predictor):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[19:22, 5:55, 0] = 255  # a bar of 50 x 3 pixels
    Image.fromarray(pixels).save(tmp_path / "bar.png")
    (job,) = plan_jobs(tmp_path / "bar.png", tmp_path / "out", Outputs(vectors=True))
    (outcome,) = predict_jobs(red_predictor, [job])
    assert not outcome.faults and job.finished(0)
    (line,) = json.loads((tmp_path / "out" / "bar.geojson").read_text())["features"]
    xs = [x for x, _ in line["geometry"]["coordinates"]]
    assert line["geometry"]["type"] == "LineString" and max(xs) - min(xs) == pytest.approx(50, abs=3)
    head, row = (tmp_path / "out" / "bar.csv").read_text().splitlines()
    measures = dict(zip(head.split(","), row.split(","), strict=True))
    assert measures["image"] == "bar.png" and float(measures["mean_width_px"]) == pytest.approx(3, abs=0.5)


def test_a_list_of_images(folder, tmp_path, red_predictor):
    (tmp_path / "list.txt").write_text(f"in/a.png\n\n{folder / 'sub' / 'c.png'}\nin/absent.png\n")
    jobs = plan_jobs(tmp_path / "list.txt", tmp_path / "out", Outputs())
    assert [job.outputs["mask"].name for job in jobs] == ["a.png", "c.png", "absent.png"]
    outcomes = list(predict_jobs(red_predictor, jobs))
    assert [bool(outcome.faults) for outcome in outcomes] == [False, False, True] and "absent.png" in outcomes[
        2
    ].faults[0]
    (tmp_path / "list.csv").write_text("in/a.png\n")
    with pytest.raises(UserError, match=r"found a table\. Fix: --input .*list\.txt, a text file with the path"):
        plan_jobs(tmp_path / "list.csv", tmp_path / "out", Outputs())
    for line in ("/", "..", "in/.."):
        (tmp_path / "folder.txt").write_text(f"in/a.png\n{line}\n")
        with pytest.raises(UserError, match=r"folder\.txt: expected the path of an image per line, found .*Fix: list"):
            plan_jobs(tmp_path / "folder.txt", tmp_path / "out", Outputs(editable="png"))
    (tmp_path / "long.txt").write_text(f"in/a.png\n{'x' * 300}\n")  # fails by itself, as an absent one does
    assert len(plan_jobs(tmp_path / "long.txt", tmp_path / "out", Outputs())) == 2
    (tmp_path / "none.txt").write_text("\n")
    with pytest.raises(UserError, match="an image per line"):
        plan_jobs(tmp_path / "none.txt", tmp_path / "out", Outputs())


def test_one_unwritable_result_leaves_the_others(folder, tmp_path, red_predictor):
    (tmp_path / "out" / "a.png" / "taken").mkdir(parents=True)  # a folder has the mask's name
    outcomes = list(predict_jobs(red_predictor, plan_jobs(folder, tmp_path / "out", Outputs())))
    assert "a.png" in outcomes[0].faults[0] and "cannot be written" in outcomes[0].faults[0]
    assert (tmp_path / "out" / "b.png").is_file() and not list((tmp_path / "out").rglob(".part-*"))


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    import subprocess
    import sys

    from semicurv_tf.parts import new_part

    out = tmp_path / "out" / "sub"
    out.mkdir(parents=True)
    make = f"import pathlib, semicurv_tf.parts as parts; parts.new_part(pathlib.Path({str(out)!r}, 'a.png')).touch()"
    subprocess.run([sys.executable, "-c", make], check=True)
    assert len(list(out.iterdir())) == 1
    mine = new_part(out / "b.png")
    for path in (mine, out / "c.png"):
        path.touch()
    open_output(tmp_path / "out", {}, overwrite=False)
    assert sorted(path.name for path in out.iterdir()) == [mine.name, "c.png"]


def test_a_single_mask_has_its_own_path_and_record(folder, tmp_path, red_predictor):
    jobs = plan_jobs(folder / "a.png", tmp_path / "one" / "mask.tif", Outputs(probability=True))
    assert jobs[0].outputs == {
        "mask": tmp_path / "one" / "mask.tif",
        "probability": tmp_path / "one" / "mask.probability.tif",
    }
    since = open_output(tmp_path / "one" / "mask.tif", {"threshold": 0.5}, overwrite=False)
    assert (tmp_path / "one" / "mask.predictions.json").is_file()
    list(predict_jobs(red_predictor, jobs))
    assert jobs[0].finished(since)
    assert np.asarray(Image.open(tmp_path / "one" / "mask.tif"))[0, :6].tolist() == [255] * 5 + [0]


def test_the_mask_is_never_the_image_itself(folder):
    with pytest.raises(UserError, match="would replace this image"):
        plan_jobs(folder / "a.png", folder / "a.png", Outputs())


def test_a_lost_predictor_stops_the_run(folder, tmp_path):
    tries = []

    def gone(image):
        tries.append(1)
        raise PredictorLost("server: gone")

    predictor, jobs = Predictor(gone, 3), plan_jobs(folder, tmp_path / "out", Outputs())
    with pytest.raises(PredictorLost, match="server: gone"):
        list(predict_jobs(predictor, jobs))
    assert len(tries) == 1  # not once more by each image that was waiting
    with pytest.raises(PredictorLost):
        list(predict_jobs(predictor, jobs))
    assert len(tries) == 2  # another call asks again


def place(path, pixels):
    """A GeoTIFF of half a metre a pixel, corners at (400000, 5200000) of UTM 33 N."""
    rasterio = pytest.importorskip("rasterio", reason="needs the extra gis: pip install 'semicurv-tf[gis]'")
    transform = rasterio.Affine(0.5, 0, 4e5, 0, -0.5, 5.2e6)
    with rasterio.open(
        path, "w", driver="GTiff", width=pixels.shape[1], height=pixels.shape[0], count=3, dtype="uint8",
        crs="EPSG:32633", transform=transform,
    ) as file:  # fmt: skip
        file.write(np.moveaxis(pixels, -1, 0))


def test_lines_on_a_map_as_geopackage_and_as_geojson(tmp_path, red_predictor):
    raw = pytest.importorskip("pyogrio.raw", reason="needs the extra gis: pip install 'semicurv-tf[gis]'")
    import shapely

    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[19:22, 5:55, 0] = 255
    pixels[5, 5, 0] = 255
    place(tmp_path / "bar.tif", pixels)
    options = LineOptions("gpkg", kind="road")
    (job,) = plan_jobs(tmp_path / "bar.tif", tmp_path / "out", Outputs(vectors=options))
    (outcome,) = predict_jobs(red_predictor, [job])
    assert not outcome.faults and outcome.left_out.said() == "1 dot under 10 px left out"
    about, _, (line,), _ = raw.read(tmp_path / "out" / "bar.gpkg", layer="road_lines")
    assert about["crs"] == "EPSG:32633" and "crack" not in about["fields"]
    xs, ys = shapely.get_coordinates(shapely.from_wkb(line)).T
    np.testing.assert_allclose([xs.min(), xs.max()], [400002.5, 400027.5], atol=0.5)
    np.testing.assert_allclose(ys, 5.2e6 - 0.5 * 20.5, atol=0.3)
    assert (tmp_path / "out" / "bar.csv").read_text().startswith("image,road,segment,")
    (job,) = plan_jobs(tmp_path / "bar.tif", tmp_path / "out", Outputs(vectors=True))
    (outcome,) = predict_jobs(red_predictor, [job])
    assert not any("pixels" in note for note in outcome.notes)
    content = json.loads((tmp_path / "out" / "bar.geojson").read_text())
    longitude, latitude = content["features"][0]["geometry"]["coordinates"][0]
    assert 13 < longitude < 14 and 46 < latitude < 47 and "crs" not in content


def test_lines_of_other_options_are_written_again_and_masks_stay_as_they_are(tmp_path, red_predictor):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[19:22, 5:55, 0] = 255
    Image.fromarray(pixels).save(tmp_path / "bar.png")
    out = tmp_path / "out"
    out.mkdir()
    road, crack = LineOptions(kind="road"), LineOptions()
    (job,) = plan_jobs(tmp_path / "bar.png", out, Outputs(vectors=crack))
    since = note_lines(out, crack)
    (outcome,) = predict_jobs(red_predictor, [job])
    assert "lines in pixels, x right, y down: no map coordinates" in outcome.notes
    assert job.finished(0, since) and job.finished(0, note_lines(out, crack))
    time.sleep(0.02)  # a file system's clock ticks
    assert not job.finished(0, note_lines(out, road))
    assert note_lines(out, None) == 0.0  # masks alone do not ask for lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--crs", "map"], ["--crs", "--vectors"]),
        (["--run", "runs/a", "--kind", "road"], ["--kind", "--vectors"]),  # without a run it chooses the threshold
        (["--vectors", "geojson", "--crs", "EPSG:3857"], ["--crs EPSG:3857", "WGS 84"]),
        (["--vectors", "gpkg", "--crs", "EPSG:nonsense"], ["EPSG:nonsense"]),
    ],
)
def test_options_of_lines_are_refused_before_anything_is_predicted(folder, tmp_path, arguments, words):
    pytest.importorskip("rasterio")
    pytest.importorskip("pyogrio")
    from click.testing import CliRunner

    from semicurv_tf.cli.predict import predict

    result = CliRunner().invoke(predict, ["--input", str(folder), "--output", str(tmp_path / "out"), *arguments])
    assert isinstance(result.exception, UserError) and "Fix:" in str(result.exception)
    assert all(word in str(result.exception) for word in words) and not (tmp_path / "out").exists()


def test_files_of_others_are_named_before_anything_is_written(folder, tmp_path, red_predictor):
    """A drawn mask and a table in the places of results: with no record, and with that of an earlier call."""
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    shutil.copy(folder / "a.png", out / "a.png")
    (out / "b.csv").write_text("image,station_m\n")
    (out / "sub" / "c.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    outputs, settings = Outputs(vectors=True), {"model": "red"}
    jobs = plan_jobs(folder, out, outputs)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="would replace 3 files that .* did not write") as error:
        choose_jobs(jobs, out, settings, outputs.lines)
    (line,) = error.value.lines
    assert line.startswith(f"--output {out}: ") and line.endswith("--overwrite to replace them")
    assert all(str(path) in line for path in before)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    open_output(out, settings, overwrite=False)
    with pytest.raises(UserError, match="would replace 3 files"):
        choose_jobs(jobs, out, settings, outputs.lines)
    assert [
        job.image.name for job in choose_jobs(plan_jobs(folder / "b.png", out, Outputs()), out, settings, None)
    ] == ["b.png"]


def test_own_results_are_written_again_and_corrected_ones_are_not(folder, tmp_path, red_predictor):
    (folder / "broken.jpg").unlink()
    out, settings = tmp_path / "out", {"model": "red"}
    plain, lined = (plan_jobs(folder, out, Outputs(vectors=vectors)) for vectors in (False, True))
    assert choose_jobs(plain, out, settings, None) == plain
    open_output(out, settings, overwrite=False)
    list(predict_jobs(red_predictor, plain))
    assert choose_jobs(plain, out, settings, None) == []
    options = LineOptions()
    assert choose_jobs(lined, out, settings, options) == lined  # masks of ours, whose lines are missing
    note_lines(out, options)
    list(predict_jobs(red_predictor, lined))
    assert choose_jobs(lined, out, settings, options) == []
    assert choose_jobs(lined, out, settings, LineOptions(min_length_px=3)) == lined
    Image.fromarray(np.zeros((16, 20), np.uint8)).save(out / "b.png")  # corrected by hand: finished, and not ours
    assert choose_jobs(plain, out, settings, None) == []
    with pytest.raises(UserError, match=r"1 file .*b\.png"):
        choose_jobs(lined, out, settings, LineOptions(min_length_px=3))


def test_a_record_of_lines_that_is_none_is_not_replaced(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "lines.json").write_text('{"mine": 1}')
    jobs = plan_jobs(folder, out, Outputs(vectors=True))
    with pytest.raises(UserError, match=r"1 file .*lines\.json"):
        choose_jobs(jobs, out, {}, LineOptions())
    (out / "lines.json").write_text('{"format": "geojson", "crs": "raster", "min_length_px": 3.0, "kind": "crack"}')
    assert choose_jobs(jobs, out, {}, LineOptions()) == jobs
