"""A hook of MkDocs: the site holds the repository's pages where they lie, and what they link to, notebooks included."""

import json
import re
from pathlib import Path

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("docs", "notebooks", "results", "serving", "cluster", "configs")
ALONE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "LICENSE")
_INDICES = ("README.md", "report.md", "table.md")
_SHOWN_LINES = 40  # of the output of a cell


@event_priority(100)  # before plugins look at the files
def on_files(files, config):
    """The pages and their neighbours, by their place in the repository; what themes and plugins add stays."""
    found = [ROOT / name for name in ALONE]
    for folder in FOLDERS:
        found += sorted((ROOT / folder).rglob("*"))
    own = [file for file in files if file.abs_src_path is None or ROOT / "docs" not in Path(file.abs_src_path).parents]
    return Files(own + [_file(path, config) for path in found if path.is_file() and _is_shown(path)])


def on_page_markdown(markdown, page, config, files):
    """Notebooks become pages; a link to a folder leads to its page, and is plain text where it has none."""
    if page.file.src_uri.endswith(".ipynb"):
        return _notebook(json.loads(markdown))
    here = (ROOT / page.file.src_uri).parent
    return re.sub(r"\[([^\]]+)\]\(([\w./-]+)\)", lambda link: _of_folder(link, here), markdown)


def on_page_content(html, page, config, files):
    """An option in a table breaks before its dashes, never between them, and is copied as it is."""
    whole = lambda code: re.sub(r"--[\w-]+", r'<span class="option">\g<0></span>', code[0])
    return re.sub(r"<td.*?</td>", lambda cell: re.sub(r"<code>.*?</code>", whole, cell[0]), html, flags=re.DOTALL)


def _of_folder(link: re.Match, here: Path) -> str:
    text, target = link.groups()
    if not (here / target).is_dir():
        return link[0]
    pages = [name for name in _INDICES if (here / target / name).is_file()]
    return f"[{text}]({target.rstrip('/')}/{pages[0]})" if pages else text


def _is_shown(path: Path) -> bool:
    hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
    return not hidden and path.suffix != ".py"


def _file(path: Path, config) -> File:
    file = File(path.relative_to(ROOT).as_posix(), str(ROOT), config.site_dir, config.use_directory_urls)
    if path.suffix == ".ipynb":
        # A page, although its name does not end as that of one.
        file.is_documentation_page = lambda: True
        file.dest_uri = file.src_uri.removesuffix(".ipynb") + "/index.html"
        file.url = file.src_uri.removesuffix(".ipynb") + "/"
    return file


def _notebook(notebook: dict) -> str:
    return "\n\n".join(part for cell in notebook["cells"] for part in _cell(cell))


def _cell(cell: dict):
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            yield f"![Output of the cell above](data:image/png;base64,{''.join(data['image/png'].split())})"
            continue
        text = "".join(output.get("text", data.get("text/plain", [])))
        lines = text.rstrip().splitlines()
        if lines:
            yield "\n".join(["```text", *lines[:_SHOWN_LINES], *(["..."] if len(lines) > _SHOWN_LINES else []), "```"])
