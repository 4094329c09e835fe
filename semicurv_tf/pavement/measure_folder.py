"""All masks of a folder: a row per image, where each lies along the road, and totals per section."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.pavement.measure import Job, Measuring, Outcome, measure, placed, write_map
from semicurv_tf.pavement.photograph import Photograph
from semicurv_tf.pavement.sections import section_of, sum_sections
from semicurv_tf.pavement.stations import Station, from_photographs
from semicurv_tf.pavement.width_classes import class_names


@dataclasses.dataclass(frozen=True)
class MeasuredFolder:
    """What was measured of many masks.

    Attributes:
        rows: of `measure.measure_mask`, one per mask that was measured.
        table: the same with where each image lies, once that is known of one of them.
        sections: of `sections.sum_sections`.
        in_no_section: names of the images whose station is not known.
        faults: a line per fault, of masks and of their maps.
    """

    rows: list[dict]
    table: list[dict]
    sections: list[dict]
    in_no_section: list[str]
    faults: list[str]


def measure_folder(
    jobs: Sequence[Job],
    measuring: Measuring,
    *,
    section_m: float,
    stations: Mapping[str, Station] | None = None,
    maps: Path | None = None,
    done: Callable[[str], object] = lambda name: None,
) -> MeasuredFolder:
    """Measures masks, and sums over sections of the road. A bad mask is a fault; the others are still measured.

    Args:
        jobs: of `measure.plan`.
        measuring: how.
        section_m: length of sections that have no name, in m.
        stations: where each image lies, by its name; None: where its photograph's GPS says.
        maps: a folder for a crack map per image; None: none are drawn.
        done: told the name of each mask that is done, measured or not.
    """
    rows: list[dict] = []
    photographs: dict[str, Photograph] = {}
    faults: list[str] = []
    for outcome in measure(jobs, measuring):
        faults += outcome.faults
        if outcome.measured is not None:
            rows.append(outcome.measured.row)
            faults += _draw(outcome, measuring, maps)
            if outcome.photograph is not None:
                photographs[outcome.job.name] = outcome.photograph
        done(outcome.job.name)
    places = from_photographs(photographs) if stations is None else stations
    located = [(row, places.get(row["image"], Station())) for row in rows]
    named = [(row, station, section_of(station, section_m)) for row, station in located]
    return MeasuredFolder(
        rows,
        [placed(*each) for each in named] if places else rows,
        sum_sections(located, section_m, class_names(measuring.classes_mm)),
        [row["image"] for row, _, section in named if section is None],
        faults,
    )


def _draw(outcome: Outcome, measuring: Measuring, maps: Path | None) -> tuple[str, ...]:
    """Writes the map, where maps are asked for; gives the faults."""
    if maps is None or outcome.measured is None:
        return ()
    try:
        write_map(outcome.job, outcome.measured, measuring, maps)
    except UserError as error:
        return error.lines
    return ()
