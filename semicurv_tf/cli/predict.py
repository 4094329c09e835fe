"""`semicurv-tf predict`: masks of an image or a folder, of any size and kind."""

import shlex
from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteRange
from semicurv_tf.threads import one_layer_at_a_time

EXAMPLES = """
\b
Examples:
  semicurv-tf predict --input photos/ --output masks/ --overlay                    # no training: the built-in network
  semicurv-tf predict --input photos/ --output masks/ --overlay --kind crack --width-px 20    # better where you know
  semicurv-tf predict --run runs/drive --input photos/ --output masks/ --overlay
  semicurv-tf predict --run runs/roads --input huge.tif --output mask.tif          # a GeoTIFF in and out
  semicurv-tf predict --run runs/em --input stack.tif --output masks/ --tta d4     # a stack in, a stack out
  semicurv-tf predict --run runs/cracks --input photos/ --output masks/ --vectors  # lines and their measures too
  semicurv-tf predict --run runs/roads --input tiles/ --output masks/ --vectors gpkg --kind road    # layers for QGIS
  semicurv-tf predict --run runs/cracks --input photos/ --output masks/ --editable labelme
  semicurv-tf predict --run runs/drive --input one.png --output masks/ --probability --threshold 0.4
  semicurv-tf predict --run runs/roads --input tiles/ --output masks/ --no-data 253-255
  semicurv-tf predict --run runs/cracks --input photos/ --output masks/ --smallest-component-px 50 --bridge-px 10
  semicurv-tf predict --saved-model MODELS/semicurv/1 --input photos/ --output masks/
  semicurv-tf predict --run runs/drive --engine openvino --input photos/ --output masks/
  semicurv-tf predict --server grpc://localhost:8500 --input photos/ --output masks/
  semicurv-tf predict --server http://localhost:8501 --input photos/ --output masks/ --batch 8
  semicurv-tf predict --runner beam --run runs/drive --input list.txt --output masks/ -- \\
      --runner=DirectRunner --direct_num_workers=2 --direct_running_mode=multi_processing

\b
Written per image: NAME.png (mask, 0 and 255), with --probability NAME.probability.png (0-255), with
--overlay NAME.overlay.png, with --vectors NAME.geojson (WGS 84 where there are map coordinates) and NAME.csv,
with --vectors gpkg NAME.gpkg in the raster's own CRS (see `vectorize`). Stacks, georeferenced and large TIFFs get
.tif in place of .png; a GeoTIFF keeps its CRS and transform, has overviews (a cloud optimized GeoTIFF), and
pixels without data stay so (mask 0, and unset in the TIFF's own mask).

\b
Images that do not fit in --memory are read, predicted and written in windows: overlapping tiles, blended
with Gaussian weights. The network's coordinate encoding spans each tile, as it spans the crops in training.
Large images and GeoTIFFs need rasterio: pip install 'semicurv-tf[geo]'.

\b
A second call skips finished images; a killed one leaves no partial file. Bad files are named at the end,
the others are still processed, and the exit code is 2.

\b
With --server images travel one by one, as probabilities. With --batch N they travel N to a request and come back as the
server's own masks: less traffic, and the server's threshold; --threshold is that of images that go by tiles.

\b
--runner beam spreads many files over workers, each with a model and --memory of its own, by Apache Beam
(pip install 'semicurv-tf[beam]'); everything after `--` goes to Beam. OUTPUT/failed.jsonl lists the bad
files. On several machines all paths must lie on a file system that they share.
"""


OF_SERVER = (
    "model_name", "model_version", "model_label", "deadline", "max_message_mb", "token_file", "ca_file",
    "client_certificate", "client_key",
)  # fmt: skip


@click.command(name="predict", epilog=EXAMPLES)
@click.option(
    "--run",
    type=click.Path(),
    help="Run folder of a training: its deployed network predicts.  [default: the built-in network]",
)
@click.option(
    "--saved-model",
    type=click.Path(),
    help="Version folder of an export, or an ONNX or OpenVINO one, instead of --run.",
)
@click.option("--trust", is_flag=True, help="Load a --saved-model that may read and write files too.")
@click.option(
    "--server", metavar="URL", help="grpc(s)://host:port or http(s)://host:port of TF Serving, instead of --run."
)
@click.option("--model-name", default="semicurv", show_default=True, help="The model's name on the server.")
@click.option(
    "--model-version", type=click.IntRange(min=1), help="Version of the server's model.  [default: the newest]"
)
@click.option(
    "--label", "--model-label", "model_label", help="Label of a version on the server, e.g. stable or canary."
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="With --server: seconds per call, retries included.",
)
@click.option("--max-message-mb", type=click.IntRange(min=1), help="With --server: largest message.  [default: 256]")
@click.option("--batch", type=click.IntRange(1, 256), help="With --server: images per request, for masks alone.")
@click.option("--token-file", type=click.Path(), help="With --server: file with the token that the server asks for.")
@click.option(
    "--ca-file", type=click.Path(), help="With --server: CA of its certificate (PEM).  [default: the system's]"
)
@click.option("--client-certificate", type=click.Path(), help="With --server: the client's own certificate (PEM).")
@click.option("--client-key", type=click.Path(), help="With --server: key of --client-certificate (PEM).")
@click.option(
    "--input",
    "images",
    type=click.Path(),
    help="An image, a folder with sub-folders, or a .txt file with the path of an image per line.",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(),
    help="Folder for the masks; for one image also the mask's path, .png or .tif.",
)
@click.option(
    "--threshold",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="Foreground above this probability.  "
    "[default: the one chosen on validation images (RUN/threshold.json), else 0.5; without --run that of --kind, else "
    "0.6]",
)
@click.option(
    "--postprocessing",
    metavar="none|FOLDER",
    help="none: the threshold alone; or a run or exported version whose chosen threshold and steps are taken.  "
    "[default: those of --run or --saved-model; without, and with --threshold, none]",
)
@click.option("--smallest-component-px", type=click.IntRange(min=0), help="Leave out components of fewer pixels.")
@click.option(
    "--hysteresis", type=FiniteRange(0, 1, max_open=True), metavar="LOW",
    help="Also take pixels above LOW that are connected to one above the threshold.",
)  # fmt: skip
@click.option(
    "--bridge-px",
    type=click.IntRange(0, 200),
    help="Bridge gaps of up to this many pixels along the most probable path.",
)
@click.option(
    "--tta",
    type=click.Choice(["none", "d4", "scales", "all"]),
    help="Average over the eight flips and quarter turns (d4: 8 times the time), over three scales (3.5 times), or "
    "over both (28 times); without --run it sees several scales in any case.  [default: the run's model.tta]",
)
@click.option(
    "--width-px",
    type=FiniteRange(0.5, 500),
    metavar="N",
    help="Without --run: the structures are about N pixels wide, so the built-in network need not guess their size.",
)
@click.option(
    "--no-data",
    metavar="LOW-HIGH",
    help="Pixels whose channels are all in this range of 0-255 get no mask: 0-20 for the black around a retina, "
    "253-255 for blank parts of an aerial photograph.  [default: the run's data.options.no_data]",
)
@click.option(
    "--memory",
    default="2GB",
    show_default=True,
    metavar="SIZE",
    help="Memory for the whole process; it sets the size of the tiles.",
)
@click.option(
    "--tile",
    type=click.IntRange(min=32),
    help="Side of the tiles in pixels, rounded up to a multiple of the network's stride (16).  [default: by --memory]",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "auto"]),
    default="float32",
    show_default=True,
    help="bfloat16 halves memory, and time where the processor has it (auto); of --run only.",
)
@click.option(
    "--engine",
    type=click.Choice(["tensorflow", "openvino"]),
    default="tensorflow",
    show_default=True,
    help="What computes the network of --run; openvino needs pip install 'semicurv-tf[openvino]'.",
)
@click.option("--probability", is_flag=True, help="Also write the probability.")
@click.option("--overlay", is_flag=True, help="Also write the image with its mask in red.")
@click.option(
    "--vectors",
    is_flag=False,
    flag_value="geojson",
    type=click.Choice(["geojson", "gpkg"]),
    help="Also write the mask's lines (GeoJSON, or GeoPackage) and their lengths, widths and orientations (CSV).",
)
@click.option(
    "--crs",
    help="With --vectors: raster, pixels, map, or with gpkg a CRS such as EPSG:3857; see `vectorize`.  "
    "[default: raster]",
)
@click.option(
    "--min-length-px",
    type=FiniteRange(min=0),
    help="With --vectors: leave out dots, and structures whose total length is less.  [default: 10]",
)
@click.option(
    "--kind",
    type=click.Choice(["crack", "road", "vessel", "membrane"]),
    help="What the structures are: without --run crack, vessel and membrane choose the built-in network's threshold, "
    "with --vectors it names layers and attributes (then crack by default).",
)
@click.option(
    "--editable",
    type=click.Choice(["labelme", "png"]),
    help="Also write files to correct: labelme/NAME.json, which `datasets import --from labelme` reads back, or layers "
    "for napari or GIMP in layers/images and layers/masks, which `--dataset folder --data-dir layers` reads.",
)
@click.option(
    "--format",
    type=click.Choice(["auto", "png", "tif"]),
    default="auto",
    show_default=True,
    help="File format of the results in a folder.",
)
@click.option("--overwrite", is_flag=True, help="Redo finished images, and replace files that predict did not write.")
@click.option("--next", "next_count", type=int, hidden=True)
@click.option("--views", type=int, hidden=True)
@click.option(
    "--runner",
    type=click.Choice(["local", "beam"]),
    default="local",
    show_default=True,
    help="beam: by an Apache Beam pipeline.",
)
@click.argument("beam_options", metavar="[-- BEAM_OPTIONS]", nargs=-1, type=click.UNPROCESSED)
def predict(
    images,
    output,
    probability,
    overlay,
    vectors,
    crs,
    min_length_px,
    kind,
    editable,
    format,
    overwrite,
    batch,
    runner,
    beam_options,
    next_count,
    views,
    **options,
):
    """Predict the mask of every image in a folder, whatever its size and kind."""
    from semicurv_tf.cli.console import console
    from semicurv_tf.cli.idle_options import refuse_idle
    from semicurv_tf.cli.image_progress import ImageProgress
    from semicurv_tf.errors import RetryLater, UserError
    from semicurv_tf.predict.options import PredictorOptions
    from semicurv_tf.predict.plan_files import Outputs
    from semicurv_tf.predict.predict_input import predict_input
    from semicurv_tf.wording import printable, some

    if next_count is not None or views is not None:
        raise UserError(_next_moved(options["run"], images, output, next_count, views))
    given = [f"--{name.replace('_', '-')}" for name in ("run", "saved_model", "server") if options[name] is not None]
    if len(given) > 1:
        raise UserError(f"{given[0]}: expected one network, found {' and '.join(given)}. Fix: give one of them")
    if options["server"] is None:
        refuse_idle(OF_SERVER, "of a --server alone, and none is named", "--server URL, or leave it out")
    if options["saved_model"] is None:
        refuse_idle(("trust",), "of a --saved-model alone, and none is named", "--saved-model FOLDER, or leave it out")
    if not given:
        click.echo(
            "built-in network, taught by drawn curves alone: no photograph and no label of yours. Look at its masks, "
            "correct some, and train with them: semicurv-tf train --help"
        )
        options["kind"] = kind
    _require_options(images, beam_options, runner == "beam")
    if images is None:
        raise UserError("--input: missing. Fix: name an image or a folder of images")
    if options["engine"] == "openvino":
        from semicurv_tf.inference.openvino_engine import INSTALL, has_openvino

        if not has_openvino():
            click.echo(f"note: OpenVINO is not installed, so TensorFlow predicts. For OpenVINO: {INSTALL}")
            options["engine"] = "tensorflow"
    one_layer_at_a_time()
    chosen = PredictorOptions(**options)
    if not given:
        from semicurv_tf.predict.built_in_options import notes_on_options

        for note in notes_on_options(chosen, names_lines=vectors is not None):
            click.echo(note)
    summary = predict_input(
        images,
        output,
        chosen,
        Outputs(
            probability,
            overlay,
            _line_options(vectors, crs=crs, min_length_px=min_length_px, kind=kind if vectors or given else None),
            format,
            editable,
        ),
        lambda count: ImageProgress(count, console()),
        overwrite=overwrite,
        batch=batch,
        beam_arguments=list(beam_options) if runner == "beam" else None,
    )
    click.echo(
        f"{summary.predicted} predicted, {summary.finished_before} finished before, {summary.failed} failed: {output}"
    )
    for note, names in summary.notes.items():
        click.echo(f"  {note}: {some(names)}")
    if left_out := summary.left_out.said():
        click.echo(f"  of the lines, {left_out}")
    if summary.images_left_out:
        click.echo(f"  {printable(summary.images_left_out)}")
    if summary.passed_over:
        click.echo(f"  {printable(summary.passed_over)}")
    if summary.faults:
        raise RetryLater(summary.faults) if summary.lost else UserError(summary.faults)


def _require_options(images, words, by_beam):
    """Refuses words that are no options of Beam's; what a shell made of `photos/*.png` is told as such.

    A word without `--` before it may be the value of an option, unless it is an image or a folder.
    """
    from semicurv_tf.errors import UserError
    from semicurv_tf.images.formats import is_image_name
    from semicurv_tf.wording import counted, some

    is_option = [word.startswith("-") for word in words]
    is_value = [before and "=" not in previous for before, previous in zip([False, *is_option], ["", *words])]
    is_input = [Path(word).is_dir() or (Path(word).is_file() and is_image_name(Path(word))) for word in words]
    inputs = [
        word for word, option, value, image in zip(words, is_option, is_value, is_input)
        if not option and image and not (by_beam and value and Path(word).is_dir())
    ]  # fmt: skip
    if inputs:
        folders = {str(Path(word).parent) for word in filter(None, (images, *inputs))}
        fix = f"--input {shlex.quote(folders.pop())}" if len(folders) == 1 else "--input FILE.txt"
        raise UserError(
            f"--input: takes one image, one folder, or a .txt file that names an image per line; found "
            f"{counted(len(inputs), 'further path')} ({some(inputs)}). Fix: {fix}"
        )
    unknown = [word for word, option, value in zip(words, is_option, is_value) if not by_beam or not (option or value)]
    if unknown:
        fix = "leave it out" if by_beam else "leave it out, or --runner beam if it is Beam's"
        raise UserError(f"{unknown[0]}: not an option of this command. Fix: {fix}")


def _line_options(format, **given):
    """How lines are written; what was not given is the default. False: they are not."""
    from semicurv_tf.errors import UserError
    from semicurv_tf.predict.write_lines import LineOptions

    options = {name: value for name, value in given.items() if value is not None}
    if format is None and options:
        option = f"--{next(iter(options)).replace('_', '-')}"
        raise UserError(f"{option}: of the lines, and none are written. Fix: add --vectors, or leave it out")
    return LineOptions(format, **options) if format else False


def _next_moved(run, images, output, count, views):
    """What to type now; this hint goes with the next version."""
    given = {"--run": run or "RUN", "--input": images, "--count": count, "--views": views, "--output": output}
    told = " ".join(f"{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None)
    return f"--next: choosing images to label is a command of its own. Fix: semicurv-tf next {told}"
