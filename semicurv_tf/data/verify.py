"""Checking a dataset before training: every file is read, every fault listed, nothing written."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from semicurv_tf.data.examine import examine, positive_percent
from semicurv_tf.data.fault_lines import gathered
from semicurv_tf.data.folder_layout import require_unlabelled_folder, unlabelled_options
from semicurv_tf.data.identity import shared_content
from semicurv_tf.data.prepare import make_builder, quiet_tfds
from semicurv_tf.errors import UserError


@dataclass(frozen=True)
class SplitSummary:
    """One row of the table.

    Attributes:
        split: "train", "validation", "test".
        images: examples.
        labelled: examples with a mask.
        sizes: distinct sizes as text, most common first.
        positive_percent: of all pixels of labelled images.
        no_data_percent: pixels that do not count, of all pixels.
    """

    split: str
    images: int
    labelled: int
    sizes: str
    positive_percent: float
    no_data_percent: float


@dataclass(frozen=True)
class VerifyReport:
    """What `verify` found; training would be wrong if there are `errors`."""

    splits: tuple[SplitSummary, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def verify(name: str, data_dir=None, *, options: dict | None = None, unlabelled_dir=None,
           on_source=None) -> VerifyReport:  # fmt: skip
    """Reads every file of a dataset and lists all that is wrong or odd.

    Args:
        name: a name of the catalogue.
        data_dir: folder with the published files.
        options: the builder's options.
        unlabelled_dir: a second folder, of unlabelled training images.
        on_source: called after each source file, for progress.

    Returns:
        The report; faulty files are among its errors.

    Raises:
        UserError: unknown dataset or option, or no folder to look into.
    """
    if unlabelled_dir is not None:
        require_unlabelled_folder(unlabelled_dir)
    rows, errors, notes, value_range = _describe(name, data_dir, options, on_source)
    examined = rows
    if unlabelled_dir is not None:
        channels = next((part[0]["shape"][-1] for part in rows.values() if part), 3)
        extra, extra_errors, extra_notes, _ = _describe(
            "folder", unlabelled_dir, unlabelled_options(channels, value_range, options), on_source
        )
        extra_rows = extra.get("train", [])
        shared = shared_content(rows, extra_rows)
        both = {*shared.trained, *shared.held_out}
        # What both folders hold is said once for all of it, not as an image under two names.
        examined = {**rows, "train": [*rows.get("train", ()), *_without(extra_rows, both)]}
        rows.setdefault("train", []).extend(_without(extra_rows, shared.held_out))
        errors += extra_errors
        notes += [*extra_notes, *shared.notes]
    findings = examine(name, examined)
    return VerifyReport(
        splits=tuple(_summary(split, part) for split, part in rows.items() if part),
        errors=(*gathered(dict.fromkeys(errors)), *findings.errors),
        warnings=(*notes, *findings.warnings),
    )


def _describe(name, data_dir, options, on_source):
    with tempfile.TemporaryDirectory() as nowhere:
        builder = make_builder(name, data_dir, options, Path(nowhere))
        if builder.source_dir is None and builder.NEEDS_FILES:
            raise UserError(
                "--data-dir: expected a folder to verify, found none given. "
                f"Fix: download {builder.url} and give the unpacked folder"
            )
        builder.on_source = on_source or builder.on_source
        with quiet_tfds():
            builder.describe(builder.source_dir)
        value_range = builder.value_range.text if builder.value_range else ""
        return builder.rows, list(builder.faults), list(builder.notes), value_range


def _without(rows: list[dict], positions) -> list[dict]:
    return [row for position, row in enumerate(rows) if position not in positions]


def _summary(split: str, rows: list[dict]) -> SplitSummary:
    pixels = sum(row["shape"][0] * row["shape"][1] for row in rows)
    sizes: dict[str, int] = {}
    for row in rows:
        size = f"{row['shape'][1]}x{row['shape'][0]}"
        sizes[size] = sizes.get(size, 0) + 1
    common = sorted(sizes, key=sizes.__getitem__, reverse=True)
    labelled = [row for row in rows if row["labelled"]]
    return SplitSummary(
        split=split,
        images=len(rows),
        labelled=len(labelled),
        sizes=", ".join(common[:3]) + (", ..." if len(common) > 3 else ""),
        positive_percent=positive_percent(labelled),
        no_data_percent=100.0 * (1 - sum(row["valid"] for row in rows) / max(1, pixels)),
    )
