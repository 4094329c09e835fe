"""What is suspicious about a dataset whose files can all be read: leaks, empty masks, odd ratios."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median, mode

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.section import set_option
from semicurv_tf.wording import counted, some

_TOLERANCE_POINTS = 0.1  # on Table I's positive ratios
_NAMES_SHOWN = 5
FEWEST_USUAL = 3  # times as many usual masks as inverted ones: one of two may well be the right one
BLANK_PERCENT = 5  # of a mask's foreground on blank parts of its image: less may be a line drawn over the edge
USUAL_PERCENT = 30  # of a usual mask's pixels are foreground at most; curves seldom cover more


@dataclass
class Findings:
    """Lines for the user.

    Attributes:
        errors: training or scores would be wrong.
        warnings: worth a look.
    """

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def examine(name: str, rows: dict[str, list[dict]]) -> Findings:
    """Looks for what spoils training or scores.

    Args:
        name: the dataset.
        rows: split name to one dict per example (see `builders/rows.py`).

    Returns:
        Errors: no labelled training image, training masks all empty, the same image (or windows of
        one image) in two splits. Warnings: no test images, empty masks, constant images, duplicates
        within a split, one mask for two images, more positive than negative pixels, grey images
        stored as colour, counts and positive ratio other than published.
    """
    findings = Findings()
    _check_training(name, rows, findings)
    _check_duplicates(rows, findings)
    _check_content(rows, findings)
    _check_masks(rows, findings)
    _check_published(name, rows, findings)
    return findings


def _check_training(name, rows, findings) -> None:
    labelled = [row for row in rows.get("train", ()) if row["labelled"]]
    if not labelled:
        findings.errors.append(f"{name}, train: expected at least one image with a mask, found none. Fix: add masks")
    elif not any(row["positive"] for row in labelled):
        findings.errors.append(
            f"{name}, train: expected positive pixels in some mask, found all masks empty. "
            "Fix: check the mask values (--set data.options.mask_value=V for dataset folder)"
        )
    if not any(row["labelled"] for row in rows.get("test", ())):
        findings.warnings.append(f"{name}: there are no test images with masks to score on")


def _check_duplicates(rows, findings) -> None:
    seen = defaultdict(list)  # image content to (split, name)
    splits_of_source = defaultdict(set)
    images_of_mask: defaultdict[str, dict] = defaultdict(dict)
    for split, split_rows in rows.items():
        for row in split_rows:
            splits_of_source[row["source"]].add(split)
            low, high = row["range"]
            if low < high and row["valid"]:  # blank windows are all alike
                seen[row["digest"]].append((split, row["name"]))
            if row["positive"]:
                images_of_mask[row["mask_digest"]][row["digest"]] = row["name"]
    for found in seen.values():
        if len(found) > 1:
            listed = ", ".join(f"{name} ({split})" for split, name in found[:_NAMES_SHOWN])
            across = len({split for split, _ in found}) > 1
            (findings.errors if across else findings.warnings).append(
                f"same image under {len(found)} names: {listed}. Fix: remove all but one"
            )
    for source, splits in splits_of_source.items():
        if len(splits) > 1:
            findings.errors.append(
                f"{source}: windows of one image in {' and '.join(sorted(splits))}. Fix: split by image"
            )
    for images in images_of_mask.values():
        if len(images) > 1:
            findings.warnings.append(
                f"same mask for {len(images)} different images: {some(list(images.values()), _NAMES_SHOWN)}; "
                "one of them is probably wrong"
            )


def _check_content(rows, findings) -> None:
    for split, split_rows in rows.items():
        labelled = [row for row in split_rows if row["labelled"]]
        empty = [row["name"] for row in labelled if not row["positive"]]
        constant = [row["name"] for row in split_rows if row["range"][0] == row["range"][1]]
        unseen = [row["name"] for row in split_rows if not row["valid"]]
        for names, what in (
            (empty, "empty masks"), (constant, "images of one value"),
            (unseen, "images without a valid pixel"),
        ):  # fmt: skip
            if names:
                findings.warnings.append(
                    f"{split}: {len(names)} of {len(split_rows)} {what}: {some(names, _NAMES_SHOWN)}"
                )
        if positive_percent(labelled) > 50:
            findings.warnings.append(
                f"{split}: {positive_percent(labelled):.1f} % of the pixels are positive; inverted "
                "masks? (--set data.options.mask_invert=true for dataset folder)"
            )
    every = [row for split_rows in rows.values() for row in split_rows]
    if every and all(row["grey"] and row["shape"][-1] == 3 for row in every):
        findings.warnings.append(
            "all images are grey, fed as 3 equal channels (--set data.options.channels=1 for dataset folder)"
        )


def _check_inverted(every, findings) -> None:
    """A mask that is mostly foreground among others that are not, whatever the mean over all says."""
    shares = {row["name"]: positive_percent([row]) for row in every if row["labelled"]}
    inverted = [name for name, share in shares.items() if share > 50]
    usual = [share for name, share in shares.items() if share <= 50]
    if inverted and len(usual) >= FEWEST_USUAL * len(inverted) and median(usual) < USUAL_PERCENT:
        findings.warnings.append(
            f"{counted(len(inverted), 'mask')} of {len(shares)} {'is' if len(inverted) == 1 else 'are'} more than half "
            f"positive, the others {median(usual):.1f} % (median): {some(inverted, _NAMES_SHOWN)}. "
            "Fix, if inverted: swap foreground and background there"
        )


def _check_blank(every, findings) -> None:
    """Structures drawn where the image shows nothing, as a map goes on beyond the edge of a mosaic."""
    # Where black is mostly foreground it is the structure: saturated membranes, the inside of a wide crack.
    blank = [
        row
        for row in every
        if row.get("blank_positive", 0) > BLANK_PERCENT / 100 * row["positive"]
        and 2 * row["blank_positive"] < row["blank"]
    ]
    if not blank:
        return
    share = 100 * sum(row["blank_positive"] for row in blank) / sum(row["positive"] for row in blank)
    values = mode(row["blank_values"] for row in blank)
    findings.warnings.append(
        f"{counted(len(blank), 'mask')} {'goes' if len(blank) == 1 else 'go'} on where the image is blank ({values}), "
        f"with {share:.0f} % of the foreground: {some([row['name'] for row in blank], _NAMES_SHOWN)}. "
        f"Fix, to leave such pixels out: {set_option('data.options.no_data', values)} for dataset folder"
    )


def _check_masks(rows, findings) -> None:
    """What only a look across files shows: masks whose 1 is another thing, and masks drawn on sideways photographs."""
    every = [row for split_rows in rows.values() for row in split_rows]
    _check_inverted(every, findings)
    _check_blank(every, findings)
    by_label = defaultdict(list)
    for row in every:
        if row.get("mask_label"):
            by_label[row["mask_label"]].append(row["name"])
    if len(by_label) > 1:
        counted = sorted(by_label.items(), key=lambda item: -len(item[1]))
        listed = "; ".join(f"{label} in {len(names)} ({some(names)})" for label, names in counted[:_NAMES_SHOWN])
        findings.warnings.append(
            f"masks differ in what is positive: {listed}; all of it counts as foreground. "
            "Fix: save one class in all masks, or --set data.options.mask_value=V for dataset folder"
        )
    sideways = [row["name"] for row in every if row.get("on_stored_grid")]
    if sideways:
        findings.warnings.append(
            f"{len(sideways)} images are turned by their orientation tag, their masks carry none and are turned alike: "
            f"{some(sideways)}. Fix, if these masks were drawn on the upright image: save the images upright"
        )


def _check_published(name, rows, findings) -> None:
    info = dataset_info(name)
    if not info.counts or name == "synthetic":
        return
    found = {split: len(split_rows) for split, split_rows in rows.items() if split_rows}
    if found != info.counts:
        findings.warnings.append(f"{name}: found {_counts(found)} images; published are {_counts(info.counts)}")
        return
    percent = positive_percent([row for part in rows.values() for row in part if row["labelled"]])
    if info.positive_percent and abs(percent - info.positive_percent) > _TOLERANCE_POINTS:
        findings.warnings.append(
            f"{name}: {percent:.2f} % of the pixels are positive; published are {info.positive_percent} %"
        )


def positive_percent(rows: list[dict]) -> float:
    """Share of positive pixels among those whose label is known, in percent; 0 without rows."""
    pixels = sum(row.get("known", row["shape"][0] * row["shape"][1]) for row in rows)
    return 100.0 * sum(row["positive"] for row in rows) / pixels if pixels else 0.0


def _counts(counts: dict[str, int]) -> str:
    return "/".join(f"{counts[split]} {split}" for split in counts)
