"""`semicurv-tf predict`: masks of an image or a folder."""

import click

EXAMPLES = """
\b
Examples:
  semicurv-tf predict --run runs/drive --input photos/ --output masks/ --overlay
  semicurv-tf predict --run runs/drive --input one.tif --output masks/ --probability --threshold 0.4
  semicurv-tf predict --saved-model MODELS/semicurv/1 --input photos/ --output masks/
  semicurv-tf predict --server grpc://localhost:8500 --input photos/ --output masks/

\b
Written per image: NAME.png (mask, 0 and 255), with --probability NAME.probability.png (0-255), with
--overlay NAME.overlay.png. A second call skips what is finished. Bad files are named, the others are
still done, and the exit code is 2.
"""


@click.command(name="predict", epilog=EXAMPLES)
@click.option("--run", type=click.Path(), help="Run folder of a training: its deployed network predicts.")
@click.option("--saved-model", type=click.Path(), help="Version folder of an export, instead of --run.")
@click.option("--server", metavar="URL", help="grpc://host:port or http://host:port of a TF Serving, instead of --run.")
@click.option("--model-name", default="semicurv", show_default=True, help="The model's name on the server.")
@click.option("--input", "source", required=True, type=click.Path(), help="An image, or a folder with sub-folders.")
@click.option("--output", required=True, type=click.Path(), help="Folder for the masks.")
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Foreground above this probability.  [default: 0.5]")
@click.option("--tile", type=click.IntRange(min=32), help="Predict by blended tiles of this side in pixels.  [default: whole images up to 4 megapixels, then 1024]")
@click.option("--probability", is_flag=True, help="Also write the probability.")
@click.option("--overlay", is_flag=True, help="Also write the image with its mask in red.")
@click.option("--overwrite", is_flag=True, help="Predict what is finished again.")
def predict(run, saved_model, server, model_name, source, output, threshold, tile, probability, overlay, overwrite):
    """Predict the mask of every image of a folder, whatever their sizes and kinds."""
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.errors import UserError
    from semicurv_tf.inference.folder import Outputs, open_output, plan_jobs, predict_jobs
    from semicurv_tf.inference.source import open_predictor

    if sum(option is not None for option in (run, saved_model, server)) != 1:
        raise UserError("--run: expected exactly one of --run, --saved-model, --server. Fix: give one of them")
    jobs = plan_jobs(source, output, Outputs(probability, overlay))
    options = dict(run=run, saved_model=saved_model, server=server, model_name=model_name, threshold=threshold, tile=tile)
    if server:
        predictor, settings = open_predictor(**options)
    else:
        with quiet_start():
            predictor, settings = open_predictor(**options)
    since = open_output(output, settings, overwrite)
    open_jobs = jobs if overwrite else [job for job in jobs if not job.finished(since)]

    failed, notes = _run(console(), predictor, open_jobs, predict_jobs)
    skipped = len(jobs) - len(open_jobs)
    click.echo(f"{len(open_jobs) - len(failed)} predicted, {skipped} finished before, {len(failed)} failed: {output}")
    for note, names in notes.items():
        click.echo(f"  {note}: {_some(names)}")
    if failed:
        raise UserError(line for outcome in failed for line in outcome.faults)


def _run(console, predictor, jobs, predict_jobs):
    """Predicts with a progress bar; returns the failed outcomes and, per note, the names it is true of."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    failed, notes = [], {}
    columns = (
        TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(jobs), name="")
        for outcome in predict_jobs(predictor, jobs, lambda share: progress.advance(task, share)):
            progress.update(task, name=outcome.source.name)
            if outcome.faults:
                failed.append(outcome)
            for note in outcome.notes:
                notes.setdefault(note, []).append(outcome.source.name)
    return failed, notes


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
