"""200 damaged and odd inputs: each is read right or named, none is passed over in silence."""

import importlib.util
import re
from pathlib import Path

import pytest

from semicurv_tf.data.prepare import make_builder, prepare
from semicurv_tf.data.verify import verify
from semicurv_tf.errors import UserError

SCRIPT = Path(__file__).parents[2] / "scripts" / "damaged_inputs.py"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("damaged_inputs", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("damaged") / "set"
    return folder, script.write_damaged(folder, count=200, seed=0)


def test_each_is_read_right_or_named(damaged, tmp_path):
    folder, manifest = damaged
    builder = make_builder("folder", folder, {}, tmp_path)
    builder.describe(folder)
    read = {row["name"]: row for part in builder.rows.values() for row in part}
    wrong = []
    for entry in manifest:
        name, row = entry["name"], read.get(entry["name"])
        named = any(re.search(rf"/{re.escape(name)}\.", line) for line in builder.faults)
        if entry["expected"] == "named" and (row is not None or not named):
            wrong.append((entry["kind"], name, "read" if row else "passed over"))
        if entry["expected"] == "read" and (row is None or named):
            wrong.append((entry["kind"], name, "named" if named else "passed over"))
        if row is not None and entry["digest"] not in (None, row["digest"]):
            wrong.append((entry["kind"], name, "other pixels"))
    assert wrong == []
    assert len(manifest) == 200 and len({entry["kind"] for entry in manifest}) == 41


def test_verify_and_prepare_report_and_write_nothing(damaged, cache):
    folder, manifest = damaged
    named = sum(entry["expected"] == "named" for entry in manifest)
    report = verify("folder", folder)
    # Faults that many files share are gathered into one line with their count.
    counted = lambda lines: sum(1 + sum(map(int, re.findall(r"and (\d+) more", line))) for line in lines)
    assert counted(report.errors) >= named
    with pytest.raises(UserError) as error:
        prepare("folder", folder, cache_dir=cache)
    assert counted(error.value.lines) >= named and list(cache.iterdir()) == []
    assert all(re.search(r": expected .*found .*Fix: ", line) for line in error.value.lines)
