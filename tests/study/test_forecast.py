"""Forecasts: counted passes by hand, and learning from measured cells."""

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.config.networks import NETWORKS
from semicurv_tf.study.forecast import Forecast, units
from semicurv_tf.study.plan import Request, make_plan


def config(**settings):
    return load_config(
        None, {"data.dataset": "drive128", **{key.replace("__", "."): value for key, value in settings.items()}}
    )


def test_units_count_passes():
    # A pass with gradient is three, one without is one; crops are 128x128.
    assert units(config(method__name="supervised")) == 4 * 3
    assert units(config(method__name="mean_teacher")) == 8 * 3 + 4
    assert units(config(method__name="vat")) == 8 * 3 + 4 * (1 + 3)
    assert units(config(method__name="semicurv", data__crop=64)) == (8 * 3 + 4) / 4
    # HED's forward pass takes 10.0 GFLOP where the residual UNet's takes 7.5.
    assert units(config(method__name="supervised", model__name="hed")) == pytest.approx(4 * 3 * 10 / 7.5)
    assert units(config(method__name="supervised", model__widths=[16, 32, 64, 128, 256])) == pytest.approx(12 / 2**1.1)


def test_every_network_has_a_cost():
    assert all(network.gflop > 0 for network in NETWORKS.values())


def test_a_measured_cell_is_believed_and_others_are_scaled():
    supervised, semicurv = make_plan(Request("table6", "drive128", labels=(0.01,)))
    forecast = Forecast([])
    assert forecast.guessed and forecast.seconds(semicurv.config, 1000) == pytest.approx(0.73 * 1000)
    forecast.learn(
        {"config": supervised.config.model_dump(mode="json"), "steps": 600, "training_minutes": 5, "wall_minutes": 6}
    )
    assert not forecast.guessed
    assert forecast.seconds(supervised.config, 1000) == pytest.approx(0.6 * 1000)
    assert forecast.seconds(supervised.config, 250) == pytest.approx(0.6 * 250)
    assert forecast.seconds(semicurv.config, 1000) == pytest.approx(0.6 * 28 / 12 * 1000)
