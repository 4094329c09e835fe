"""Writes images of the built-in synthetic dataset as PNG files, to try `predict` on.

python scripts/draw_samples.py --count 6 --output samples/
"""

from pathlib import Path

import click
from PIL import Image

from semicurv_tf.data.load import load_dataset


@click.command()
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True)
@click.option("--count", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder for the images.")
def main(split, count, output):
    """Write COUNT images of a split as OUTPUT/NAME.png."""
    store = getattr(load_dataset("synthetic"), split)
    output.mkdir(parents=True, exist_ok=True)
    for index in range(min(count, len(store))):
        Image.fromarray(store.read(index)["image"]).save(output / f"{store.names[index]}.png")
    print(f"{min(count, len(store))} images: {output}")


if __name__ == "__main__":
    main()
