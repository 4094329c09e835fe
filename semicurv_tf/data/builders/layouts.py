"""Finds the published files of a dataset in the folder where a user put them."""

from pathlib import Path

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.errors import UserError


def find_layout(folder: Path | None, dataset: str, recognise) -> Path:
    """The folder at or up to two levels below `folder` that holds a published layout.

    Args:
        folder: where the user put the files.
        dataset: name of the dataset; sub-folders of that name are looked at first.
        recognise: function of a folder, true where it holds the layout. Several functions: the
            first is looked for everywhere before the second.

    Raises:
        UserError: if `folder` is no folder, or none is recognised.
    """
    info = dataset_info(dataset)
    if folder is None or not folder.is_dir():
        raise UserError(info.said_missing("none given" if folder is None else f"no folder {folder}"))

    def children(parents):
        found = [
            entry for parent in parents for entry in parent.iterdir()
            if not entry.name.startswith(".") and entry.is_dir()
        ]  # fmt: skip
        return sorted(found, key=lambda entry: (entry.name != dataset, entry.name))

    first = children([folder])
    candidates = [folder, *first, *children(first)]
    for function in recognise if isinstance(recognise, tuple) else (recognise,):
        for candidate in candidates:
            if function(candidate):
                return candidate
    raise UserError(
        f"{folder}: expected the files of {info.title}, found another layout. "
        f"Fix: get {info.how_to_get}; see {info.homepage or 'the documentation'}"
    )
