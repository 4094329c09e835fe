"""Compiles and runs `smoke.cc` against TensorFlow's own C++ libraries: the path TF Serving takes."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("smoke.cc")
COMPILE_SECONDS, RUN_SECONDS = 300, 120


class SmokeUnavailable(Exception):
    """There is no compiler, or the installed TensorFlow has no C++ library or headers."""


def compile_smoke(folder: Path) -> Path:
    """Compiles the program into `folder`.

    Raises:
        SmokeUnavailable: nothing to compile with or against.
        RuntimeError: the compiler failed; its first error is the message.
    """
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        raise SmokeUnavailable("no C++ compiler (g++, clang++ or $CXX)")
    found = importlib.util.find_spec("tensorflow")
    if found is None or not found.submodule_search_locations:
        raise SmokeUnavailable("TensorFlow is not installed")
    tensorflow = Path(found.submodule_search_locations[0])
    if not (tensorflow / "libtensorflow_cc.so.2").is_file() or not (tensorflow / "include").is_dir():
        raise SmokeUnavailable("the installed TensorFlow has no libtensorflow_cc.so.2 with headers")
    program = folder / "smoke"
    done = subprocess.run(
        [
            compiler, "-std=c++17", "-O0", f"-I{tensorflow}/include", str(SOURCE), "-o", str(program),
            "-Wl,--no-as-needed", f"-L{tensorflow}", "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2",
            f"-Wl,-rpath,{tensorflow}",
        ],
        capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines() or ["?"]
        raise RuntimeError(f"compiling smoke.cc failed: {errors[0]}")
    return program


def run_smoke(program: Path, version: str | Path, image: np.ndarray) -> np.ndarray:
    """Probabilities float32 `(batch, height, width, 1)` of uint8 images, by the compiled program.

    Raises:
        RuntimeError: it failed; TensorFlow's reason is the message.
    """
    done = subprocess.run(
        [str(program), str(version), *map(str, image.shape)],
        input=np.ascontiguousarray(image).tobytes(), capture_output=True, timeout=RUN_SECONDS, check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(lines[-1])
    return np.frombuffer(done.stdout, np.float32).reshape(*image.shape[:3], 1)
