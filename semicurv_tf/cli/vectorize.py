"""`semicurv-tf vectorize`: lines, lengths and widths of a mask or a folder of masks, as maps, networks and tables."""

from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteFloat, FiniteRange
from semicurv_tf.wording import printable_lines

EXAMPLES = """
\b
Examples:
  semicurv-tf vectorize --input mask.png --output lines.geojson --table cracks.csv --scale-mm-per-px 0.8
  semicurv-tf vectorize --input masks/ --output lines/ --table segments.csv --summary images.csv
  semicurv-tf vectorize --input roads.tif --output roads.gpkg --kind road --min-length-px 40   # layers for QGIS
  semicurv-tf vectorize --input roads.tif --output roads.gpkg --kind road --network --graphml roads.graphml
  semicurv-tf vectorize --input roads.tif --output roads.geojson --compare osm.gpkg --buffer 5m
  semicurv-tf vectorize --input mask.png --output lines.geojson --picture lines.png --over photo.jpg

\b
Of a mask with map coordinates (GeoTIFF, or a world file and .prj; needs rasterio) GeoJSON is in WGS 84, longitude
first, and a GeoPackage in the raster's own CRS (pip install 'semicurv-tf[gis]'); of others, coordinates are pixels:
x right, y down, pixel centres at integers. Dots, pieces shorter than --min-length-px and twigs are left out, and
counted. Memory: 400 MB, two bytes for each pixel, and 0.2 KB for each pixel of the skeleton. Bad files are named, the
others are still processed, and the exit code is 2.
"""

_POSITIVE = FiniteRange(min=0, min_open=True)
_FROM_0 = FiniteRange(min=0)
_BRIDGE_PX = 20.0  # of a network: a car or a tree over a road of one metre per pixel


@click.command(name="vectorize", epilog=EXAMPLES)
@click.option(
    "--input",
    "masks",
    required=True,
    type=click.Path(path_type=Path),
    help="A mask, or a folder of masks with sub-folders.",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A .geojson or .gpkg file; a folder for a folder of masks.",
)
@click.option(
    "--format",
    type=click.Choice(["geojson", "gpkg"]),
    help="Of the files in a folder.  [default: by the name of --output, else geojson]",
)
@click.option(
    "--kind",
    type=click.Choice(["crack", "road", "vessel", "membrane"]),
    default="crack",
    show_default=True,
    help="What the lines represent: it names layers and attributes.",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(["lines", "junctions", "areas", "edges", "nodes"]),
    help="Which layers to write; may be given several times.  [default: lines of GeoJSON, all of GeoPackage]",
)
@click.option(
    "--network",
    is_flag=True,
    help="Lines as a network: gaps bridged (--bridge-px), layers edges and nodes in place of lines and junctions.",
)
@click.option(
    "--bridge-px",
    type=_FROM_0,
    help="Bridge gaps of at most this many pixels between ends, and from an end to a line ahead.  "
    "[default: 20 with --network or --graphml, else 0]",
)
@click.option(
    "--graphml",
    type=click.Path(path_type=Path),
    help="Also write the network for networkx: a .graphml file; a folder for a folder of masks.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    help="Print completeness, correctness and quality against the lines of this .gpkg or .geojson file.",
)
@click.option(
    "--buffer",
    default="3px",
    show_default=True,
    metavar="SIZE",
    help="With --compare: how far lines may be apart, in px or in the unit of the map (5m).",
)
@click.option(
    "--table", type=click.Path(path_type=Path), help="Write lengths, widths and orientations to this .csv file."
)
@click.option(
    "--rows",
    type=click.Choice(["segments", "cracks", "structures"]),
    default="segments",
    show_default=True,
    help="What a row of the table is: a line between junctions, or a connected structure (cracks).",
)
@click.option("--summary", type=click.Path(path_type=Path), help="Write the totals of each image to this .csv file.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path),
    help="Draw the lines over the mask: a .png file; a folder for a folder of masks.",
)
@click.option(
    "--over", type=click.Path(path_type=Path), help="Draw over this image instead, or over the images of this folder."
)
@click.option(
    "--colour",
    type=click.Choice(["width", "crack", "segment"]),
    default="width",
    show_default=True,
    help="What the colours of the picture show.",
)
@click.option("--scale-mm-per-px", type=_POSITIVE, help="Size of a pixel in mm; measures are then given in mm too.")
@click.option(
    "--crs",
    default="raster",
    show_default=True,
    help="raster (map coordinates if there are any), pixels, map (require map coordinates), or of a GeoPackage a CRS, "
    "e.g. EPSG:4326.",
)
@click.option(
    "--threshold",
    type=FiniteFloat(),
    help="Values above it are foreground.  [default: masks must be 0 and 1, or 0 and 255]",
)
@click.option(
    "--memory",
    default="2GB",
    show_default=True,
    metavar="SIZE",
    help="What the process may take in all: masks that need more are named, not begun.",
)
@click.option(
    "--prune-px",
    type=_FROM_0,
    default=5.0,
    show_default=True,
    help="Branches that stick out of their line by less are pruned.",
)
@click.option(
    "--simplify-px",
    type=_FROM_0,
    default=0.5,
    show_default=True,
    help="Largest distance of a drawn line from the measured one.",
)
@click.option(
    "--fill-px",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Holes of at most this many pixels are filled.",
)
@click.option(
    "--min-length-px",
    type=_FROM_0,
    default=10.0,
    show_default=True,
    help="Leave out dots, and connected structures whose total length is less; 0 keeps all.",
)
def vectorize(
    masks,
    output,
    format,
    kind,
    layers,
    network,
    bridge_px,
    graphml,
    compare,
    buffer,
    table,
    rows,
    summary,
    picture,
    over,
    colour,
    scale_mm_per_px,
    crs,
    threshold,
    memory,
    prune_px,
    simplify_px,
    fill_px,
    min_length_px,
):
    """Turn masks into lines with their lengths, widths and orientations: maps, networks and tables."""
    from semicurv_tf.cli.console import console
    from semicurv_tf.errors import UserError
    from semicurv_tf.images.own_files import require_own
    from semicurv_tf.inference.memory import parse_memory
    from semicurv_tf.vector.compare import Comparison, parse_buffer
    from semicurv_tf.vector.files import Reading, said, said_of_coordinates, vectorize_files
    from semicurv_tf.vector.jobs import plan_jobs, plan_tables
    from semicurv_tf.vector.reference import Reference
    from semicurv_tf.vector.table import write_table
    from semicurv_tf.vector.vectorize import VectorSettings

    jobs = plan_jobs(masks, output, picture, over, format, graphml)
    plan_tables({"--table": table, "--summary": summary})
    require_own(
        {
            f"--output {output}": [job.lines for job in jobs],
            f"--picture {picture}": [job.picture for job in jobs if job.picture],
            f"--graphml {graphml}": [job.graphml for job in jobs if job.graphml],
            **{f"{option} {path}": [path] for option, path in (("--table", table), ("--summary", summary)) if path},
        }
    )
    if bridge_px is None:
        bridge_px = _BRIDGE_PX if network or graphml else 0.0
    settings = VectorSettings(prune_px, simplify_px, min_length_px, fill_px, bridge_px)
    within = parse_buffer(buffer)
    compared = (Reference(compare), within) if compare else None
    reading = Reading(
        threshold, crs, scale_mm_per_px, rows, colour, parse_memory(memory), kind, layers, network, compared
    )

    outcomes, lost = _run(console(), jobs, lambda advance: vectorize_files(jobs, settings, reading, advance))
    done = [outcome for outcome in outcomes if not outcome.faults]
    failed = [line for outcome in outcomes for line in outcome.faults]
    if lost:  # a full disk, say: tables of some of the masks would pass for those of all
        raise UserError([*failed, *lost])
    if table:
        write_table(table, (row for outcome in done for row in outcome.rows))
    if summary:
        write_table(summary, (outcome.summary for outcome in done))
    for reason, count in (compared[0].passed_over if compared else {}).items():
        click.echo(f"passed over in {compare}: {count} x {reason}", err=True)
    for outcome in done:
        click.echo(printable_lines(said(outcome)))
        if outcome.comparison:
            click.echo(f"  against {compare}: {outcome.comparison.said(within)}")
    told = f"; {said_of_coordinates(done)}" if done else ""
    click.echo(f"{len(done)} vectorised, {len(outcomes) - len(done)} failed: {output}{told}")
    if compared and len(done) > 1:
        whole = sum((outcome.comparison for outcome in done), start=Comparison(0.0, 0.0, 0.0, 0.0))
        click.echo(f"all against {compare}: {whole.said(within)}")
    if failed:
        raise UserError(failed)


def _run(console, jobs, start):
    """All outcomes, with progress, and why it stopped before the last (nothing where it did not)."""
    from semicurv_tf.cli.image_progress import ImageProgress
    from semicurv_tf.errors import UserError

    outcomes = []
    try:
        with ImageProgress(len(jobs), console, "vectorising") as progress:
            for outcome in start(progress.advance):
                progress.begin(outcome.source.name)
                outcomes.append(outcome)
    except UserError as error:
        return outcomes, error.lines
    return outcomes, ()
