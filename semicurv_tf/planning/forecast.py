"""What a run will take: memory, by what was measured per pixel of a batch; and time, by counting passes."""

import os
from pathlib import Path

from semicurv_tf.config import Config
from semicurv_tf.config.networks import NETWORKS
from semicurv_tf.inference.memory import FEATURES_PER_CHANNEL
from semicurv_tf.planning.speed import float32_gflops
from semicurv_tf.study.forecast import Forecast
from semicurv_tf.training.monitor import WATCHED_IMAGES, WATCHED_PX

# The forecast of `study` is of bfloat16 on two cores, where a step took 0.73 s, in float32 1.24 s
# (results/benchmark_step.json): 210 GFLOP of the paper's network, 169 GFLOP a second.
FLOAT32_SHARE = 1.24 / 0.73
FLOAT32_GFLOPS = 210 / 1.24
FORECAST_CORES = 2
START_SECONDS = 30  # to the first step, and for what is watched on the way
MOST_CORES = 8  # beyond that a step of a few small crops hardly gets faster
FIRST_CHANNELS = 32  # where a network does not say how many its first level has
# Peak of a training process on a processor (TensorFlow 2.21, residual UNet of half the paper's widths, supervised):
# 0.67 GB before the first step; then, at 4 crops of 256 pixels, 0.98 GB more in float32 and 0.65 GB in bfloat16.
BASE_BYTES = 1_000_000_000  # with a margin for the decoded images of the batches to come
BYTES_PER_CHANNEL = {"float32": 250, "bfloat16": 165, "float16": 165}  # per pixel of a batch, and first-level channel


def step_pixels(config: Config, largest: tuple[int, int]) -> int:
    """Pixels of one training image or crop."""
    return config.data.crop**2 if config.data.crop else largest[0] * largest[1]


def seconds_of_run(config: Config, steps: int, pixels: int, precision: str) -> float | None:
    """How long a run will take on this machine while it does nothing else; None on a GPU, which nobody measured.

    Args:
        config: the configuration.
        steps: its length.
        pixels: of one training image or crop.
        precision: "float32", "bfloat16" or "float16".
    """
    if on_gpu():
        return None
    slower = FORECAST_CORES / min(cores(), MOST_CORES)
    if precision != "bfloat16":
        slower *= FLOAT32_SHARE
    if precision == "float32":
        slower *= FLOAT32_GFLOPS / FORECAST_CORES / float32_gflops()
    return START_SECONDS + Forecast([]).seconds(config, steps, pixels) * slower


def memory_of_run(config: Config, pixels: int, largest: int, precision: str) -> int:
    """Bytes that a training takes at its peak, in one process with one device.

    Args:
        config: the configuration.
        pixels: of one training image or crop.
        largest: pixels of the largest image, whose prediction is watched in windows.
        precision: "float32", "bfloat16" or "float16".
    """
    training, method = config.training, config.method
    images = training.batch_labelled + (training.batch_unlabelled * max(1, method.passes / 3) if method.passes else 0)
    channels = (config.model.widths or (FIRST_CHANNELS,))[0]
    heavier = NETWORKS[config.model.name].gflop / NETWORKS["residual_unet"].gflop
    learning = images * pixels * channels * BYTES_PER_CHANNEL[precision] * max(1.0, heavier)
    at_once = 2 * WATCHED_PX**2 if largest > WATCHED_PX**2 else WATCHED_IMAGES * largest
    watching = at_once * channels * FEATURES_PER_CHANNEL * (4 if precision == "float32" else 2)
    return int(BASE_BYTES + max(learning, watching))


def free_memory(meminfo=Path("/proc/meminfo"), limit=Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that this process can still get; None where the system does not say."""
    found = []
    try:
        line = next(line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable:"))
        found.append(1024 * int(line.split()[1]))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        most = (limit / "memory.max").read_text().strip()
        if most != "max":
            found.append(int(most) - int((limit / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return min(found, default=None)


def on_gpu() -> bool:
    """Whether a GPU computes the steps."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
