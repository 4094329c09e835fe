"""`semicurv-tf datasets`: list, verify, prepare, preview, import."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from semicurv_tf.cli.numbers import FiniteRange
from semicurv_tf.data.catalog import dataset_info, dataset_names
from semicurv_tf.errors import UserError
from semicurv_tf.wording import printable, typed

TOOLS = ("labelme", "cvat", "coco", "labelstudio", "yolo", "via", "supervisely", "geojson")


@click.group()
def datasets():
    """List, check, prepare, preview and import datasets."""


@datasets.command("list")
def list_datasets():
    """Names, tasks, sizes, positive ratios, terms, and where to get them."""
    console = Console(highlight=False)
    table = Table()
    table.add_column("name", no_wrap=True)
    for heading in ("task", "train/val/test", "size, px"):
        table.add_column(heading, overflow="fold")
    table.add_column("positive %", justify="right")
    infos = [dataset_info(name) for name in dataset_names()]
    for info in infos:
        counts = "/".join(str(info.counts.get(split, "-"))
                          for split in ("train", "validation", "test"))  # fmt: skip
        ratio = "" if info.positive_percent is None else f"{info.positive_percent:.1f}"
        table.add_row(info.name, info.task, counts if info.counts else "yours", info.image_size, ratio)
    console.print(table)
    for info in infos:
        console.print(f"[bold]{info.name}[/bold]  {info.title}; {info.licence}")
        console.print(f"    give: {escape(info.how_to_get)}", soft_wrap=True)
        if info.homepage:
            console.print(f"    from: {info.homepage}", soft_wrap=True)


def _source_options(command):
    for option in (
        click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                     help="An option of the dataset, e.g. data.options.window=500; repeatable."),
        click.option("--unlabelled-dir", metavar="DIR", help="Further unlabelled training images."),
        click.option("--data-dir", metavar="DIR", help="Folder with the published files."),
        click.option("--dataset", required=True, metavar="NAME", help="See `datasets list`."),
    ):  # fmt: skip
        command = option(command)
    return command


_cache_option = click.option("--cache-dir", metavar="DIR", help="Where prepared data are kept.")


@datasets.command("verify")
@_source_options
def verify_dataset(dataset, data_dir, unlabelled_dir, settings):
    """Read every file and list everything that is wrong; exit code 2 if training would fail."""
    from semicurv_tf.data.verify import verify

    console = Console()
    options = _options(settings)
    with _counting(console, "verifying") as on_source:
        report = verify(dataset, data_dir, options=options, unlabelled_dir=unlabelled_dir, on_source=on_source)
    table = Table()
    for heading in ("split", "images", "with mask", "sizes", "positive %", "no data %"):
        table.add_column(heading)
    for row in report.splits:
        table.add_row(
            row.split, str(row.images), str(row.labelled), row.sizes,
            f"{row.positive_percent:.2f}", f"{row.no_data_percent:.2f}",
        )  # fmt: skip
    console.print(table)
    for line in report.warnings:
        click.echo(f"warning: {printable(line)}", err=True)
    for line in report.errors:
        click.echo(f"error: {printable(line)}", err=True)
    if report.errors:
        sys.exit(2)
    console.print("nothing wrong", highlight=False)


@datasets.command("prepare")
@_source_options
@_cache_option
@click.option("--again", is_flag=True, help="Prepare it even if the cache holds it, e.g. because that is damaged.")
def prepare_dataset(dataset, data_dir, cache_dir, unlabelled_dir, settings, again):
    """Check and pack a dataset into the cache, as training would do on first use."""
    from semicurv_tf.data.load import load_dataset
    from semicurv_tf.data.prepare import cache_folder

    console = Console()
    options = _options(settings)
    with _counting(console, "preparing") as on_source:
        loaded = load_dataset(
            dataset, data_dir, cache_dir=cache_dir, options=options,
            unlabelled_dir=unlabelled_dir, on_source=on_source, again=again,
        )  # fmt: skip
    counts = ", ".join(
        f"{len(store)} {split}" for split in ("train", "validation", "test")
        if (store := getattr(loaded, split)) is not None
    )  # fmt: skip
    where = cache_folder(cache_dir)
    console.print(f"{dataset}: {counts}, ready in {where}", highlight=False, soft_wrap=True)
    for line in loaded.warnings:
        click.echo(f"warning: {printable(line)}", err=True)


@datasets.command("preview")
@_source_options
@_cache_option
@click.option("--output", required=True, metavar="FILE.png", help="The contact sheet to write.")
@click.option("--count", default=6, show_default=True, type=click.IntRange(1, 100),
              help="Images per split.")  # fmt: skip
@click.option("--kind", metavar="NAME", help="One kind of structure of `--dataset drawn`, the images of pre-training.")
def preview_dataset(dataset, data_dir, cache_dir, unlabelled_dir, settings, output, count, kind):
    """Write a contact sheet: images, masks in red, no data in blue; of `drawn`, images beside their masks."""
    from semicurv_tf.file_names import require_suffix
    from semicurv_tf.images.own_files import require_own

    require_suffix("--output", Path(output), (".png",))
    require_own({f"--output {output}": [Path(output)]})
    if dataset == "drawn":
        from semicurv_tf.cli.idle_options import refuse_idle
        from semicurv_tf.drawing.sheet import write_sheet

        of_files = ("data_dir", "cache_dir", "unlabelled_dir", "settings")
        refuse_idle(of_files, "of datasets that are read from files, and --dataset drawn is not", "leave it out")
        Console().print(f"wrote {write_sheet(output, kind, count)}", highlight=False, soft_wrap=True)
        return
    if kind is not None:
        raise UserError(f"--kind: expected only with --dataset drawn, found --dataset {dataset}. Fix: leave --kind out")
    from semicurv_tf.data.load import load_dataset
    from semicurv_tf.pictures.dataset_preview import preview

    loaded = load_dataset(
        dataset, data_dir, cache_dir=cache_dir, options=_options(settings),
        unlabelled_dir=unlabelled_dir,
    )  # fmt: skip
    Console().print(f"wrote {preview(loaded, output, count)}", highlight=False, soft_wrap=True)


@datasets.command("import")
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--from", "tool", required=True, type=click.Choice(TOOLS), help="The tool that wrote the annotations.")
@click.option("--output", required=True, metavar="MY", type=click.Path(path_type=Path), help="The new folder.")
@click.option("--width-px", default=3.0, show_default=True, type=FiniteRange(1, 1000),
              help="Width of drawn lines.")  # fmt: skip
@click.option("--labels", metavar="NAME,...", help="The labels that are foreground.  [default: all]")
@click.option("--empty-is-background", is_flag=True,
              help="Images listed without a shape show nothing.  [default: they are unlabelled]")  # fmt: skip
def import_annotations(source, tool, output, width_px, labels, empty_is_background):
    """Turn what was drawn in labelme, CVAT, Label Studio, VIA, Supervisely or a map into images and masks.

    COCO's JSON and YOLO's segments (Ultralytics, Roboflow) are read, too.

    DIR is the folder (or .zip) with the annotations and their images. Polygons are filled, lines drawn. A shape of the
    label "labelled area" says that the image is labelled there alone.
    """
    from semicurv_tf.annotations.import_folder import import_folder
    from semicurv_tf.wording import counted, some

    chosen = [name.strip() for name in (labels or "").split(",") if name.strip()]
    outcome = import_folder(
        tool, source, output, width_px=width_px, labels=chosen, empty_is_background=empty_is_background
    )
    for label, (count, meaning) in outcome.labels.items():
        click.echo(f"label {printable(label)}: {count} {'shape' if count == 1 else 'shapes'}, {meaning}")
    for reason, count in sorted(outcome.passed_over.items()):
        click.echo(f"passed over: {count} x {printable(reason)}", err=True)
    if outcome.merged:
        click.echo(f"merged: {counted(outcome.merged, 'annotation')} of images that another file shows, too")
    if outcome.uncorrected:
        click.echo(
            f"note: {len(outcome.uncorrected)} of {counted(outcome.labelled, 'mask')} were written by semicurv-tf "
            f"and not corrected since ({some(outcome.uncorrected)}): they are no ground truth, unless someone "
            f"looked and found them right. Fix: correct and save them, or move them out of {source}; then import into "
            "a new folder",
            err=True,
        )
    partly = f" ({outcome.partly} in part)" if outcome.partly else ""
    click.echo(f"{output}: {counted(outcome.labelled, 'labelled image')}{partly}, {outcome.unlabelled} unlabelled")
    click.echo(f"next: semicurv-tf datasets verify --dataset folder --data-dir {typed(output)}")


def _options(settings: tuple[str, ...]) -> dict:
    """The data.options of `--set`, checked as for `train`."""
    from semicurv_tf.config import load_config, parse_setting

    return dict(load_config(settings=dict(map(parse_setting, settings))).data.options)


class _counting:
    """A live line with the number of files done."""

    def __init__(self, console: Console, verb: str):
        self._status, self._verb, self._done = console.status(f"{verb} ..."), verb, 0

    def __enter__(self):
        # Its import swaps Python's own for a moment, which the thread that draws the line must not meet.
        import tensorflow_datasets  # noqa: F401

        self._status.__enter__()
        return self._advance

    def __exit__(self, *error):
        return self._status.__exit__(*error)

    def _advance(self):
        self._done += 1
        self._status.update(f"{self._verb}: {self._done} files")
