"""Which precision a run takes, and why."""

from pathlib import Path
from typing import NamedTuple

# What Linux calls the instructions that make bfloat16 matrix products faster than float32 ones.
BFLOAT16_CPU_FLAGS = ("amx_bf16", "avx512_bf16")


class Precision(NamedTuple):
    """The answer of `resolve_precision`."""

    name: str  # "float32", "bfloat16" or "float16"
    reason: str  # one phrase for the user

    @property
    def policy(self) -> str:
        """Keras' dtype policy: under a mixed one weights, losses and statistics stay float32."""
        return "float32" if self.name == "float32" else f"mixed_{self.name}"


def resolve_precision(wanted: str) -> Precision:
    """Turns "auto" into bfloat16 where the machine computes it faster, else float32.

    Args:
        wanted: "auto", "float32", "bfloat16" or "float16". Only "auto" is a choice by speed: float16, for GPUs that
            compute no bfloat16, needs loss scaling, which leaves out steps now and then.
    """
    import tensorflow as tf

    if wanted == "float16":
        slow = "" if tf.config.list_physical_devices("GPU") else "; slow on a processor"
        return Precision("float16", f"asked for, with loss scaling{slow}")
    if wanted != "auto":
        return Precision(wanted, "asked for")

    for device in tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(device).get("compute_capability", (0, 0))
        if capability >= (8, 0):
            return Precision("bfloat16", f"auto: the GPU has compute capability {capability[0]}.{capability[1]}")
        return Precision("float32", "auto: the GPU computes no bfloat16")
    flag = _cpu_flag()
    if flag:
        return Precision("bfloat16", f"auto: the CPU has {flag}")
    return Precision("float32", "auto: the CPU has neither AMX nor AVX512-BF16")


def _cpu_flag(cpuinfo=Path("/proc/cpuinfo")) -> str | None:
    try:
        text = cpuinfo.read_text()
    except OSError:  # not Linux
        return None
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    return next((flag for flag in BFLOAT16_CPU_FLAGS if flag in flags), None)
