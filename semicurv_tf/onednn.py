"""oneDNN's kernels for commands that train: to be asked for before TensorFlow loads.

By itself TensorFlow takes them on x86 processors with AVX512-VNNI and the like alone. On one with AVX2 a step of the
default recipe takes half to two thirds of the time with them (results/speed/avx2/README.md), while the prediction of
whole photographs takes longer (`TF_ENABLE_ONEDNN_OPTS=1 python scripts/benchmark_speed.py --item folder`). Hence only
what trains asks for them.
"""

import os
import platform
import sys
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.json_files import read_object

SWITCH = "TF_ENABLE_ONEDNN_OPTS"  # TensorFlow's own: 0 or 1
FACT = "onednn"  # key of run.json and pretraining.json
# On a processor without AVX512 a convolution of a larger image, 192 to 64 channels at 384x384 px, falls to oneDNN's
# reference kernel (`ref:any` under ONEDNN_VERBOSE=2): minutes for a second. The paper's network comes to it at 768x768
# px, half its widths at 1504x1504.
LARGEST_SIDE_PX = 640


def take_onednn(run: Path | None = None, pixels: float = 0, file: str = "run.json"):
    """Asks for them in this process, unless the user's environment decides already, or TensorFlow is loaded.

    Args:
        run: a run that is to go on: as it began, so that it ends with the same bits. One from before this was written
            down began with what TensorFlow takes by itself.
        pixels: of the largest image or crop that a new run trains on; where that is more than `LARGEST_SIDE_PX`
            squared, what TensorFlow takes by itself is left as it is.
        file: where in its folder that is.
    """
    if "tensorflow" in sys.modules or platform.machine().lower() not in ("x86_64", "amd64"):
        return
    large = pixels > LARGEST_SIDE_PX**2
    wanted = (None if large else True) if run is None else _began_with(run / file)
    if wanted is not None:
        os.environ.setdefault(SWITCH, "1" if wanted else "0")


def asked_for_onednn() -> bool:
    """Whether a command or the user asked for them."""
    return os.environ.get(SWITCH) == "1"


def onednn_in_use() -> bool | None:
    """Whether TensorFlow took them; None where it does not say. Loads TensorFlow."""
    try:
        from tensorflow.python.util import _pywrap_util_port

        return bool(_pywrap_util_port.IsMklEnabled())
    except (ImportError, AttributeError):
        return None


def other_kernels(began_with, going_on: str) -> str | None:
    """What to tell the user where a run goes on with other kernels than it began with; else None.

    Args:
        began_with: the run's fact, None in older runs.
        going_on: the command that continues it, or words for it.
    """
    now = onednn_in_use()
    if began_with is None or now is None or began_with == now:
        return None
    began, goes_on = ("with" if taken else "without" for taken in (began_with, now))
    return (
        f"note: began {began} oneDNN and goes on {goes_on}: as good, not the same bits. For the same: "
        f"{SWITCH}={int(began_with)} {going_on}"
    )


def _began_with(file: Path) -> bool | None:
    try:
        value = read_object(file, "").get(FACT)
    except UserError:
        return None  # said in full by whoever opens the run
    return value if isinstance(value, bool) else None
