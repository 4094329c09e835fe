"""`semicurv-tf next`: which images to label next."""

from pathlib import Path

import click

from semicurv_tf.errors import UserError
from semicurv_tf.wording import printable_lines

EXAMPLES = """
\b
Examples:
  semicurv-tf next --run runs/drive --input unlabelled/ --count 20 --output next/
  semicurv-tf next --run runs/drive --count 8 --output next/      # among the run's own unlabelled training images
  semicurv-tf next --run runs/drive --by disagreement --output doubted/      # where the networks are least sure

\b
Written: OUTPUT/next.csv (the images to label, in order), scores.csv (all images by score) and next.png, a contact
sheet: image, mean prediction, where the predictions disagree. docs/next_images.md explains both choices.
"""


@click.command(name="next", epilog=EXAMPLES)
@click.option(
    "--run", required=True, type=click.Path(), help="Run folder of a training: its student and teacher judge."
)
@click.option(
    "--input",
    "folder",
    type=click.Path(),
    help="A folder of images, with sub-folders.  [default: the run's own unlabelled training images]",
)
@click.option("--data-dir", type=click.Path(), help="Where the run's images are, if they moved.")
@click.option("--unlabelled-dir", type=click.Path(), help="Likewise, the run's second folder.")
@click.option("--count", type=click.IntRange(min=1), default=20, show_default=True, help="How many images to choose.")
@click.option(
    "--views",
    type=click.IntRange(1, 8),
    default=4,
    show_default=True,
    help="Flips and quarter turns that student and teacher are asked about.",
)
@click.option(
    "--by", type=click.Choice(["coverage", "disagreement"]), default="coverage", show_default=True,
    help="coverage: images that stand for the others; disagreement: those that the networks are least sure of.",
)  # fmt: skip
@click.option("--output", required=True, type=click.Path(), help="Folder for the lists and the contact sheet.")
def next_images(run, folder, data_dir, unlabelled_dir, count, views, by, output):
    """Choose the unlabelled images to label next: those that stand for the others, or that the networks doubt."""
    from semicurv_tf.acquisition.candidates import (
        WRITTEN,
        FolderImages,
        labelled_files,
        open_training_images,
        require_folder,
    )
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.cli.image_progress import ImageProgress
    from semicurv_tf.images.own_files import require_own

    require_folder(output)  # a wrong folder is said at once, not after TensorFlow has loaded
    require_own({f"--output {output}": [Path(output) / name for name in WRITTEN]})
    images = FolderImages(folder, output) if folder is not None else None
    with quiet_start():
        from semicurv_tf.acquisition.next_images import choose_next, described, open_judges

        judges = open_judges(run, by)
    if images is None:
        images = open_training_images(run, console(), data_dir, unlabelled_dir)
    else:
        images.recognise(labelled_files(run, data_dir))
    with ImageProgress(len(images.names), console(), "judging") as progress:
        choice = choose_next(judges, images, output, count, views, progress.done, by=by)
    click.echo(printable_lines(described(choice, judges, views, output, by)))
    if isinstance(images, FolderImages) and images.left_out:
        click.echo(printable_lines(images.left_out))
    if choice.faults:
        raise UserError(choice.faults)
