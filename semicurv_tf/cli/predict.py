"""`semicurv-tf predict`: masks of an image or a folder, of any size and kind."""

import contextlib

import click

EXAMPLES = """
\b
Examples:
  semicurv-tf predict --run runs/drive --input photos/ --output masks/ --overlay
  semicurv-tf predict --run runs/roads --input huge.tif --output mask.tif          # a GeoTIFF in and out
  semicurv-tf predict --run runs/em --input stack.tif --output masks/ --tta d4     # a stack in, a stack out
  semicurv-tf predict --run runs/cracks --input photos/ --output masks/ --vectors  # lines and their measures too
  semicurv-tf predict --run runs/drive --input one.png --output masks/ --probability --threshold 0.4
  semicurv-tf predict --run runs/roads --input tiles/ --output masks/ --no-data 253-255
  semicurv-tf predict --saved-model MODELS/semicurv/1 --input photos/ --output masks/
  semicurv-tf predict --run runs/drive --input unlabelled/ --output next/ --next 20     # what to label next
  semicurv-tf predict --server grpc://localhost:8500 --input photos/ --output masks/
  semicurv-tf predict --runner beam --run runs/drive --input list.txt --output masks/ -- \\
      --runner=DirectRunner --direct_num_workers=2 --direct_running_mode=multi_processing

\b
Written per image: NAME.png (mask, 0 and 255), with --probability NAME.probability.png (0-255), with
--overlay NAME.overlay.png, with --vectors NAME.geojson and NAME.csv (see `vectorize`). Stacks,
georeferenced and large TIFFs get .tif in place of .png; a GeoTIFF keeps its CRS and transform, and pixels
without data stay so (mask 0, and unset in the TIFF's own mask).

\b
Images larger than --memory bears are read, predicted and written by windows: overlapping tiles, blended
by Gaussian weights. The network's coordinate encoding spans each tile, as it spans the crops in training.
Large images and GeoTIFFs need rasterio: pip install 'semicurv-tf[geo]'.

\b
A second call skips what is finished; a killed one leaves no half file. Bad files are named at the end,
the others are still done, and the exit code is 2.

\b
--runner beam spreads many files over workers, each with a model and --memory of its own, by Apache Beam
(pip install 'semicurv-tf[beam]'); what stands after `--` is Beam's. OUTPUT/failed.jsonl lists the bad
files. On several machines all paths must lie on a file system that they share.
"""


@click.command(name="predict", epilog=EXAMPLES)
@click.option("--run", type=click.Path(), help="Run folder of a training: its deployed network predicts.")
@click.option("--saved-model", type=click.Path(), help="Version folder of an export, instead of --run.")
@click.option("--server", metavar="URL", help="grpc://host:port or http://host:port of a TF Serving, instead of --run.")
@click.option("--model-name", default="semicurv", show_default=True, help="The model's name on the server.")
@click.option(
    "--input",
    "source",
    type=click.Path(),
    help="An image, a folder with sub-folders, or a .txt file with the path of an image per line; with --next a folder.  [default with --next: the run's own unlabelled training images]",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(),
    help="Folder for the masks; for one image also the mask's path, .png or .tif.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Foreground above this probability.  [default: the one chosen on validation images (RUN/threshold.json), else 0.5]",
)
@click.option(
    "--tta",
    type=click.Choice(["none", "d4"]),
    default="none",
    show_default=True,
    help="d4: average over the eight flips and quarter turns, in eight times the time.",
)
@click.option(
    "--no-data",
    metavar="LOW-HIGH",
    help="Pixels whose channels are all in this range of 0-255 get no mask: 0-20 for the black around a retina, 253-255 for blank parts of an aerial photograph.",
)
@click.option(
    "--memory",
    default="2GB",
    show_default=True,
    metavar="SIZE",
    help="What the process may take in all; the tiles are sized by it.",
)
@click.option(
    "--tile",
    type=click.IntRange(min=32),
    help="Side of the tiles in pixels, up to a multiple of the network's stride (16).  [default: by --memory]",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "auto"]),
    default="float32",
    show_default=True,
    help="bfloat16 halves memory, and time where the processor has it (auto); of --run only.",
)
@click.option("--probability", is_flag=True, help="Also write the probability.")
@click.option("--overlay", is_flag=True, help="Also write the image with its mask in red.")
@click.option(
    "--vectors",
    is_flag=True,
    help="Also write the mask's lines (GeoJSON) and their lengths, widths and orientations (CSV).",
)
@click.option(
    "--format",
    type=click.Choice(["auto", "png", "tif"]),
    default="auto",
    show_default=True,
    help="Of the results in a folder.",
)
@click.option("--overwrite", is_flag=True, help="Predict what is finished again.")
@click.option(
    "--next",
    "next_count",
    type=click.IntRange(min=1),
    metavar="N",
    help="Predict nothing: rank unlabelled images, write which N to label next and a contact sheet; of --run only.",
)
@click.option("--data-dir", type=click.Path(), help="With --next: where the run's images are, if they moved.")
@click.option("--unlabelled-dir", type=click.Path(), help="With --next: likewise, the run's second folder.")
@click.option(
    "--views",
    type=click.IntRange(1, 8),
    default=4,
    show_default=True,
    help="With --next: flips and quarter turns that student and teacher are asked about.",
)
@click.option(
    "--runner",
    type=click.Choice(["local", "beam"]),
    default="local",
    show_default=True,
    help="beam: by a pipeline of Apache Beam.",
)
@click.argument("beam_options", metavar="[-- BEAM_OPTIONS]", nargs=-1, type=click.UNPROCESSED)
def predict(
    source,
    output,
    probability,
    overlay,
    vectors,
    format,
    overwrite,
    next_count,
    data_dir,
    unlabelled_dir,
    views,
    runner,
    beam_options,
    **options,
):
    """Predict the mask of every image of a folder, whatever their sizes and kinds."""
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.inference.folder import Outputs, open_output, plan_jobs
    from semicurv_tf.inference.source import PredictorOptions, open_predictor

    if sum(options[name] is not None for name in ("run", "saved_model", "server")) != 1:
        raise UserError("--run: expected exactly one of --run, --saved-model, --server. Fix: give one of them")
    if beam_options and runner != "beam":
        raise UserError(f"{beam_options[0]}: no option of this command. Fix: leave it out, or --runner beam")
    if next_count is not None:
        from semicurv_tf.cli.next_images import choose

        if options["run"] is None:
            raise UserError("--next: needs student and teacher, which only a run has. Fix: --run RUN")
        choose(options["run"], source, output, next_count, views, data_dir, unlabelled_dir)
        return
    for option, place in (("--data-dir", data_dir), ("--unlabelled-dir", unlabelled_dir)):
        if place is not None:
            raise UserError(f"{option}: is for --next alone, the images to predict are --input. Fix: leave it out")
    if source is None:
        raise UserError("--input: missing. Fix: name an image or a folder of images")
    options = PredictorOptions(**options)
    predict_all, open_one = _by_beam(output, beam_options) if runner == "beam" else (_one_by_one, open_predictor)
    jobs = plan_jobs(source, output, Outputs(probability, overlay, vectors, format))
    with quiet_start() if not options.server else contextlib.nullcontext():
        predictor, settings = open_one(options)
    since = open_output(output, settings, overwrite)
    open_jobs = jobs if overwrite else [job for job in jobs if not job.finished(since)]

    done, notes, faults = _run(
        console(), open_jobs, lambda progress: predict_all(predictor, options, open_jobs, progress)
    )
    skipped, failed = len(jobs) - len(open_jobs), len(open_jobs) - done
    click.echo(f"{done} predicted, {skipped} finished before, {failed} failed: {output}")
    for note, names in notes.items():
        click.echo(f"  {note}: {_some(names)}")
    if faults:
        raise UserError(faults)


def _run(console, jobs, predict_all):
    """Predicts with progress; returns how many were done, the names per note, and all faults."""
    from semicurv_tf.inference.predictor import PredictorLost
    from semicurv_tf.inference.progress import ImageProgress
    from semicurv_tf.whole_files import DiskLost

    done, notes, faults = 0, {}, []
    try:
        with ImageProgress(len(jobs), console) as progress:
            for outcome in predict_all(progress):
                faults += outcome.faults
                done += not outcome.faults
                for note in outcome.notes:
                    notes.setdefault(note, []).append(outcome.source.name)
    except (DiskLost, PredictorLost) as lost:  # every further image would fail alike
        faults += lost.lines
    return done, notes, faults


def _one_by_one(predictor, options, jobs, progress):
    from semicurv_tf.inference.run_jobs import predict_jobs

    return predict_jobs(predictor, jobs, progress.advance, progress.begin)


def _by_beam(output, arguments):
    """How a pipeline predicts, and how it opens a predictor: once per process."""
    from pathlib import Path

    from semicurv_tf.errors import UserError
    from semicurv_tf.inference.folder import names_file

    if names_file(Path(output)):
        raise UserError(
            f"--output {output}: expected a folder for --runner beam, found a file's name. Fix: name a folder"
        )
    try:
        from semicurv_tf.inference import beam_pipeline
    except ImportError as error:
        raise UserError(f"--runner beam: needs Apache Beam ({error}). Fix: pip install 'semicurv-tf[beam]'") from None

    def predict_all(predictor, options, jobs, progress):
        return beam_pipeline.predict_by_beam(options, jobs, Path(output), list(arguments), progress)

    return predict_all, beam_pipeline.predictor_of_process


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
