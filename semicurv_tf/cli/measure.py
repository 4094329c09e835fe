"""`semicurv-tf measure`: pavement tables of crack masks."""

from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteFloat, FiniteRange

EXAMPLES = """
\b
Examples:
  semicurv-tf measure --input masks/ --output cracks.csv --mm-per-px 0.8
  semicurv-tf measure --input masks/ --photos photos/ --output cracks.csv --camera-height-m 1.6
  semicurv-tf measure --input masks/ --output cracks.csv --mm-per-px 0.8 --width-classes-mm 0.5,1,2,5
  semicurv-tf measure --input masks/ --photos photos/ --output cracks.csv --mm-per-px 0.8 \\
      --sections sections.geojson --section-m 50                     # sections along the photographs' GPS
  semicurv-tf measure --input masks/ --output cracks.csv --mm-per-px 0.8 \\
      --stations stations.csv --sections sections.gpkg               # a CSV: image,station_m (or section, or lat,lon)
  semicurv-tf measure --input masks/ --photos photos/ --output cracks.csv --marker-cm 10 --maps maps/

\b
Written: a row per image with area, crack length, density (m per square metre), length by width class, mean and
largest width; the scale with its error in percent, which is that of every length, width and density too.
--sections: a layer with the totals per section. --maps: NAME.map.png, the cracks over the photograph in the colour of
their width, with a scale bar and a legend. docs/pavement.md says what is measured how, and how well.

\b
Bad files are named, the others are still measured, and the exit code is 2.
"""
_POSITIVE = FiniteRange(min=0, min_open=True)


@click.command(epilog=EXAMPLES)
@click.option(
    "--input", "masks", required=True, type=click.Path(path_type=Path), help="A mask, or a folder with sub-folders."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="The table, a .csv file.")
@click.option("--photos", type=click.Path(path_type=Path), help="The photographs of the masks' names, with their EXIF.")
@click.option("--mm-per-px", type=_POSITIVE, help="The size of a pixel on the pavement.")
@click.option(
    "--camera-height-m", type=_POSITIVE,
    help="Height of a camera that looks straight down; the photographs' EXIF says the lens.",
)  # fmt: skip
@click.option(
    "--camera-height-error-m", type=FiniteRange(min=0), default=0.02, show_default=True,
    help="How well the height is known.",
)  # fmt: skip
@click.option(
    "--marker-cm", type=_POSITIVE,
    help="Side of a square marker in each photograph: an ArUco marker, which OpenCV finds, or --marker-px.",
)  # fmt: skip
@click.option(
    "--marker-px", metavar="LEFT,TOP,RIGHT,BOTTOM",
    help="Where the marker's edges are, in one photograph or in all of a camera that stands still.",
)  # fmt: skip
@click.option(
    "--scale-error-percent", type=FiniteRange(min=0), help="How well the scale is known, where you know it better."
)
@click.option(
    "--width-classes-mm", default="1,3,10", show_default=True, metavar="MM,...", help="Bounds between width classes."
)
@click.option("--sections", type=click.Path(path_type=Path), help="Write totals per section: .geojson or .gpkg.")
@click.option("--section-m", type=_POSITIVE, default=100.0, show_default=True, help="Length of sections without names.")
@click.option(
    "--stations", type=click.Path(path_type=Path),
    help="A CSV: image, and station_m, section, or lat and lon.  [default: the photographs' GPS]",
)  # fmt: skip
@click.option("--maps", type=click.Path(path_type=Path), help="Write a crack map per image into this folder.")
@click.option(
    "--min-length-px", type=FiniteRange(min=0), default=0.0, show_default=True,
    help="Leave out connected structures whose total length is less.",
)  # fmt: skip
@click.option(
    "--threshold", type=FiniteFloat(), help="Values above it are cracks.  [default: masks are 0 and 1, or 0 and 255]"
)
@click.option("--memory", default="2GB", show_default=True, metavar="SIZE", help="What the process may take in all.")
def measure(
    masks, output, photos, mm_per_px, camera_height_m, camera_height_error_m, marker_cm, marker_px,
    scale_error_percent, width_classes_mm, sections, section_m, stations, maps, min_length_px, threshold, memory,
):  # fmt: skip
    """Measure cracks on pavement: length by width class, density per square metre, totals per section of road."""
    from semicurv_tf.cli.console import console
    from semicurv_tf.cli.image_progress import ImageProgress
    from semicurv_tf.errors import UserError
    from semicurv_tf.file_names import require_suffix
    from semicurv_tf.images.formats import names_a_file
    from semicurv_tf.images.own_files import require_own
    from semicurv_tf.inference.memory import parse_memory
    from semicurv_tf.pavement import measure as measuring
    from semicurv_tf.pavement.marker import parse_box, require_opencv
    from semicurv_tf.pavement.measure_folder import measure_folder
    from semicurv_tf.pavement.sections import write_sections
    from semicurv_tf.pavement.stations import read_stations
    from semicurv_tf.pavement.width_classes import parse_classes
    from semicurv_tf.vector.geopackage import require_pyogrio
    from semicurv_tf.vector.table import write_table

    given = {"--mm-per-px": mm_per_px, "--camera-height-m": camera_height_m, "--marker-cm": marker_cm}
    scales = [option for option, value in given.items() if value is not None]
    if len(scales) != 1:
        said = " and ".join(scales) or "none"
        raise UserError(f"{', '.join(given)}: expected one of them, found {said}. Fix: --mm-per-px 0.8")
    if marker_px is not None and marker_cm is None:
        raise UserError(f"--marker-px {marker_px}: needs the marker's size. Fix: --marker-cm 10")
    if marker_cm is not None and marker_px is None:
        if photos is None:
            raise UserError("--marker-cm: looks for the marker in photographs. Fix: --photos FOLDER")
        require_opencv()
    if maps is not None and maps.exists() and not maps.is_dir():
        raise UserError(f"--maps {maps}: expected a folder, found a file. Fix: name a folder")
    if maps is not None and names_a_file(maps):
        fix = f"--maps {maps.with_suffix('')}"
        raise UserError(f"--maps {maps}: expected a folder, found the name of a file. Fix: {fix}")
    if camera_height_m is not None and photos is None:
        raise UserError("--camera-height-m: needs the photographs' EXIF. Fix: --photos FOLDER")
    if sections is not None and stations is None and photos is None:
        raise UserError("--sections: needs to know where images lie. Fix: --stations FILE.csv, or --photos FOLDER")
    for option, path, suffixes in (
        ("--output", output, (".csv",)),
        ("--sections", sections, (".geojson", ".json", ".gpkg")),
    ):
        if path is not None:
            require_suffix(option, path, suffixes)
    if sections is not None and sections.suffix.lower() == ".gpkg":
        require_pyogrio(f"--sections {sections}")
    settings = measuring.Measuring(
        parse_classes(width_classes_mm), mm_per_px, camera_height_m, camera_height_error_m, scale_error_percent,
        min_length_px, threshold, parse_memory(memory), marker_cm, None if marker_px is None else parse_box(marker_px),
    )  # fmt: skip
    listed = read_stations(stations) if stations is not None else None
    jobs = measuring.plan(masks, photos)
    require_own(
        {
            f"--output {output}": [output],
            f"--sections {sections}": [sections] if sections is not None else [],
            f"--maps {maps}": [measuring.map_of(job, maps) for job in jobs] if maps is not None else [],
        }
    )
    with ImageProgress(len(jobs), console(), "measuring") as progress:
        found = measure_folder(jobs, settings, section_m=section_m, stations=listed, maps=maps, done=progress.done)
    write_table(output, found.table)
    if sections is not None:
        write_sections(sections, found.sections)
    _say(found.rows, found.in_no_section if sections else [], len(jobs), output)
    if listed is not None and (unused := len(listed.keys() - {job.name for job in jobs})):
        click.echo(f"  {unused} of {len(listed)} names of {stations} are no mask of {masks}")
    if found.faults:
        raise UserError(found.faults)


def _say(rows, nowhere, count, output):
    from semicurv_tf.wording import counted, some

    length, area = (sum(row[column] for row in rows) for column in ("crack_length_m", "area_m2"))
    density = length / area if area else 0.0
    click.echo(
        f"{len(rows)} measured, {count - len(rows)} failed: {length:.4g} m of cracks on {area:.4g} m², "
        f"{density:.4g} m/m²: {output}"
    )
    if rows:
        worst = max(rows, key=lambda row: row["scale_error_percent"])
        said = f"{worst['scale_error_percent']:.2g} % at most" if worst["scale_error_percent"] else "not known"
        click.echo(f"  scale {worst['mm_per_px']:.4g} mm/px ({worst['scale_from']}), its error {said}")
    if nowhere:
        click.echo(f"  without a station, in no section: {counted(len(nowhere), 'image')}: {some(nowhere)}")
