"""The scripts ask the package for names that it has: they are run by hand, seldom, and would else break unseen."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((PROJECT / "scripts").rglob("*.py"))


def defined(path: Path) -> set[str]:
    """Names at the top of a module: defined, assigned, imported, or kept in a table of what loads when used."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def missing(source: str, root: Path = PROJECT) -> list[str]:
    """What a script imports from the package that is not there."""
    absent = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            wanted = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for module, name in wanted:
            if module.split(".")[0] not in ("semicurv_tf", "tests"):
                continue
            place = root.joinpath(*module.split("."))
            file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            submodule = name and ((place / f"{name}.py").is_file() or (place / name).is_dir())
            if not file.is_file() or (name and not submodule and name not in defined(file)):
                absent.append(f"line {node.lineno}: {module}{f'.{name}' if name else ''}")
    return absent


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_scripts_import_is_there(script):
    assert missing(script.read_text(encoding="utf-8")) == []


def test_what_is_not_there_is_found():
    assert missing("from semicurv_tf.errors import UserError\nfrom semicurv_tf import errors\nimport numpy") == []
    assert missing("import semicurv_tf.absent") == ["line 1: semicurv_tf.absent"]
    assert missing("def f():\n    from semicurv_tf.errors import Gone") == ["line 2: semicurv_tf.errors.Gone"]
