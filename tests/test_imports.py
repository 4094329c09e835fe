"""Imports point downwards only, and in no circle: read from the source, also where a function imports."""

import ast
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "semicurv_tf"

# From top to bottom: what stands higher may import what stands lower, never the other way round.
LAYERS = (
    "cli",
    "api",
    "review",
    "predict",
    "report",
    "advice",
    "planning",
    "study",
    "acquisition",
    "evaluation",
    "export",
    "serving_client",
    "pavement",
    "vector",
    "pretraining",
    "training",
    "weights",
    "methods",
    "inference",
    "postprocessing",
    "pictures",
    "models",
    "layers",
    "losses",
    "metrics",
    "augment",
    "geometry",
    "annotations",
    "data",
    "drawing",
    "images",
    "config",
    "recipes",
    # The list of methods, and their settings: no TensorFlow. The configuration reads them; what learns stands above it.
    "methods.registry",
    "methods.settings",
    "methods.names",
    # Single files that everything stands on.
    "section",
    "replicas",
    "onednn",
    "threads",
    "held_files",
    "whole_files",
    "file_names",
    "json_files",
    "home",
    "regular_files",
    "spreadsheet",
    "parts",
    "quiet",
    "errors",
    "wording",
    "semicurv_tf",
)


def module_name(path: Path, package: Path) -> str:
    parts = (package.name, *path.relative_to(package).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, package: Path) -> set[tuple[int, str]]:
    """Line and name of all that a file imports from the package, at any depth; relative imports are resolved."""
    own = module_name(path, package).split(".")
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = own if path.stem == "__init__" else own[:-1]
            base = above[: len(above) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # What is imported may be a module itself: `from semicurv_tf.training import run_folder`.
            found |= {(node.lineno, f"{module}.{alias.name}") for alias in node.names}
    return {(line, name) for line, name in found if name.split(".")[0] == package.name}


def layer(name: str, package: Path) -> str:
    """The part of the house that a module lies in; names that are no module belong to the package itself."""
    parts = name.split(".")
    if ".".join(parts[1:3]) in LAYERS:
        return ".".join(parts[1:3])
    exists = len(parts) > 1 and ((package / parts[1]).is_dir() or (package / f"{parts[1]}.py").is_file())
    return parts[1] if exists else parts[0]


def upward_arrows(package: Path) -> list[str]:
    faults = []
    for path in sorted(package.rglob("*.py")):
        here = layer(module_name(path, package), package)
        for line, name in sorted(imported(path, package)):
            there = layer(name, package)
            if LAYERS.index(there) < LAYERS.index(here):
                faults.append(f"{path.relative_to(package)}:{line}: {here} imports {there} ({name})")
    return faults


def circle(package: Path) -> list[str]:
    """Modules of which each imports the next and the last is the first again, at any depth; none: an empty list."""
    files = {module_name(path, package): path for path in package.rglob("*.py")}
    # The last word may be a name in the file: `from semicurv_tf.errors import UserError`.
    file_of = lambda name: name if name in files else name.rpartition(".")[0]
    graph = {own: {file_of(name) for _, name in imported(path, package)} for own, path in files.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1][::-1]  # it lists who is imported before who imports
    return []


def test_every_part_has_its_place():
    parts = {
        path.stem
        for path in PACKAGE.iterdir()
        if (path.is_dir() and path.name != "__pycache__") or path.suffix == ".py"
    }
    assert parts - {"__init__", "__main__"} <= set(LAYERS)


def test_the_page_of_the_layout_names_every_folder():
    page = (PACKAGE.parent / "docs" / "layout.md").read_text(encoding="utf-8")
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {name for name in folders if f"semicurv_tf/{name}`" not in page and f"`{name}`" not in page} == set()


def test_no_arrow_points_upwards():
    assert upward_arrows(PACKAGE) == []


def test_no_files_import_each_other():
    assert circle(PACKAGE) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import semicurv_tf.cli.main",
        "from semicurv_tf.predict import plan_files",
        "from semicurv_tf import cli",
        "from ..predict.plan_files import plan_jobs",
        "from .. import predict",
        "def late():\n    from semicurv_tf.predict.plan_files import plan_jobs",
        "if TYPE_CHECKING:\n    import semicurv_tf.cli",
    ],
)
def test_arrows_of_every_form_are_seen(tmp_path, statement):
    package = tmp_path / "semicurv_tf"
    for folder in ("cli", "predict", "vector"):
        (package / folder).mkdir(parents=True)
    (package / "vector" / "lines.py").write_text(f"import numpy\nfrom semicurv_tf import __version__\n{statement}\n")
    (fault,) = upward_arrows(package)
    assert fault.startswith("vector/lines.py:") and "vector imports" in fault


@pytest.mark.parametrize(
    "statement",
    [
        "import semicurv_tf.vector.lines",
        "from semicurv_tf.vector import lines",
        "from semicurv_tf.vector.lines import trace",
        "from .lines import trace",
        "from . import lines",
        "def late():\n    from semicurv_tf.vector.lines import trace",
        "if TYPE_CHECKING:\n    from semicurv_tf.vector.lines import trace",
    ],
)
def test_circles_of_every_form_are_seen(tmp_path, statement):
    package = tmp_path / "semicurv_tf"
    (package / "vector").mkdir(parents=True)
    (package / "vector" / "lines.py").write_text("from semicurv_tf.vector.widths import Width\n")
    (package / "vector" / "widths.py").write_text("from semicurv_tf.vector.points import Point\n")
    (package / "vector" / "points.py").write_text("import numpy\n")
    assert circle(package) == []
    (package / "vector" / "points.py").write_text(f"import numpy\n{statement}\n")
    found = circle(package)
    begin = found.index("semicurv_tf.vector.lines")
    assert found[0] == found[-1] and len(found) == 4
    assert (found + found[1:])[begin + 1] == "semicurv_tf.vector.widths"
