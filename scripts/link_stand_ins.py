"""Folders of real images for trials, as links to files that lie elsewhere: python scripts/link_stand_ins.py DATA OUTPUT

DATA holds wide_cracks/, crack500_photos256/, gaps384_tiles/ and mitroad/. They stand in for what cannot be had whole
(Crack500, GAPs384, MIT Road) and for photographs that nobody tuned on; scores on them are never those datasets'. Where
no split is given, every third image is a test image; of the GAPs tiles 80 each are taken, evenly spread.
"""

from pathlib import Path

import click

TILES = 80


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("output", type=click.Path(path_type=Path))
def main(data, output):
    """Writes OUTPUT/wide, c500, gaps and road, each with images/{train,test} and masks/{train,test}."""
    for name, folder in (("wide", "wide_cracks"), ("road", "mitroad")):
        images = sorted((data / folder / "images").iterdir())
        masks = {path.stem: path for path in (data / folder / "masks").iterdir()}
        for number, image in enumerate(images):
            link(
                output / name,
                "test" if number % 3 == 2 else "train",
                image,
                masks.get(image.stem, data / folder / "masks" / image.name),
            )
    for part in ("train", "test"):
        for image in sorted((data / "crack500_photos256" / f"{part}_img").iterdir()):
            link(output / "c500", part, image, image.parents[1] / f"{part}_lab" / f"{image.stem}_mask.png")
        tiles = sorted((data / "gaps384_tiles" / part).iterdir())
        for number in range(TILES):
            tile = tiles[number * len(tiles) // TILES]
            link(output / "gaps", part, tile, tile.parents[1] / f"{part}_lab" / tile.name)
    for folder in sorted(output.iterdir()):
        counts = (len(list((folder / "images" / part).iterdir())) for part in ("train", "test"))
        click.echo("{}: {} training, {} test images".format(folder, *counts))


def link(folder: Path, part: str, image: Path, mask: Path):
    """Links an image and its mask, which then has the image's name."""
    if not mask.is_file():
        raise click.ClickException(f"{mask}: missing. Fix: restore it from the dataset")
    for kind, path in (("images", image), ("masks", mask)):
        target = folder / kind / part / (image.stem + path.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(path.resolve())


if __name__ == "__main__":
    main()
