"""The page of an evaluation: scores with intervals, curves, the worst and best images, and what was run, in one HTML file."""

import datetime
from pathlib import Path

import numpy as np
import yaml
from rich.console import Console

from semicurv_tf import __version__
from semicurv_tf.metrics.catalogue import METRICS
from semicurv_tf.metrics.overlap import THRESHOLD
from semicurv_tf.report import page
from semicurv_tf.report.comparison import FALSE_NEGATIVE, FALSE_POSITIVE
from semicurv_tf.report.evaluation_figures import distribution_figure, precision_recall_figure
from semicurv_tf.report.extremes import Extreme, pictures, worst_and_best
from semicurv_tf.report.page import Markup, division, figure, folded, heading, tag
from semicurv_tf.training.open_run import Images, OpenRun
from semicurv_tf.training.score_run import shown, shown_interval
from semicurv_tf.whole_files import written_whole

RANKED_BY = "iou"
HEADLINES = ("iou", "f1", "cldice", "ods", "average_precision", "aiu", "precision", "recall")
LISTED = 500  # images in the folded list; RUN/scores.json has all
CAPTIONED = ("iou", "f1", "cldice", "betti0_error")

STYLE = """
body { max-width: 66rem; overflow-wrap: break-word; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1.4rem 0; }
.tile { background: var(--band); border-radius: 8px; padding: .8rem 1rem .7rem; }
.tile b { display: block; font-size: 2rem; line-height: 1.15; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tile small { color: var(--soft); font-size: .82rem; display: block; line-height: 1.35; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .4rem 2rem; align-items: start; }
.pair figure { margin: .6rem 0; }
.pair figure > img { width: 100%; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1.2rem 1.4rem; margin: 1rem 0 1.6rem; }
.cards figure { margin: 0; }
.both { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
.both img { width: 100%; border-radius: 3px; }
.cards figcaption b { color: var(--ink); overflow-wrap: anywhere; }
.key span { display: inline-block; margin-right: 1.1rem; white-space: nowrap; }
.key i { display: inline-block; width: .85em; height: .85em; border-radius: 2px; border: 1px solid var(--soft); vertical-align: -.08em; margin-right: .35em; }
svg.bars { vertical-align: middle; margin: -.3rem 0; }
.bars .grid { stroke: var(--line); } .bars .span { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; opacity: .4; }
.bars circle { stroke: var(--accent); stroke-width: 1.4; fill: var(--paper); } .bars .mean { fill: var(--accent); }
td .range { color: var(--soft); font-size: .86em; margin-left: .5em; }
td.text { white-space: normal; overflow-wrap: anywhere; }
.about td.text { color: var(--soft); line-height: 1.35; overflow-wrap: normal; }
@media (min-width: 60rem) { .about thead th { white-space: nowrap; } }
details { margin: .8rem 0; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
pre { background: var(--band); border-radius: 6px; padding: .8rem 1rem; font: .82rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) { svg.bars { vertical-align: middle; margin: -.3rem 0; }
.bars .grid { stroke: var(--line); } .bars .span { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; opacity: .4; }
.bars circle { stroke: var(--accent); stroke-width: 1.4; fill: var(--paper); } .bars .mean { fill: var(--accent); }
td .range { display: block; margin-left: 0; } .tiles { grid-template-columns: 1fr 1fr; gap: .6rem; } .tile b { font-size: 1.7rem; }
  .about td.text, .about th.text, .bar-note { display: none; } .about table { width: 100%; } th:first-child, td:first-child { white-space: normal; } }
@media print { .scroll { break-inside: avoid; } .tile { border: 1px solid var(--line); } .tiles { grid-template-columns: repeat(4, 1fr); } .pair { grid-template-columns: 1fr 1fr; }
  .cards { grid-template-columns: 1fr 1fr 1fr; gap: .6rem; } .cards figcaption { font-size: 7.5pt; } }
"""


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
    shown_images = Images(store, store.indices([*names[0], *names[1]]))
    found = pictures(opened.predictions(shown_images, console, "pictures", batch=1), scores["threshold"])
    worst, best = ([found[name] for name in part] for part in names)
    text = evaluation_page(scores, worst, best, opened.config.model_dump(mode="json"), opened.facts, opened.folder.resolve().name)
    with written_whole(path) as file:
        file.write_text(text, encoding="utf-8")


def evaluation_page(scores: dict, worst: list[Extreme], best: list[Extreme], config: dict, facts: dict, run: str) -> str:
    """The page as text.

    Args:
        scores: of `score_images` with metrics.
        worst, best: images with the lowest and the highest IoU.
        config: the run's configuration.
        facts: the content of run.json.
        run: the run's name.
    """
    title = f"{scores['dataset']}: {scores['method']} on {scores['images']} {scores['split']} images"
    entries = [("scores", "Scores"), ("curves", "Curves"), ("images", "Worst and best images"), ("method", "How it was measured"), ("run", "The run")]
    parts = [
        tag("p", _lead(scores, run), "lead"),
        *_warnings(scores),
        _tiles(scores["metrics"]),
        page.contents(entries),
        heading("Scores", "scores"), *_scores(scores),
        heading("Curves", "curves"), *_curves(scores),
        heading("Worst and best images", "images"), *_images(scores, worst, best),
        heading("How it was measured", "method"), *_method(scores),
        heading("The run", "run"), *_run(scores, config, facts, run),
    ]  # fmt: skip
    made = datetime.date.today().isoformat()
    return page.page(title, parts, f"Made by semicurv_tf {__version__} on {made}. This file loads nothing from elsewhere.", STYLE)


def _lead(scores, run):
    return (
        f"Run {run}: {100 * scores['labels']:g} % of the training images labelled, step {scores['step']}, "
        f"foreground where the probability is above {scores['threshold']:g}."
    )


def _warnings(scores):
    if scores["split"] == "labelled":
        yield tag("p", "The network was trained on these very images: the scores tell how well it fits them, not how good it is on new ones.", "warning")
    if scores["bootstrap"]["sources"] == 1:
        yield tag("p", "All crops are of one source image: nothing can be said of how the scores vary over images.", "warning")


def _tiles(metrics):
    names = [name for name in HEADLINES if name in metrics][:4]
    return division((_tile(METRICS[name], metrics[name]) for name in names), "tiles")


def _tile(metric, entry):
    kind = "mean" if metric.per_image else "pooled"
    limits = shown_interval(entry[f"{kind}_interval"], metric.percent)
    told = "mean of images" if kind == "mean" else "all images together"
    return division(
        [tag("small", metric.title), tag("b", _figure_of(entry[kind], metric)), tag("small", limits and f"95 %: {limits}"), tag("small", told)], "tile"
    )


def _figure_of(value, metric):
    return shown(value, metric.percent) + (" %" if metric.percent and value is not None else "")


def _scores(scores):
    rows = [
        [metric.title, _cell(entry, "mean", metric), _cell(entry, "pooled", metric), _bars(entry) if metric.percent else "", _about(metric)]
        for metric, entry in ((METRICS[name], entry) for name, entry in scores["metrics"].items())
    ]
    head = ["Metric", "Mean of images", "Pooled", "0 to 100 %", "What it says"]
    yield division([page.table(head, rows, "Scores with their 95 % intervals", text_columns=[3, 4])], "about")
    bars = tag("span", "Bars are intervals; the dot is the mean of the images, the ring all pixels pooled.", "bar-note")
    yield tag("p", Markup(f"Shares are in percent, Betti errors in counts. {bars}"), "note")


def _bars(entry):
    """Both scores on a line from 0 to 100; the numbers stand beside it, so it says nothing to a reader of the screen."""
    marks = [f'<line x1="{x}" x2="{x}" y1="0" y2="22" class="grid"/>' for x in (5, 45, 85, 125, 165)]
    for kind, y in (("mean", 7), ("pooled", 15)):
        if entry[kind] is None:
            continue
        limits = entry[f"{kind}_interval"] or (entry[kind], entry[kind])
        low, high, value = (5 + 160 * share for share in (*limits, entry[kind]))
        marks.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" class="span"/><circle cx="{value:.1f}" cy="{y}" r="3.4" class="{kind}"/>')
    return Markup(f'<svg class="bars" viewBox="0 0 170 22" width="170" height="22" aria-hidden="true">{"".join(marks)}</svg>')


def _cell(entry, kind, metric):
    limits = shown_interval(entry[f"{kind}_interval"], metric.percent)
    return Markup(shown(entry[kind], metric.percent) + (tag("span", limits, "range") if limits else ""))


def _about(metric):
    return f"{metric.about}; less is better" if metric.lower_is_better else metric.about


def _curves(scores):
    values = np.array([each[RANKED_BY] for each in scores["each"].values()])
    spread = (
        f"Distribution of the IoU over {len(values)} images: from {100 * values.min():.1f} to {100 * values.max():.1f} percent, "
        f"median {100 * np.median(values):.1f}"
    )
    figures = [_drawing(distribution_figure(values, "IoU"), spread, spread + ". Each tick below is an image.")]
    if "curve" in scores:
        area = scores["metrics"].get("average_precision", {}).get("pooled")
        told = "Precision against recall of all pixels pooled, for thresholds from 0.01 to 0.99"
        if area is not None:
            told += f"; average precision {100 * area:.1f} percent"
        figures.insert(0, _drawing(precision_recall_figure(scores["curve"], scores["threshold"], area), told, told + ". Grey: equal F1."))
    yield division(figures, "pair")


def _drawing(svg, description, caption):
    return figure(page.svg_image(svg, description), caption)


def _images(scores, worst, best):
    colours = (("right", "#ffffff"), ("too much", _hex(FALSE_POSITIVE)), ("missed", _hex(FALSE_NEGATIVE)), ("background", "#000000"), ("does not count", "#3c3c3c"))
    yield tag("p", Markup("".join(f'<span><i style="background:{colour}"></i>{name}</span>' for name, colour in colours)), "key note")
    for title, chosen in (("Lowest IoU", worst), ("Highest IoU", best)):
        if chosen:
            yield heading(title, level=3)
            yield division((_card(one, scores["each"][one.name]) for one in chosen), "cards")
    yield _list_of_images(scores["each"])


def _card(one, each):
    told = ", ".join(f"{METRICS[name].title.partition(' (')[0]} {_plain(each[name], METRICS[name])}" for name in CAPTIONED if each.get(name) is not None)
    small = max(one.image.shape[:2]) <= 256
    photograph = (page.png_image if small else page.jpeg_image)(one.image, f"Image {one.name}")
    errors = page.png_image(one.errors, f"Errors of the prediction for {one.name}: {told}")
    return tag("figure", Markup(division([photograph, errors], "both") + tag("figcaption", Markup(tag("b", one.name) + "<br>" + page.text(told)))), "pixels" if small else "")


def _plain(value, metric):
    """Of one image: errors that are counts are whole numbers."""
    return shown(value, True) if metric.percent else f"{value:.0f}"


def _list_of_images(each):
    names = [name for name in METRICS if name in next(iter(each.values()))]
    ordered = sorted(each, key=lambda image: (each[image][RANKED_BY], image))
    rows = [[image, *(_plain(each[image][name], METRICS[name]) for name in names)] for image in ordered[:LISTED]]
    more = f"the {LISTED} lowest of {len(each)}" if len(each) > LISTED else f"all {len(each)}"
    table = page.table(["Image", *(METRICS[name].title for name in names)], rows, "Scores of each image, lowest IoU first")
    return folded(f"Every image's scores ({more})", [table])


def _method(scores):
    bootstrap = scores["bootstrap"]
    lines = [
        f"Mean: over images, each counting alike, as in the paper. Pooled: the counts of all images added up first. Threshold {scores['threshold']:g}.",
        f"Masks that are empty: {scores['empty_targets']} targets, {scores['empty_predictions']} predictions. Where both are empty a share is 1, where only one is, 0.",
    ]
    if any(METRICS[name].with_tolerance for name in scores["metrics"]):
        lines.append(f"Centrelines match within {scores['tolerance_px']:g} pixels: one to one for ODS and OIS, many to one for completeness, correctness and quality.")
    if "ods" in scores["metrics"]:
        lines.append(
            f"ODS is at threshold {scores['metrics']['ods']['threshold']:g}, the best for these very images, as OIS is at each image's best: "
            "bounds of what a threshold can do, not what a user gets."
        )
    if bootstrap["sources"] > 1:
        unit = "images" if bootstrap["sources"] == scores["images"] else "images that the crops were cut from"
        lines.append(
            f"Intervals: {100 * bootstrap['level']:.0f} % percentile bootstrap, {bootstrap['resamples']} resamples of the {bootstrap['sources']} {unit}, "
            f"seed {bootstrap['seed']}. They tell how the score varies with the images, not with the training's seed or the choice of labels."
        )
    if scores["images_without_valid_pixels"]:
        lines.append(f"{scores['images_without_valid_pixels']} images without a valid pixel are left out.")
    yield page.bullets(lines)


def _run(scores, config, facts, run):
    labelled = facts["labelled"]
    rows = [
        ["Dataset", f"{scores['dataset']}, {scores['split']}"],
        ["Method", scores["method"]],
        ["Network", config["model"]["name"]],
        ["Labelled training images", str(len(labelled))],
        ["Step", str(scores["step"])],
        ["Seed", str(facts["seed"])],
        ["Threshold", f"{scores['threshold']:g}" + (" (the default)" if scores["threshold"] == THRESHOLD else "")],
        ["Versions", ", ".join(f"{name} {version}" for name, version in facts["versions"].items())],
    ]
    yield page.table(["What", "Value"], rows, f"Run {run}", text_columns=[1])
    # Where the data lie on one machine is nobody's business.
    told = {**config, "data": {**config["data"], "data_dir": None, "cache_dir": None, "unlabelled_dir": None}}
    yield folded("Configuration", [tag("pre", yaml.safe_dump(told, sort_keys=False, allow_unicode=True))])
    yield folded("Labelled images", [tag("p", ", ".join(labelled))])


def _hex(colour):
    return "#" + "".join(f"{part:02x}" for part in colour)
