"""Which precision `auto` takes, from made-up processor descriptions."""

import pytest

from semicurv_tf.training import precision


@pytest.mark.parametrize(
    "flags, expected",
    [("fpu avx512f avx512_bf16", "avx512_bf16"), ("fpu amx_bf16 avx512_bf16", "amx_bf16"), ("fpu avx2", None)],
)
def test_flag_of_the_processor(tmp_path, flags, expected):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor : 0\nflags\t\t: {flags}\nbugs : none\n")
    assert precision._cpu_flag(file) == expected


def test_no_description_is_no_flag(tmp_path):
    assert precision._cpu_flag(tmp_path / "absent") is None


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_what_is_asked_for_is_taken(name):
    assert precision.resolve_precision(name) == (name, "asked for")


def test_policies():
    assert precision.Precision("bfloat16", "").policy == "mixed_bfloat16"
    assert precision.Precision("float32", "").policy == "float32"
