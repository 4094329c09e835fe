"""Folders of images as they change: replaced pictures, formats, lists; by the functions that the command calls."""

import os
import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.predict.plan_files import Outputs, open_output, passed_over, plan_jobs
from semicurv_tf.predict.predict_files import predict_job

OUTPUTS = Outputs(probability=True)


def picture(path, seed, size=(40, 30), **save):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(pixels).save(path, **save)
    return pixels


def predicted_names(predictor, folder, output):
    """Predicts what is not finished; returns its names."""
    since = open_output(output, {"model": "red"}, overwrite=False)
    jobs = [job for job in plan_jobs(folder, output, OUTPUTS) if not job.finished(since)]
    for job in jobs:
        assert predict_job(predictor, job).faults == ()
    return [job.image.name for job in jobs]


@pytest.mark.parametrize("keeps_time", [False, True])
def test_a_replaced_picture_is_predicted_again(tmp_path, red_predictor, keeps_time):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        picture(folder / name, seed)
    assert predicted_names(red_predictor, folder, output) == ["a.png", "b.png"]
    assert predicted_names(red_predictor, folder, output) == []
    second = picture(tmp_path / "second.png", 9)
    os.utime(tmp_path / "second.png", (1, 1) if keeps_time else None)  # as `mv` and `cp -p` keep it
    shutil.copy2(tmp_path / "second.png", folder / "a.png")
    assert predicted_names(red_predictor, folder, output) == ["a.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(output / "a.png")), np.where(second[..., 0] > 127, 255, 0))


def test_further_formats_and_what_is_passed_over(tmp_path, red_predictor):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for seed, name in enumerate(("a.jfif", "b.ppm", "c.jp2", "d.png")):
        picture(folder / name, seed)
    for name in ("notes.xyz", "line.json", "d.pgw.bak", "Thumbs.db"):
        (folder / name).write_text("x")
    assert predicted_names(red_predictor, folder, output) == ["a.jfif", "b.ppm", "c.jp2", "d.png"]
    said = passed_over(folder, output)
    assert said.startswith("3 files passed over: ") and "1 .xyz" in said and "1 .json" in said and "1 .bak" in said


def test_an_empty_folder_says_what_lies_in_it(tmp_path):
    (tmp_path / "a.xyz").touch()
    with pytest.raises(UserError, match=r"found none \(1 file passed over: 1 \.xyz\)"):
        plan_jobs(tmp_path, tmp_path / "out", OUTPUTS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_of_images_in_every_encoding(tmp_path, encoding):
    picture(tmp_path / "ä.png", 0)
    (tmp_path / "list.txt").write_bytes("ä.png\r\n".encode(encoding))
    (job,) = plan_jobs(tmp_path / "list.txt", tmp_path / "out", OUTPUTS)
    assert job.image.is_file()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_in_prediction_and_vectors(tmp_path, red_predictor, orientation):
    from semicurv_tf.images.mask_files import read_mask_file
    from semicurv_tf.images.opener import upright

    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = picture(tmp_path / "a.png", 3, exif=exif)
    (job,) = plan_jobs(tmp_path / "a.png", tmp_path / "out", Outputs())
    outcome = predict_job(red_predictor, job)
    expected = upright(pixels[..., 0] > 127, orientation)
    np.testing.assert_array_equal(np.asarray(Image.open(job.outputs["mask"])) > 0, expected)
    assert ("turned upright by its EXIF orientation" in outcome.notes) == (orientation != 1)
    Image.fromarray(pixels[..., 0] // 128 * np.uint8(255)).save(tmp_path / "mask.png", exif=exif)
    np.testing.assert_array_equal(read_mask_file(tmp_path / "mask.png").mask, expected)


@pytest.mark.parametrize("compression", [None, "zlib", "packbits"])
def test_four_times_the_pages_are_four_times_the_work(tmp_path, red_predictor, monkeypatch, compression):
    """Counted: tag directories that are parsed, by both libraries, and files that are opened."""
    import tifffile
    from PIL import TiffImagePlugin

    work = Counter()

    def counting(owner, name):
        original = getattr(owner, name)

        def counted(*arguments, **options):
            work[f"{owner.__name__}.{name}"] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, counted)

    counts = []
    for pages in (50, 200):
        path = tmp_path / f"{pages}.tif"
        written = [Image.fromarray(np.full((16, 16, 3), number, np.uint8)) for number in range(pages)]
        written[0].save(path, compression={"zlib": "tiff_adobe_deflate"}.get(compression, compression),
                        save_all=True, append_images=written[1:])  # fmt: skip
        if pages == 50:
            counting(tifffile.TiffPage, "__init__")
            counting(tifffile.FileHandle, "open")
            counting(TiffImagePlugin.ImageFileDirectory_v2, "load")
            counting(TiffImagePlugin.TiffImageFile, "seek")
        (job,) = plan_jobs(path, tmp_path / "out", Outputs())
        work.clear()
        outcome = predict_job(red_predictor, job)
        counts.append(dict(work))
        assert outcome.faults == () and outcome.notes == ("page by page of a stack",)
        with tifffile.TiffFile(job.outputs["mask"]) as stack:
            assert [page.asarray()[0, 0] for page in stack.pages] == [255 * (n > 127) for n in range(pages)]
    assert all(counts[1][what] <= 4 * counts[0][what] for what in counts[1])
    assert counts[0]["TiffPage.__init__"] <= 8 * 50
    # To seek, Pillow compares a page's place with those of all before: left to what it alone decodes.
    assert counts[0].get("TiffImageFile.seek", 0) == (50 if compression == "packbits" else 0)
