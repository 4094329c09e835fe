"""A report's parts, written once and shown twice: as one HTML page and as Markdown with files beside it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.own_files import require_own_folder
from semicurv_tf.report import page
from semicurv_tf.whole_files import written_whole


class Shown(NamedTuple):
    """A table's cell with a manner of showing it: a class of the page's style, e.g. "best", "absent", "better"."""

    text: str
    kind: str = ""


class Heading(NamedTuple):
    """A heading; one of level 2 is in the contents."""

    title: str
    anchor: str = ""
    level: int = 2


class Paragraph(NamedTuple):
    """Text; `kind` is "", "lead", "note" or "warning"."""

    text: str
    kind: str = ""


class Bullets(NamedTuple):
    """A list of lines."""

    lines: Sequence[str]


class Table(NamedTuple):
    """Rows of cells (text, `Shown`, or a tuple of them side by side); a text alone as a row begins a block."""

    head: Sequence[str]
    rows: Sequence[Sequence | str]
    caption: str = ""
    text_columns: Sequence[int] = ()


class Figure(NamedTuple):
    """A drawing: SVG text, or a `PIL.Image.Image`; `name` is its file's stem."""

    name: str
    content: str | Image.Image
    caption: str
    description: str = ""
    width_px: int | None = None


Part = Heading | Paragraph | Bullets | Table | Figure

PAGE, TEXT = "index.html", "report.md"


def require_own_report(folder: Path, names: Iterable[str]):
    """Refuses to replace files in a folder that holds no report of ours: its page tells, for text has no mark.

    Args:
        folder: of the report; it may be absent.
        names: of files that are going to be written, relative to it.

    Raises:
        UserError: the folder is a file, or such a file is someone else's.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--output {folder}: expected a folder, found a file. Fix: name a new folder")
    files = [folder / name for name in names]
    require_own_folder(f"--output {folder}", folder / PAGE, files, "another --output folder")


def write_document(folder: Path, title: str, parts: Sequence[Part], footer: str):
    """Writes FOLDER/index.html, which holds everything, FOLDER/report.md, and the figures' files in FOLDER/figures.

    Raises:
        UserError: when a file cannot be written, or is someone else's; nothing is written then.
    """
    require_own_report(folder, [PAGE, TEXT, *(_file(part) for part in parts if isinstance(part, Figure))])
    entries = [(part.anchor, part.title) for part in parts if isinstance(part, Heading) and part.level == 2]
    # The contents stand below what is said before the first heading.
    first = next((place for place, part in enumerate(parts) if isinstance(part, Heading)), len(parts))
    blocks = [_html(part) for part in parts]
    # The page first: by it a later call knows the folder, also where this one is killed on the way.
    with written_whole(folder / PAGE) as file:
        file.write_text(
            page.page(title, [*blocks[:first], page.contents(entries), *blocks[first:]], footer), encoding="utf-8"
        )
    for part in parts:
        if isinstance(part, Figure):
            with written_whole(folder / _file(part)) as file:
                if isinstance(part.content, str):
                    file.write_text(part.content, encoding="utf-8")
                else:
                    part.content.save(file, format="PNG", optimize=True)
    with written_whole(folder / TEXT) as file:
        file.write_text("\n".join([f"# {title}\n", *map(_markdown, parts), f"---\n{footer}\n"]), encoding="utf-8")


def _html(part: Part) -> page.Markup:
    match part:
        case Heading(title, anchor, level):
            return page.heading(title, anchor, level)
        case Paragraph(text, kind):
            return page.tag("p", text, kind)
        case Bullets(lines):
            return page.bullets(lines)
        case Table(head, rows, caption, text_columns):
            cells = [row if isinstance(row, str) else [_cell(cell) for cell in row] for row in rows]
            return page.table(head, cells, caption, text_columns)
        case Figure(_, content, caption, description, width_px):
            if isinstance(content, str):
                return page.figure(page.svg_image(content, description or caption, width_px), caption)
            return page.figure(page.png_image(content, description or caption, width_px), caption)


def _cell(cell) -> page.Markup:
    if isinstance(cell, Shown):
        return page.tag("span", cell.text, cell.kind)
    if isinstance(cell, tuple):
        return page.Markup(" ".join(map(_cell, cell)))
    return page.text(cell)


def _markdown(part: Part) -> str:
    match part:
        case Heading(title, _, level):
            return f"{'#' * level} {_text(title)}\n"
        case Paragraph(text, kind):
            return f"> {_text(text)}\n" if kind == "warning" else f"{_text(text)}\n"
        case Bullets(lines):
            return "\n".join(f"- {_text(line)}" for line in lines) + "\n"
        case Table(head, rows, caption, text_columns):
            ruler = [":--" if column == 0 or column in text_columns else "--:" for column in range(len(head))]
            lines = [_row(head), _row(ruler)]
            for row in rows:
                block = (
                    [f"**{_text(row)}**", *[""] * (len(head) - 1)]
                    if isinstance(row, str)
                    else [_plain(cell) for cell in row]
                )
                lines.append(_row(block))
            return (f"**{_text(caption)}**\n\n" if caption else "") + "\n".join(lines) + "\n"
        case Figure(_, _, caption, description, _):
            return f"![{_text(description or caption)}]({_file(part)})\n\n*{_text(caption)}*\n"


def _plain(cell) -> str:
    if isinstance(cell, Shown):
        return f"**{_text(cell.text)}**" if cell.kind == "best" else _text(cell.text)
    if isinstance(cell, tuple):
        return " ".join(map(_plain, cell))
    return _text(str(cell))


def _text(text: str) -> str:
    """A text on one line, in which names from a record begin no heading, no HTML and no link."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("](", "]\\(")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _file(part: Figure) -> str:
    return f"figures/{part.name}.{'svg' if isinstance(part.content, str) else 'png'}"
