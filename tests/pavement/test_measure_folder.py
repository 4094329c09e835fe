"""A folder of masks as the library measures it, with places and sections worked out by hand."""

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.pavement.measure import Measuring, plan
from semicurv_tf.pavement.measure_folder import measure_folder
from semicurv_tf.pavement.stations import Station

MEASURING = Measuring((1.0, 3.0), mm_per_px=10.0)


@pytest.fixture
def jobs(tmp_path):
    """Masks of 100 x 50 pixels, a square metre is 10,000 of them: a and c with a crack, b is no image."""
    mask = np.zeros((50, 100), np.uint8)
    mask[24:27, 10:90] = 255
    for name in ("a", "c"):
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    return plan(tmp_path, None)


def test_places_sections_and_faults(jobs):
    done = []
    stations = {"a": Station(station_m=30.0), "other": Station(section="A7")}
    found = measure_folder(jobs, MEASURING, section_m=20.0, stations=stations, done=done.append)
    assert done == ["a", "b", "c"]
    (fault,) = found.faults
    assert "b.png" in fault
    assert [row["image"] for row in found.rows] == ["a", "c"]
    assert [row["area_m2"] for row in found.rows] == pytest.approx([0.5, 0.5])
    assert [(row["station_m"], row["section"]) for row in found.table] == [(30.0, "20-40 m"), (None, None)]
    assert found.in_no_section == ["c"]
    (section,) = found.sections
    assert (section["section"], section["images"], section["area_m2"]) == ("20-40 m", 1, pytest.approx(0.5))


def test_without_any_place_the_table_has_no_columns_for_it(jobs):
    found = measure_folder(jobs, MEASURING, section_m=20.0)
    assert found.table == found.rows and "station_m" not in found.table[0]
    assert found.sections == [] and found.in_no_section == ["a", "c"]


def test_a_map_that_cannot_be_written_is_a_fault_and_the_row_stays(jobs, tmp_path):
    (tmp_path / "maps").write_bytes(b"")
    found = measure_folder(jobs, MEASURING, section_m=20.0, maps=tmp_path / "maps")
    assert len(found.faults) == 3 and [row["image"] for row in found.rows] == ["a", "c"]
