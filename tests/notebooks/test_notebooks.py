"""The notebooks run from top to bottom in an empty folder, and show what they print."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# In a process of its own: the event loops of Jupyter's client leave sockets to the garbage collector.
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, "executed.ipynb")
"""


def texts(notebook) -> list[str]:
    """What each cell prints to standard output."""
    return [
        "".join(output["text"] for output in cell.outputs if output.get("name") == "stdout")
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["first_masks", "geotiff_to_lines", "keras_pipeline"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    if path.stem == "geotiff_to_lines":
        pytest.importorskip("rasterio")
    done = subprocess.run([sys.executable, "-c", EXECUTE, path], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    executed = texts(nbformat.read(tmp_path / "executed.ipynb", 4))
    stored = texts(nbformat.read(path, 4))
    # Numbers of trainings differ between processors, lines and words do not.
    assert [len(text.splitlines()) for text in executed] == [len(text.splitlines()) for text in stored]
    assert any(stored)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_as_it_ran(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 600_000
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs)
