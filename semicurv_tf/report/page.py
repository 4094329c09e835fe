"""One self-contained HTML page: style, pictures and figures are inside; it loads nothing and runs no script.

Parts are made by the functions below and are `Markup`; any other text is escaped where it is put in.
"""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.own_files import HTML_MARK, require_own
from semicurv_tf.wording import typed


class Markup(str):
    """Text that is HTML already."""


STYLE = """
:root { --ink: #1d2329; --soft: #5d6975; --line: #d5dbe1; --band: #f5f7f9; --accent: #0b6e8f; --better: #1b7a43;
  --worse: #b3402a; --paper: #fff; --warn: #fff8e6; color-scheme: light dark; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 76rem; color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 .6rem; padding-top: .8rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
p, ul { margin: .5rem 0; max-width: 48rem; }
ul { padding-left: 1.2rem; }
a { color: var(--accent); }
code { font: .88em ui-monospace, "DejaVu Sans Mono", monospace; background: var(--band); padding: .1em .3em;
  border-radius: 3px; overflow-wrap: anywhere; }
.lead { color: var(--soft); font-size: 1.05rem; }
.note { color: var(--soft); font-size: .9rem; }
.warning { border-left: 4px solid #c98a00; background: var(--warn); padding: .5rem .9rem; }
nav { margin: 1.4rem 0; font-size: .95rem; }
nav a { display: inline-block; margin-right: 1.1rem; text-decoration: none; }
nav a:hover { text-decoration: underline; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .45rem; font-weight: 600; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; vertical-align: baseline; }
th:first-child, td:first-child, th.text, td.text { text-align: left; }
thead th { border-bottom: 1.5px solid var(--ink); font-weight: 600; vertical-align: bottom; white-space: normal;
  line-height: 1.25; }
tbody tr { border-bottom: 1px solid var(--line); }
tbody tr:last-child { border-bottom: 1.5px solid var(--ink); }
tr.block td { background: var(--band); font-weight: 600; text-align: left; }
.absent { color: var(--soft); font-style: italic; }
.printed { color: var(--soft); }
.best { font-weight: 700; }
.better { color: var(--better); }
.worse { color: var(--worse); }
figure { margin: 1rem 0 1.6rem; }
figure img { max-width: 100%; height: auto; display: block; }
figure.pixels img { image-rendering: pixelated; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 48rem; margin-top: .4rem; }
footer { margin-top: 3.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--soft); font-size:
.85rem; } @media (max-width: 40rem) { body { padding: 1.4rem 1rem 3rem; font-size: 15px; } h1 { font-size: 1.5rem; }
table {
  font-size: .85rem; }
  th, td { padding: .3rem .5rem; } th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper);
  } tr.block td { position: static; } }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --soft: #a3adb8; --line: #39424b; --band:
#20262c;
  --accent: #6cc3dd; --better: #6fce98; --worse: #f0907c; --paper: #14181c; --warn: #33290f; }
  figure img[src^="data:image/svg"] { background: #fff; border-radius: 6px; padding: 6px; } }
@page { size: A4; margin: 16mm 14mm; }
@media print { :root { color-scheme: light; } body { font-size: 10pt; padding: 0; max-width: none; }
  nav { display: none; } a { color: inherit; text-decoration: none; }
  h2 { margin-top: 1.6rem; } h2, h3, caption, p.note { break-after: avoid; } figure img { width: auto !important;
  max-height: 8.2cm; } figure, tr, .warning { break-inside: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding: .2rem .38rem; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


# The browser itself refuses what the page would load from elsewhere, and any script.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, parts: Iterable[str], footer: str = "", style: str = "") -> str:
    """The whole document.

    Args:
        title: of the browser's tab and the first heading.
        parts: in their order, below the heading.
        footer: a last line, e.g. what made the page.
        style: further rules, after those of every page.
    """
    body = "\n".join([f"<h1>{text(title)}</h1>", *map(text, parts)])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"{HTML_MARK}\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n{body}\n"
        f"<footer>{text(footer)}</footer>\n</body>\n</html>\n"
    )


def require_file(path: Path, option: str):
    """Refuses a folder, or someone else's file, in a page's place, before the work that the page would show.

    Raises:
        UserError: it is one.
    """
    if path.is_dir():
        raise UserError(
            f"{option} {path}: expected a file, found a folder. Fix: {option} {typed(path / 'report.html')}"
        )
    require_own({f"{option} {path}": [path]})


def text(content) -> Markup:
    """Content as HTML: `Markup` stays, anything else is escaped."""
    return content if isinstance(content, Markup) else Markup(html.escape(str(content)))


def tag(name: str, content="", kind: str = "") -> Markup:
    """An element, e.g. `tag("p", "IoU < 50 %", "note")`; `kind` is its class in the style."""
    attribute = f' class="{html.escape(kind)}"' if kind else ""
    return Markup(f"<{name}{attribute}>{text(content)}</{name}>")


def heading(title: str, anchor: str = "", level: int = 2) -> Markup:
    """A heading, with a name that `contents` can link to."""
    name = f' id="{html.escape(anchor)}"' if anchor else ""
    return Markup(f"<h{level}{name}>{text(title)}</h{level}>")


def contents(entries: Sequence[tuple[str, str]]) -> Markup:
    """Links to headings, as pairs of anchor and title; not printed."""
    links = " ".join(f'<a href="#{html.escape(anchor)}">{text(title)}</a>' for anchor, title in entries)
    return Markup(f"<nav>{links}</nav>")


def bullets(lines: Iterable[str]) -> Markup:
    """A list."""
    return Markup(f"<ul>{''.join(tag('li', line) for line in lines)}</ul>")


def table(
    head: Sequence[str], rows: Sequence[Sequence | str], caption: str = "", text_columns: Sequence[int] = ()
) -> Markup:
    """A table that scrolls sideways on a narrow screen.

    Args:
        head: titles of the columns.
        rows: cells, as many as there are titles; or one text: a row that begins a block.
        caption: above the table.
        text_columns: numbers of columns beside the first that are not numbers.
    """
    kinds = ["text" if column in text_columns else "" for column in range(len(head))]
    lines = [f"<caption>{text(caption)}</caption>"] if caption else []
    lines.append(f"<thead><tr>{''.join(_column(title, kind) for title, kind in zip(head, kinds))}</tr></thead><tbody>")
    for row in rows:
        if isinstance(row, str):
            lines.append(f'<tr class="block"><td colspan="{len(head)}">{text(row)}</td></tr>')
        else:
            lines.append(f"<tr>{''.join(tag('td', cell, kind) for cell, kind in zip(row, kinds))}</tr>")
    return Markup(f'<div class="scroll"><table>{"".join(lines)}</tbody></table></div>')


def division(parts: Iterable[str], kind: str) -> Markup:
    """Parts that the style lays out together."""
    return tag("div", Markup("".join(map(text, parts))), kind)


def folded(title: str, parts: Iterable[str]) -> Markup:
    """Parts that a click unfolds."""
    return tag("details", Markup(tag("summary", title) + "".join(map(text, parts))))


def figure(image: Markup, caption: str = "", pixels: bool = False) -> Markup:
    """A picture with its caption; `pixels` keeps enlarged pixels sharp."""
    return tag("figure", Markup(image + tag("figcaption", caption)), "pixels" if pixels else "")


def svg_image(svg: str, description: str, width_px: int | None = None) -> Markup:
    """A drawing as an image; inside an image, the names of its parts cannot meet those of another drawing."""
    return _image("image/svg+xml", svg.encode(), description, width_px)


def png_image(picture, description: str, width_px: int | None = None) -> Markup:
    """A `PIL.Image.Image`, or an array `(height, width)` or `(height, width, 3)` uint8, as an image."""
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    content = io.BytesIO()
    picture.save(content, format="PNG", optimize=True)
    return _image("image/png", content.getvalue(), description, width_px)


def jpeg_image(picture: np.ndarray, description: str, width_px: int | None = None) -> Markup:
    """A photograph, an array `(height, width, 3)` uint8, in a tenth of the bytes of `png_image`."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, format="JPEG", quality=85)
    return _image("image/jpeg", content.getvalue(), description, width_px)


def _column(title: str, kind: str) -> Markup:
    attribute = f' class="{html.escape(kind)}"' if kind else ""
    return Markup(f'<th scope="col"{attribute}>{text(title)}</th>')


def _image(kind: str, content: bytes, description: str, width_px: int | None) -> Markup:
    data = base64.b64encode(content).decode()
    width = f' style="width:{width_px}px"' if width_px else ""
    return Markup(f'<img alt="{html.escape(description)}"{width} src="data:{kind};base64,{data}">')
