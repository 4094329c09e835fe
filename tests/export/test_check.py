import re
import shutil

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.export import check, cpp_smoke
from semicurv_tf.export.card import read_card
from semicurv_tf.export.check import check_version, malformed_requests, run_requests
from semicurv_tf.export.models_config import read_models_config


def test_a_good_version_passes_everything(exported):
    results = {result.name: result for result in check_version(exported)}
    assert set(results) == {"files", "session", "refusals", "warm-up", "C++"}
    for result in results.values():
        assert result.state in ("passed", "skipped"), result
    assert results["refusals"].state == "passed"
    assert results["session"].state == "passed" and results["warm-up"].state == "passed"


def test_weights_that_differ_from_keras_are_found(exported, exported_grey, tmp_path, monkeypatch):
    monkeypatch.setattr(cpp_smoke, "compile_smoke", _no_compiler)
    mixed = tmp_path / "1"
    shutil.copytree(exported, mixed)
    image = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    (before,) = run_requests(mixed, [("serving_default", {"image": image})])
    data = mixed / "variables" / "variables.data-00000-of-00001"
    values = bytearray(data.read_bytes())
    values[: len(values) // 2] = bytes(len(values) // 2)
    data.write_bytes(values)
    results = {result.name: result for result in check_version(mixed)}
    assert results["session"].state == "failed" and results["C++"].state == "skipped"
    assert before["probability"].shape == (1, 32, 32, 1)


def _no_compiler(folder):
    raise cpp_smoke.SmokeUnavailable("no compiler")


def test_a_missing_file_is_named(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "1")
    (tmp_path / "1" / "variables" / "variables.index").unlink()
    (result,) = check_version(tmp_path / "1")
    assert result.state == "failed" and "variables/variables.index" in result.said


def test_requests_run_where_the_package_cannot_be_imported(exported_grey):
    good, refused = run_requests(
        exported_grey,
        [
            ("serving_default", {"image": np.zeros((2, 32, 48, 1), np.uint8)}),
            ("serving_default", {"image": np.zeros((0, 32, 48, 1), np.uint8)}),
        ],
    )
    assert good["mask"].shape == (2, 32, 48, 1) and "at least one image" in refused


def test_malformed_requests_are_refused_in_words_where_python_checks_nothing(exported_grey):
    requests = malformed_requests(read_card(exported_grey))
    answers = run_requests(exported_grey, requests)
    assert [inputs["image"].shape for _, inputs in requests[:3]] == [(32, 48, 1), (1, 1, 32, 48, 1), (1, 32, 48, 3)]
    for (_, inputs), answer in zip(requests[:6], answers[:6], strict=True):
        shape = " ".join(map(str, inputs["image"].shape))
        assert f"Expected image (batch, 32, 48, 1). Received shape:] [{shape}]" in answer
    assert "finite values from 0 to 255" in answers[6] and "[nan] [nan]" in answers[6]
    assert "finite values from 0 to 255" in answers[7] and "[256] [256]" in answers[7] and len(answers) == 8


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"mask": np.zeros(1)}, r"serving_default: expected a malformed \(8, 8, 3\) to be refused, found an answer"),
        ("Incompatible shapes\n at", "found Incompatible shapes. Fix: export again"),
        (RuntimeError("the process was ended by SIGABRT"), r"ends the server \(.*SIGABRT\). Fix: export again"),
    ],
)
def test_exports_that_do_not_refuse_fail_the_check(monkeypatch, answer, said):
    def run(version, requests):
        if isinstance(answer, Exception):
            raise answer
        return [answer] * len(requests)

    monkeypatch.setattr(check, "run_requests", run)
    result = check._refusal_check("1", {"channels": 3, "size": None})
    assert result.state == "failed" and re.search(said, result.said)


CONFIG = """
model_config_list {{ config {{
  name: "semicurv" base_path: "/models/semicurv" model_platform: "tensorflow"
  model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
  version_labels {{ key: "stable" value: 1 }}
  version_labels {{ key: "canary" value: {canary} }}
}} }}
"""


@pytest.fixture
def needs_protos():
    pytest.importorskip("tensorflow_serving", reason="needs the extra: pip install 'semicurv-tf[serving]'")


def test_models_config(tmp_path, needs_protos):
    path = tmp_path / "models.config"
    path.write_text(CONFIG.format(canary=2))
    assert read_models_config(path) == [
        {"name": "semicurv", "base_path": "/models/semicurv", "versions": [1, 2], "labels": {"stable": 1, "canary": 2}}
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG.format(canary=3), "label canary of semicurv: version 3"),
        ("model_config_list { confg {} }", "would refuse"),
        ("", "at least one model"),
    ],
)  # fmt: skip
def test_wrong_models_configs(tmp_path, needs_protos, text, said):
    path = tmp_path / "models.config"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        read_models_config(path)


@pytest.mark.parametrize("found", [[0.5, np.nan], [np.nan, 0.5], [0.5, np.inf]])
def test_what_is_no_number_is_infinitely_far_from_keras(found):
    """Python's `max` drops NaN unless it comes first, so a network that answers NaN passed."""
    assert max(0.0, check._distance(np.array(found), np.array([0.5, 0.5]))) == np.inf
    assert check._distance(np.array([0.25, 0.5]), np.array([0.5, 0.5])) == 0.25
