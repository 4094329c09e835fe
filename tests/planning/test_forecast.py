"""Memory and time by hand."""

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.planning import forecast
from semicurv_tf.planning.speed import float32_gflops
from semicurv_tf.recipes import recipe_file


def config(**settings):
    return load_config(recipe_file("default"), {key.replace("__", "."): value for key, value in settings.items()})


def test_memory_of_a_step():
    # 4 crops of 256 x 256 pixels with 16 channels at 250 bytes; watching 8 images of 100 x 100 takes less.
    assert forecast.memory_of_run(config(), 256**2, 10_000, "float32") == 1_000_000_000 + 4 * 256**2 * 16 * 250
    assert forecast.memory_of_run(config(), 256**2, 10_000, "bfloat16") == 1_000_000_000 + 4 * 256**2 * 16 * 165
    # A method with unlabelled images: 4 x (3 + 1) passes forward beside the 4 x 3 of the labelled ones.
    both = load_config(None, {"method.name": "mean_teacher", "model.widths": [16, 32]})
    assert forecast.memory_of_run(both, 256**2, 1, "float32") == pytest.approx(
        1_000_000_000 + (4 + 4 * 4 / 3) * 256**2 * 16 * 250
    )


def test_memory_of_watching_photographs_of_12_megapixels():
    # Two windows of 640 x 640 pixels, 13 features of 16 channels in float32.
    needed = forecast.memory_of_run(config(), 128**2, 4032 * 3024, "float32")
    assert needed == 1_000_000_000 + 2 * 640**2 * 16 * 13 * 4


def test_free_memory(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2000 kB\n")
    assert forecast.free_memory(tmp_path / "meminfo", tmp_path) == 2_048_000
    (tmp_path / "memory.max").write_text("1500000\n")
    (tmp_path / "memory.current").write_text("500000\n")
    assert forecast.free_memory(tmp_path / "meminfo", tmp_path) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert forecast.free_memory(tmp_path / "meminfo", tmp_path) == 2_048_000
    assert forecast.free_memory(tmp_path / "absent", tmp_path) is None


def test_time_of_two_cores(monkeypatch):
    monkeypatch.setattr(forecast, "cores", lambda: 2)
    monkeypatch.setattr(forecast, "on_gpu", lambda: False)
    # Supervised, 4 crops: 12 of the 28 passes of the step that took 0.73 s, at half the widths 2^-1.1 of it.
    per_step = 0.73 * 12 / 28 / 2**1.1
    assert forecast.seconds_of_run(config(), 100, 128**2, "bfloat16") == pytest.approx(30 + 100 * per_step)
    # In float32 by what a core convolves: a third of the 105 GFLOP in 1.24 s takes three times as long.
    monkeypatch.setattr(forecast, "float32_gflops", lambda: 35 / 1.24)
    by_speed = 400 * per_step * 1.24 / 0.73 * 3
    assert forecast.seconds_of_run(config(), 100, 256**2, "float32") == pytest.approx(30 + by_speed)
    monkeypatch.setattr(forecast, "cores", lambda: 64)
    assert forecast.seconds_of_run(config(), 100, 128**2, "bfloat16") == pytest.approx(30 + 25 * per_step)
    monkeypatch.setattr(forecast, "on_gpu", lambda: True)
    assert forecast.seconds_of_run(config(), 100, 128**2, "bfloat16") is None


def test_speed_is_that_of_some_machine():
    assert 0.1 < float32_gflops() < 1e5
    assert float32_gflops() == float32_gflops()  # measured once
