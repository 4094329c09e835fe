"""Names of files to be written: one that says another format is refused, with a name that works."""

import pytest
from click.testing import CliRunner

from semicurv_tf.cli.datasets import datasets
from semicurv_tf.errors import UserError
from semicurv_tf.file_names import free_name, require_suffix


@pytest.mark.parametrize("name", ["a.gpkg", "a.json", "A.GPKG"])
def test_a_name_of_any_format_is_taken(tmp_path, name):
    require_suffix("--output", tmp_path / name, (".json", ".gpkg"))


@pytest.mark.parametrize(
    ("name", "fix"),
    [("a b.txt", "'{0}/a b-3.csv'"), ("a", "{0}/a.csv"), ("a.csv.gz", "{0}/a.csv.csv"), ("", "{0}/table.csv")],
)
def test_the_remedy_is_a_name_that_nothing_has(tmp_path, name, fix):
    for taken in ("a b.csv", "a b-2.csv"):
        (tmp_path / taken).touch()
    with pytest.raises(UserError) as refused:
        require_suffix("--table", tmp_path / name, (".csv",))
    assert str(refused.value).endswith(f"Fix: --table {fix.format(tmp_path)}")
    assert ("found a folder" in str(refused.value)) == (name == "")


def test_a_free_name(tmp_path):
    assert free_name(tmp_path / "a.png") == tmp_path / "a.png"
    (tmp_path / "a.png").touch()
    assert free_name(tmp_path / "a.png") == tmp_path / "a-2.png"


@pytest.mark.parametrize("dataset", ["drawn", "synthetic"])
@pytest.mark.parametrize("name", ["x.jpg", "x", "folder.png"])
def test_no_sheet_is_written_under_a_name_of_another_format(tmp_path, monkeypatch, dataset, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    call = ["preview", "--dataset", dataset, "--count", "1", "--output"]
    result = CliRunner().invoke(datasets, [*call, name])
    fix = "folder.png/output.png" if name == "folder.png" else "x.png"
    assert f"--output {name}: expected a name that ends in .png" in str(result.exception)
    assert str(result.exception).endswith(f"Fix: --output {fix}")
    assert [each.name for each in tmp_path.iterdir()] == ["folder.png"]
