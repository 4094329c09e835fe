"""How long runs will take: by what those of this folder took, else by counting passes through the network."""

import re
import statistics

from semicurv_tf.config import Config, stored_config
from semicurv_tf.config.networks import DEFAULT as COUNTED_IN
from semicurv_tf.config.networks import NETWORKS
from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.methods.settings import LEARN

# One step of SemiCurv, 4 + 4 crops of 128x128 in bfloat16 on two cores (results/benchmark_step.json), and the same for
# each unit below. Used until a run is measured here.
GUESSED_SECONDS_PER_UNIT = 0.73 / 28


class Forecast:
    """Learns from finished runs.

    Args:
        records: of `read_record`.
    """

    def __init__(self, records: list[dict]):
        self._exact: dict[tuple, list[float]] = {}
        self._per_unit: list[float] = []
        for record in records:
            self.learn(record)

    @property
    def guessed(self) -> bool:
        """Whether no run was measured yet."""
        return not self._per_unit

    def learn(self, record: dict):
        """Takes a finished run's time."""
        config = stored_config(record["config"])
        minutes = record.get("wall_minutes") or record["training_minutes"]
        seconds = 60 * minutes / record["steps"]
        self._exact.setdefault(_kind(config), []).append(seconds)
        self._per_unit.append(seconds / units(config))

    def seconds(self, config: Config, steps: int, pixels: int | None = None) -> float:
        """So many steps of a run; `pixels` as for `units`."""
        kind = _kind(config)
        if kind in self._exact:
            per_step = statistics.median(self._exact[kind])
        else:
            per_unit = statistics.median(self._per_unit) if self._per_unit else GUESSED_SECONDS_PER_UNIT
            per_step = per_unit * units(config, pixels)
        return per_step * steps


def units(config: Config, pixels: int | None = None) -> float:
    """The passes of one step, counted as forward passes of an image of 128x128 through the residual UNet.

    Args:
        config: the configuration.
        pixels: of a training image or crop; None: what configuration and catalogue say.
    """
    labelled, unlabelled = config.training.batch_labelled, config.training.batch_unlabelled
    passes = LEARN * labelled + config.method.passes * unlabelled
    model, usual = config.model, NETWORKS[config.model.name]
    # A narrower network has quadratically fewer products, but its first levels wait for memory, and views and losses
    # stay as dear: a step of the recipes at half the widths takes nearly half as long, seen on processors with and
    # without AVX512.
    narrower = (model.widths[0] / usual.widths[0]) ** 1.1 if model.widths and usual.widths else 1.0
    return passes * narrower * usual.gflop / NETWORKS[COUNTED_IN].gflop * (pixels or _pixels(config)) / 128**2


def _pixels(config: Config) -> float:
    """Of a training image or crop, by the catalogue's `WIDTHxHEIGHT`."""
    if config.data.crop:
        return config.data.crop**2
    size = re.match(r"(\d+)x(\d+)", dataset_info(config.data.dataset).image_size)
    return int(size[1]) * int(size[2]) if size else 128**2


def _kind(config: Config) -> tuple:
    """Runs with equal ones take equal time per step."""
    model, method = config.model, config.method
    return (
        config.data.dataset,
        config.data.crop,
        model.name,
        model.trunk,
        model.widths,
        method.name,
        method.passes,
        config.training.precision,
    )
