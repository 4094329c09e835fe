"""`semicurv-tf predict --next N`: which images to label next."""

import click


def choose(run, source, output, count, views, data_dir=None, unlabelled_dir=None):
    """Ranks the images of a folder, or the run's own (no source), writes the list and the contact sheet, prints the list."""
    from semicurv_tf.acquisition.candidates import (
        FolderImages,
        labelled_files,
        open_training_images,
        require_folder,
    )
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.errors import UserError

    require_folder(output)  # a wrong folder is said at once, not after TensorFlow has loaded
    images = FolderImages(source, output) if source is not None else None
    with quiet_start():
        from semicurv_tf.acquisition.next_images import LIST, SCORES, SHEET, choose_next, open_judges

        judges = open_judges(run)
    if images is None:
        images = open_training_images(run, console(), data_dir, unlabelled_dir)
    else:
        images.recognise(labelled_files(run, data_dir))
    with _progress(console()) as progress:
        task = progress.add_task("", total=len(images.names), name="")
        choice = choose_next(
            judges, images, output, count, views, lambda name: progress.update(task, advance=1, name=name)
        )
    who = "student and teacher" if len(judges.predictors) == 2 else "the student (the run has no teacher)"
    click.echo(f"{len(choice.images)} of {choice.candidates} images, by the disagreement of {who} over {views} views:")
    for rank, one in enumerate(choice.images, 1):
        click.echo(f"{rank:4}  {1000 * one.score:8.2f}  {one.name}")
    if choice.labelled:
        what = "of the names of the run's labelled images" if images.labelled is None else "labelled already"
        click.echo(f"left out, {what}: {', '.join(choice.labelled)}")
    click.echo(f"written: {LIST}, {SCORES} (all images), {SHEET} in {output}; scores in 1000 x nats a pixel")
    if choice.faults:
        raise UserError(choice.faults)


def _progress(console):
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )  # fmt: skip
    return Progress(*columns, console=console)
