import json
import subprocess
import sys

import pytest

from semicurv_tf.data.catalog import dataset_info, dataset_names
from semicurv_tf.errors import UserError

# Table I of the paper, percent
TABLE_1 = {"crackforest": 2.5, "crack500": 6.0, "gaps384": 1.2, "mitroad": 5.1, "em128": 22.0,
           "drive128": 8.6}  # fmt: skip
# Table II: training images (labelled + unlabelled), test images
TABLE_2 = {"crack500": (1896, 1124), "drive128": (160, 160), "mitroad": (6880, 440)}


def test_tables_of_the_paper():
    for name, percent in TABLE_1.items():
        assert dataset_info(name).positive_percent == percent
    for name, (train, test) in TABLE_2.items():
        counts = dataset_info(name).counts
        assert (counts["train"], counts["test"]) == (train, test)


def test_every_builder_is_in_the_catalogue():
    from semicurv_tf.data.builders import BUILDERS

    assert set(BUILDERS) == set(dataset_names())


def test_unknown_name_lists_all():
    with pytest.raises(UserError, match="--dataset: expected one of synthetic, .*found 'drive129'"):
        dataset_info("drive129")


def test_listing_imports_no_tensorflow():
    code = (
        "import sys, json; from semicurv_tf.data.catalog import dataset_names; dataset_names();"
        "print(json.dumps([m for m in sys.modules if m.startswith('tensorflow')]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == []


@pytest.mark.parametrize(
    "imports",
    ["import semicurv_tf.data; import tensorflow_datasets as tfds",
     "import tensorflow_datasets as tfds; import semicurv_tf.data"],
)  # fmt: skip
def test_tfds_knows_the_datasets_in_either_import_order(imports):
    code = f"{imports}\nprint(tfds.builder_cls('drive128').__name__, 'em128' in tfds.list_builders())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.stdout.strip().endswith("Drive128 True"), out.stderr[-2000:]
