"""The HTML page: escapes what is text, is well formed, loads nothing."""

import re
from html.parser import HTMLParser

import numpy as np

from semicurv_tf.report.page import (
    Markup,
    bullets,
    contents,
    figure,
    heading,
    page,
    png_image,
    svg_image,
    table,
    tag,
    text,
)

VOID = {"meta", "img", "br", "link"}


class Nesting(HTMLParser):
    """Raises where an element is closed that was not the last one opened."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def whole():
    parts = [
        contents([("one", "One & only")]),
        heading("One & only", "one"),
        tag("p", "IoU < 50 %", "note"),
        bullets(["a", tag("code", "b")]),
        table(["system", "IoU"], ["a block", ["x<y", 1.5], ["z", tag("b", "2")]], caption="C"),
        figure(png_image(np.zeros((2, 3), np.uint8), 'a "quoted" picture'), "below", pixels=True),
        figure(svg_image("<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing")),
    ]
    return page("T & U", parts, "made by <us>")


def test_well_formed_and_escaped():
    nesting = Nesting()
    nesting.feed(whole())
    assert nesting.open == [] and nesting.seen.count("img") == 2 and nesting.seen.count("tr") == 4
    assert (
        "IoU &lt; 50 %" in whole()
        and "x&lt;y" in whole()
        and "<td><b>2</b></td>" in whole()
        and "made by &lt;us&gt;" in whole()
    )


def test_loads_nothing():
    """No address outside the page, no script: sources are data, links are anchors."""
    sources = re.findall(r'(?:src|href)="([^"]*)"', whole())
    assert sources and all(source.startswith(("data:image/", "#")) for source in sources)
    assert "<script" not in whole() and "@import" not in whole() and "url(" not in whole()


def test_markup_stays_and_text_does_not():
    assert text(Markup("<b>")) == "<b>" and text("<b>") == "&lt;b&gt;" and isinstance(text(3), Markup)
