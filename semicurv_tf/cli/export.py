"""`semicurv-tf export`: a SavedModel for TensorFlow Serving, ONNX or OpenVINO, and their checks."""

import click

from semicurv_tf.cli.numbers import FiniteRange

EXAMPLES = """
\b
Examples:
  semicurv-tf export --run runs/drive --output MODELS/semicurv
  semicurv-tf export --run runs/drive --output MODELS/semicurv --size 512x512 --precision bfloat16
  semicurv-tf export --check MODELS/semicurv/1
  semicurv-tf export --run runs/drive --output drive_openvino --format openvino
  semicurv-tf export --run runs/drive --output drive_int8 --format openvino --precision int8
  semicurv-tf export --check drive_openvino

\b
Written: MODELS/semicurv/VERSION with saved_model.pb, the signatures serving_default, predict_bytes and
predict_logits, warm-up requests and a model card. A version is written whole or not at all, and never
over another one. serving/README.md says how to serve it.

\b
With --format onnx or openvino OUTPUT becomes a new folder with model.onnx, or model.xml and model.bin, and
model_card.json; its answers were compared with Keras' on random images and on the run's validation images. The extras:
pip install 'semicurv-tf[onnx]', 'semicurv-tf[openvino]'. `predict --saved-model OUTPUT` takes such a folder.
"""


class _Size(click.ParamType):
    name = "HxW"

    def convert(self, value, param, ctx):
        parts = value.lower().split("x")
        if len(parts) != 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
            self.fail(f"expected HEIGHTxWIDTH in pixels, e.g. 512x768, found {value!r}", param, ctx)
        return int(parts[0]), int(parts[1])


OF_CHECKING = ("models_config", "trust")
OF_SAVED_MODELS = ("version", "max_batch", "size", "max_pixels")
OF_WRITING = (*OF_SAVED_MODELS, "threshold", "form", "precision", "data_dir", "force")


@click.command(name="export", epilog=EXAMPLES)
@click.option("--run", type=click.Path(), help="Run folder of a training.")
@click.option("--output", type=click.Path(), help="Folder of the model; the version becomes a folder in it.")
@click.option(
    "--version", type=click.IntRange(min=1), help="Version to write.  [default: the highest one there plus 1]"
)
@click.option(
    "--max-batch", type=click.IntRange(1, 256), default=8, show_default=True, help="Largest batch the server may form."
)
@click.option(
    "--size", type=_Size(), help="Serve this size only: its coordinate maps become constants.  [default: any size]"
)
@click.option(
    "--threshold",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="Threshold of the served mask.  [default: the run's, else 0.5]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["savedmodel", "onnx", "openvino"]),
    default="savedmodel",
    show_default=True,
    help="savedmodel: for TensorFlow Serving and Keras.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "int8"]),
    default="float32",
    show_default=True,
    help="Precision of the features inside; inputs and outputs stay as they are. int8: OpenVINO alone, calibrated on "
    "the run's training images. For OpenVINO both are refused where they cost more than 0.5 points of IoU on "
    "validation images.",
)
@click.option("--data-dir", type=click.Path(), help="With onnx, openvino: the dataset's folder, if it moved.")
@click.option("--force", is_flag=True, help="With openvino: keep bfloat16 or int8 whatever it costs.")
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    help="Largest height x width of a served image.  [default: 4194304; more with data.resize]",
)
@click.option(
    "--check", type=click.Path(), metavar="VERSION_FOLDER", help="Check an exported version instead of writing one."
)
@click.option("--trust", is_flag=True, help="With --check: run a model that may read and write files too.")
@click.option("--models-config", type=click.Path(), help="With --check: also check a server's models.config.")
def export(
    run, output, version, max_batch, size, threshold, form, precision, data_dir, force, max_pixels, check,
    models_config, trust,
):  # fmt: skip
    """Write the deployed network of a run as a SavedModel, as ONNX or for OpenVINO, or check what was written."""
    from semicurv_tf.cli.idle_options import refuse_idle
    from semicurv_tf.errors import UserError

    if check:
        if run or output:
            raise UserError("--check: expected no --run and no --output with it. Fix: export first, then check")
        refuse_idle(OF_WRITING, "of what is written, and --check writes nothing", "leave it out")
        _check(check, models_config, trust)
        return
    refuse_idle(OF_CHECKING, "of --check alone", "export first, then --check VERSION_FOLDER with it")
    if not run or not output:
        raise UserError(
            f"--{'output' if run else 'run'}: missing. Fix: semicurv-tf export --run RUN --output MODELS/NAME"
        )

    if form != "savedmodel":
        refuse_idle(OF_SAVED_MODELS, f"of a SavedModel alone, found --format {form}", "leave it out")
        _convert(run, output, form, precision, threshold, data_dir, force)
        return
    if precision == "int8" or data_dir is not None or force:
        wrong = "--precision int8" if precision == "int8" else "--force" if force else "--data-dir"
        raise UserError(f"{wrong}: not of a SavedModel. Fix: --format openvino, or leave it out")

    from semicurv_tf.cli.console import quiet_start
    from semicurv_tf.export.saved_model import choose_version

    choose_version(output, version)  # a taken version is said at once, not after TensorFlow has loaded
    with quiet_start():
        from semicurv_tf.export.from_run import export_run

        done = export_run(
            run, output, version=version, max_batch=max_batch, size=size, threshold=threshold, precision=precision,
            max_pixels=max_pixels,
        )  # fmt: skip
    served = f"size {size[0]}x{size[1]}" if size else "any size"
    click.echo(f"{done.version}: SavedModel of {done.nodes} nodes, {precision}, {served}")
    for note in done.notes:
        click.echo(f"note: {note}")
    click.echo(f"Check it: semicurv-tf export --check {done.version}")


def _convert(run, output, form, precision, threshold, data_dir, force):
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.export.conversion import RealImages, convert_run, require_convertible

    require_convertible(output, form, precision)  # said at once, not after TensorFlow has loaded
    with quiet_start():
        from semicurv_tf.export.run_images import images_of_run

        try:
            images = images_of_run(run, data_dir, console())
        except UserError as error:
            if precision == "int8":
                raise
            images = RealImages()
            click.echo(f"note: compared on random images alone, the run's own cannot be read ({error.lines[0]})")
        done = convert_run(
            run, output, format=form, precision=precision, threshold=threshold, images=images, force=force
        )
    click.echo(f"{done.folder}: {form}, {precision}, any size")
    for line in done.said:
        click.echo(line)


def _check(version, models_config, trust):
    from semicurv_tf.cli.console import quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.export.card import read_card
    from semicurv_tf.export.conversion import check_converted, is_converted

    if is_converted(version):
        if models_config:
            raise UserError(f"--models-config: of a SavedModel alone, {version} is none. Fix: leave it out")
        with quiet_start():
            said = check_converted(version, trust)
        click.echo(f"passed  {said}")
        return
    read_card(version)  # a wrong folder is said at once, not after TensorFlow has loaded
    with quiet_start():
        from semicurv_tf.export.check import check_version

    failed = []
    for result in check_version(version, models_config, trust):
        click.echo(f"{result.state:7} {result.name}: {result.said}")
        if result.state == "failed":
            failed.append(f"{version}: {result.name}: {result.said}")
    if failed:
        raise UserError(failed)
