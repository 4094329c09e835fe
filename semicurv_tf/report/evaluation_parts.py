"""Parts of an evaluation's page: the table of scores with its bars, the curves, the cards of images."""

import numpy as np

from semicurv_tf.evaluation.score_run import shown, shown_interval
from semicurv_tf.metrics.catalogue import METRICS
from semicurv_tf.pictures.error_map import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE
from semicurv_tf.report import page
from semicurv_tf.report.evaluation_figures import distribution_figure, precision_recall_figure
from semicurv_tf.report.page import Markup, division, figure, folded, heading, tag

RANKED_BY = "iou"
SMALL_PX = 256  # pictures up to this side are shown enlarged and three in a row, larger ones two in a row
UNBROKEN = str.maketrans(" -", "\u00a0\u2011")  # a space and a hyphen that keep a name and its number on one line
KINDS = ("mean", "pooled")
LISTED = 500  # images in the folded list; RUN/scores.json has all
CAPTIONED = ("iou", "f1", "cldice", "betti0_error")
COLOURS = {
    "right": TRUE_POSITIVE,
    "too much": FALSE_POSITIVE,
    "missed": FALSE_NEGATIVE,
    "background": (0, 0, 0),
    "does not count": (60, 60, 60),
}


def scores_table(scores):
    """The table of all scores, with their intervals as bars."""
    rows = [
        [
            metric.title,
            *(_cell(entry, kind, metric) for kind in KINDS),
            _bars(entry) if metric.percent else "",
            _about(metric),
        ]
        for metric, entry in ((METRICS[name], entry) for name, entry in scores["metrics"].items())
    ]
    head = ["Metric", "Mean of images", "Pooled", "0 to 100 %", "What it says"]
    yield division([page.table(head, rows, "Scores with their 95 % intervals", text_columns=[3, 4])], "about")
    bars = tag("span", "Bars are intervals; the dot is the mean of the images, the ring all pixels pooled.", "bar-note")
    yield tag("p", Markup(f"Shares are in percent, Betti errors in counts. {bars}"), "note")


def _bars(entry):
    """Both scores on a line from 0 to 100; the numbers stand beside it, thus a screen reader passes it over."""
    marks = [f'<line x1="{x}" x2="{x}" y1="0" y2="22" class="grid"/>' for x in (5, 45, 85, 125, 165)]
    for kind, y in zip(KINDS, (7, 15)):
        if entry[kind] is None:
            continue
        limits = entry[f"{kind}_interval"] or (entry[kind], entry[kind])
        low, high, value = (5 + 160 * share for share in (*limits, entry[kind]))
        marks.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" class="span"/>')
        marks.append(f'<circle cx="{value:.1f}" cy="{y}" r="3.4" class="{kind}"/>')
    return Markup(
        f'<svg class="bars" viewBox="0 0 170 22" width="170" height="22" aria-hidden="true">{"".join(marks)}</svg>'
    )


def _cell(entry, kind, metric):
    limits = shown_interval(entry[f"{kind}_interval"], metric.percent)
    return Markup(shown(entry[kind], metric.percent) + (tag("span", limits, "range") if limits else ""))


def _about(metric):
    return f"{metric.about}; less is better" if metric.lower_is_better else metric.about


def curves(scores):
    """The precision-recall curve, where there is one, and the distribution over images."""
    values = np.array([each[RANKED_BY] for each in scores["each"].values()])
    spread = (
        f"Distribution of the IoU over {len(values)} images: from {100 * values.min():.1f} to "
        f"{100 * values.max():.1f} percent, median {100 * np.median(values):.1f}"
    )
    figures = [_drawing(distribution_figure(values, "IoU"), spread, spread + ". Each tick below is an image.")]
    if "curve" in scores:
        area = scores["metrics"].get("average_precision", {}).get("pooled")
        told = "Precision against recall of all pixels pooled, over all thresholds"
        if area is not None:
            told += f"; average precision {100 * area:.1f} percent"
        svg = precision_recall_figure(scores["curve"], scores["threshold"], area)
        figures.insert(0, _drawing(svg, told, told + ". Grey: equal F1."))
    yield division(figures, "pair")


def _drawing(svg, description, caption):
    return figure(page.svg_image(svg, description), caption)


def images(scores, worst, best):
    """What the colours mean, the cards of the worst and best images, and the folded list of all."""
    key = [f'<span><i style="background:#{bytes(colour).hex()}"></i>{name}</span>' for name, colour in COLOURS.items()]
    yield tag("p", Markup("".join(key)), "key note")
    for title, chosen in (("Lowest IoU", worst), ("Highest IoU", best)):
        if chosen:
            yield heading(title, level=3)
            large = any(not _small(one) for one in chosen)
            yield division(
                (_card(one, scores["each"][one.name]) for one in chosen), "cards large" if large else "cards"
            )
    yield _list_of_images(scores["each"])


def _card(one, each):
    captioned = [name for name in CAPTIONED if each.get(name) is not None]
    items = [f"{METRICS[name].title.partition(' (')[0]} {_plain(each[name], METRICS[name])}" for name in captioned]
    told = ", ".join(items)
    photograph = (page.png_image if _small(one) else page.jpeg_image)(one.image, f"Image {one.name}")
    errors = page.png_image(one.errors, f"Errors of the prediction for {one.name}: {told}")
    caption = tag(
        "figcaption", Markup(f"{tag('b', one.name)}<br>{', '.join(item.translate(UNBROKEN) for item in items)}")
    )
    return tag("figure", Markup(division([photograph, errors], "both") + caption), "pixels" if _small(one) else "")


def _small(one):
    return max(one.image.shape[:2]) <= SMALL_PX


def _plain(value, metric):
    """Of one image: errors that are counts are whole numbers."""
    return shown(value, True) if metric.percent else f"{value:.0f}"


def _list_of_images(each):
    names = [name for name in METRICS if name in next(iter(each.values()))]
    ordered = sorted(each, key=lambda image: (each[image][RANKED_BY], image))
    rows = [[image, *(_plain(each[image][name], METRICS[name]) for name in names)] for image in ordered[:LISTED]]
    more = f"the {LISTED} lowest of {len(each)}" if len(each) > LISTED else f"all {len(each)}"
    table = page.table(
        ["Image", *(METRICS[name].title for name in names)], rows, "Scores of each image, lowest IoU first"
    )
    return folded(f"Every image's scores ({more})", [table])
