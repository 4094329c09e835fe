"""The page of an evaluation, one HTML file: scores with intervals, curves, worst and best images, what was run."""

import datetime
from pathlib import Path

import yaml
from rich.console import Console

from semicurv_tf import __version__
from semicurv_tf.evaluation.open_run import OpenRun, SplitImages
from semicurv_tf.evaluation.score_run import shown, shown_interval
from semicurv_tf.metrics.catalogue import METRICS
from semicurv_tf.metrics.overlap import THRESHOLD
from semicurv_tf.report import page
from semicurv_tf.report.evaluation_parts import RANKED_BY, curves, images, scores_table
from semicurv_tf.report.evaluation_style import STYLE
from semicurv_tf.report.extremes import Extreme, pictures, worst_and_best
from semicurv_tf.report.page import division, folded, heading, tag
from semicurv_tf.training import run_folder
from semicurv_tf.whole_files import written_whole
from semicurv_tf.wording import counted

HEADLINES = ("iou", "f1", "cldice", "ods", "average_precision", "aiu", "precision", "recall")


def write_evaluation_page(path: Path, opened: OpenRun, scores: dict, console: Console):
    """Writes the page, whole or not at all; the images that it shows are predicted once more.

    Args:
        path: an HTML file.
        opened: the run.
        scores: of `score_images` with metrics.
        console: for progress.

    Raises:
        UserError: the file cannot be written.
    """
    names = worst_and_best({name: each[RANKED_BY] for name, each in scores["each"].items()})
    store = opened.images(scores["split"]).store
    shown_images = SplitImages(store, store.indices([*names[0], *names[1]]))
    found = pictures(opened.predictions(shown_images, console, "pictures", batch=1), scores["threshold"])
    worst, best = ([found[name] for name in part] for part in names)
    facts = {**opened.facts, "threshold_chosen": run_folder.read_choice(opened.folder)}
    text = evaluation_page(
        scores, worst, best, opened.config.model_dump(mode="json"), facts, opened.folder.resolve().name
    )
    with written_whole(path) as file:
        file.write_text(text, encoding="utf-8")


def evaluation_page(
    scores: dict, worst: list[Extreme], best: list[Extreme], config: dict, facts: dict, run: str
) -> str:
    """The page as text.

    Args:
        scores: of `score_images` with metrics.
        worst, best: images with the lowest and the highest IoU.
        config: the run's configuration.
        facts: the content of run.json, and "threshold_chosen", that of threshold.json, where there is one.
        run: the run's name.
    """
    title = f"{scores['dataset']}: {scores['method']} on {counted(scores['images'], scores['split'] + ' image')}"
    chapters = {
        ("scores", "Scores"): scores_table(scores),
        ("curves", "Curves"): curves(scores),
        ("images", "Worst and best images"): images(scores, worst, best),
        ("method", "How it was measured"): _method(scores),
        ("run", "The run"): _run(scores, config, facts, run),
    }
    parts = [
        tag("p", _lead(scores, run), "lead"),
        *_warnings(scores),
        _tiles(scores["metrics"]),
        page.contents(list(chapters)),
        *(part for (anchor, name), content in chapters.items() for part in (heading(name, anchor), *content)),
    ]
    made = datetime.date.today().isoformat()
    return page.page(
        title, parts, f"Made by semicurv_tf {__version__} on {made}. This file loads nothing from elsewhere.", STYLE
    )


def _lead(scores, run):
    return (
        f"Run {run}: {100 * scores['labels']:g} % of the training images labelled, step {scores['step']}, "
        f"foreground where the probability is above {scores['threshold']:g}."
    )


def _warnings(scores):
    if scores["split"] == "labelled":
        told = "The network was trained on these very images: the scores tell how well it fits them, not new ones."
        yield tag("p", told, "warning")
    if scores["bootstrap"]["sources"] == 1:
        yield tag(
            "p", "All crops are of one source image: nothing can be said of how the scores vary over images.", "warning"
        )


def _tiles(metrics):
    names = [name for name in HEADLINES if name in metrics][:4]
    return division((_tile(METRICS[name], metrics[name]) for name in names), "tiles")


def _tile(metric, entry):
    kind = "mean" if metric.per_image else "pooled"
    limits = shown_interval(entry[f"{kind}_interval"], metric.percent)
    told = "mean of images" if kind == "mean" else "all images together"
    notes = [tag("small", f"95 %: {limits}")] * bool(limits) + [tag("small", told)]
    return division([tag("small", metric.title), tag("b", _figure_of(entry[kind], metric)), *notes], "tile")


def _figure_of(value, metric):
    return shown(value, metric.percent) + (" %" if metric.percent and value is not None else "")


def _method(scores):
    bootstrap = scores["bootstrap"]
    lines = [
        "Mean: over images, each counting alike, as in the paper. Pooled: the counts of all images added up first. "
        f"Threshold {scores['threshold']:g}.",
        f"Masks that are empty: {counted(scores['empty_targets'], 'target')}, "
        f"{counted(scores['empty_predictions'], 'prediction')}. "
        "Where both are empty a share is 1, where only one is, 0.",
    ]
    if any(METRICS[name].with_tolerance for name in scores["metrics"]):
        lines.append(
            f"Centrelines match within {scores['tolerance_px']:g} pixels: one to one for ODS and OIS, many to one for "
            "completeness, correctness and quality."
        )
    if "ods" in scores["metrics"]:
        lines.append(
            f"ODS is at threshold {scores['metrics']['ods']['threshold']:g}, the best for these very images, as OIS "
            "is at each image's best: bounds of what a threshold can do, not what a user gets."
        )
    if bootstrap["sources"] > 1:
        unit = "images" if bootstrap["sources"] == scores["images"] else "images that the crops were cut from"
        lines.append(
            f"Intervals: {100 * bootstrap['level']:.0f} % percentile bootstrap, {bootstrap['resamples']} resamples "
            f"of the {bootstrap['sources']} {unit}, seed {bootstrap['seed']}. They tell how the score varies with "
            "the images, not with the training's seed or the choice of labels."
        )
    if scores["images_without_valid_pixels"]:
        lines.append(f"Left out: {counted(scores['images_without_valid_pixels'], 'image')} without a valid pixel.")
    yield page.bullets(lines)


def _threshold(value, chosen):
    if chosen and chosen["threshold"] == value and {"metric", "images", "split"} <= chosen.keys():
        return f"{value:g}, the best mean {chosen['metric']} on {counted(chosen['images'], chosen['split'] + ' image')}"
    return f"{value:g}, the default" if value == THRESHOLD else f"{value:g}, as asked for"


def _run(scores, config, facts, run):
    labelled = facts["labelled"]
    rows = [
        ["Dataset", f"{scores['dataset']}, {scores['split']}"],
        ["Method", scores["method"]],
        ["Network", config["model"]["name"]],
        ["Labelled training images", str(len(labelled))],
        ["Step", str(scores["step"])],
        ["Seed", str(facts["seed"])],
        ["Threshold", _threshold(scores["threshold"], facts.get("threshold_chosen"))],
        ["Versions", ", ".join(f"{name} {version}" for name, version in facts["versions"].items())],
    ]
    yield page.table(["What", "Value"], rows, f"Run {run}", text_columns=[1])
    # Where the data lie on one machine is nobody's business.
    told = {**config, "data": {**config["data"], "data_dir": None, "cache_dir": None, "unlabelled_dir": None}}
    yield folded("Configuration", [tag("pre", yaml.safe_dump(told, sort_keys=False, allow_unicode=True))])
    yield folded("Labelled images", [tag("p", ", ".join(labelled))])
