"""`semicurv-tf export`: a SavedModel for TensorFlow Serving, and its check."""

import click

EXAMPLES = """
\b
Examples:
  semicurv-tf export --run runs/drive --output MODELS/semicurv
  semicurv-tf export --run runs/drive --output MODELS/semicurv --size 512x512 --precision bfloat16
  semicurv-tf export --check MODELS/semicurv/1

\b
Written: MODELS/semicurv/VERSION with saved_model.pb, the signatures serving_default, predict_bytes and
predict_logits, warm-up requests and a model card. A version is written whole or not at all, and never
over another one. serving/README.md says how to serve it.
"""


class _Size(click.ParamType):
    name = "HxW"

    def convert(self, value, param, ctx):
        parts = value.lower().split("x")
        if len(parts) != 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
            self.fail(f"expected HEIGHTxWIDTH in pixels, e.g. 512x768, found {value!r}", param, ctx)
        return int(parts[0]), int(parts[1])


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
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Threshold of the served mask.  [default: the run's, else 0.5]",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Precision of the features inside; inputs and outputs stay as they are.",
)
@click.option(
    "--max-pixels", type=click.IntRange(min=1), help="Largest height x width of a served image.  [default: 4194304]"
)
@click.option(
    "--check", type=click.Path(), metavar="VERSION_FOLDER", help="Check an exported version instead of writing one."
)
@click.option("--trust", is_flag=True, help="With --check: run a model that may read and write files too.")
@click.option("--models-config", type=click.Path(), help="With --check: also check a server's models.config.")
def export(run, output, version, max_batch, size, threshold, precision, max_pixels, check, models_config, trust):
    """Write the deployed network of a run as a SavedModel, or check one that was written."""
    from semicurv_tf.errors import UserError

    if check:
        if run or output:
            raise UserError("--check: expected no --run and no --output with it. Fix: export first, then check")
        _check(check, models_config, trust)
        return
    if not run or not output:
        raise UserError(
            f"--{'output' if run else 'run'}: missing. Fix: semicurv-tf export --run RUN --output MODELS/NAME"
        )

    from semicurv_tf.cli.console import quiet_start
    from semicurv_tf.export.saved_model import MAX_PIXELS, choose_version

    choose_version(output, version)  # a taken version is said at once, not after TensorFlow has loaded
    with quiet_start():
        from semicurv_tf.export.from_run import export_run

        done = export_run(
            run, output, version=version, max_batch=max_batch, size=size, threshold=threshold, precision=precision,
            max_pixels=max_pixels or MAX_PIXELS,
        )  # fmt: skip
    served = f"size {size[0]}x{size[1]}" if size else "any size"
    click.echo(f"{done.version}: SavedModel of {done.nodes} nodes, {precision}, {served}")
    for note in done.notes:
        click.echo(f"note: {note}")
    click.echo(f"Check it: semicurv-tf export --check {done.version}")


def _check(version, models_config, trust):
    from semicurv_tf.cli.console import quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.export.card import read_card

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
