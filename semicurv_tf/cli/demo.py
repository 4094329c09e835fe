"""`semicurv-tf demo`: what the built-in network finds in drawn images, on one sheet."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path), default="semicurv-demo.png", show_default=True, metavar="FILE.png",
    help="The sheet to write.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Other images.")
def demo(output, seed):
    """Draw three images of each kind of structure and find their curves with the built-in network.

    Nothing is downloaded, no file is read, nothing is trained. The sheet shows each image, what was drawn in it, and
    what was found: white is right, red too much, blue missed. The drawings are as hard as those that the network was
    taught: faint, cluttered, some without any curve.

    \b
    Examples:
      semicurv-tf demo
      semicurv-tf demo --seed 7 --output other.png
    """
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.cli.image_progress import ImageProgress

    with quiet_start():
        from semicurv_tf.predict.demo import IMAGES, demonstrate, require_sheet
    require_sheet(output)
    with ImageProgress(IMAGES, console(), "finding") as progress:
        scores = demonstrate(output, seed, progress.done)
    for kind, iou in scores.items():
        click.echo(f"{kind:<12}  IoU {100 * iou:.0f} %")
    click.echo(f"sheet: {output}")
    click.echo("next: semicurv-tf predict --input photos/ --output masks/ --overlay")
