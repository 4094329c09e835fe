import pytest
from click.testing import CliRunner

from semicurv_tf.cli.datasets import datasets
from semicurv_tf.errors import UserError


def _run(*arguments):
    return CliRunner().invoke(datasets, list(map(str, arguments)))


def _pairs(files, count=6):
    for number in range(count):
        files.photo(f"images/{number}.png")
        files.mask(f"masks/{number}.png", columns=1 + number)


def test_list_names_every_dataset():
    from semicurv_tf.data.catalog import dataset_names

    result = _run("list")
    assert result.exit_code == 0
    assert all(name in result.output for name in dataset_names())


def test_verify_exit_codes(files):
    _pairs(files)
    sound = _run("verify", "--dataset", "folder", "--data-dir", files.root)
    assert sound.exit_code == 0 and "nothing wrong" in sound.output
    (files.root / "images/3.png").write_bytes(b"broken")
    files.mask("masks/4.png", 17, 17)
    broken = _run("verify", "--dataset", "folder", "--data-dir", files.root)
    assert broken.exit_code == 2
    assert "error:" in broken.output and "images/3.png" in broken.output and "masks/4.png" in broken.output


def test_prepare_and_preview(files, cache, tmp_path):
    _pairs(files)
    common = ["--dataset", "folder", "--data-dir", files.root, "--cache-dir", cache]
    prepared = _run("prepare", *common, "--set", "data.options.test_share=0.5", "--set", "data.options.split_by=share")
    assert prepared.exit_code == 0 and "folder: 2 train, 1 validation, 3 test" in prepared.output.replace("\n", "")
    shown = _run("preview", *common, "--output", tmp_path / "sheet.png")
    assert shown.exit_code == 0 and (tmp_path / "sheet.png").stat().st_size > 1000


@pytest.mark.parametrize("setting", ["data.options.test_shares=0.5", "data.optoins.test_share=0.5"])
def test_unknown_options_are_user_errors(files, cache, setting):
    _pairs(files)
    result = _run("prepare", "--dataset", "folder", "--data-dir", files.root, "--set", setting)
    assert isinstance(result.exception, UserError)
