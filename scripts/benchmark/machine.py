"""On what a measurement was made."""

import os
import platform
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def describe_machine():
    """Processor, cores, memory and operating system, for the head of the tables and the JSON file."""
    return {
        "machine": platform.machine(),
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "instructions": [flag for flag in FLAGS if flag in (_field("/proc/cpuinfo", "flags") or "").split()],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _field(path, name):
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == name), None)


def _memory_gb():
    total = _field("/proc/meminfo", "MemTotal")
    return round(int(total.split()[0]) / 2**20, 1) if total else None
