"""The process of one variant: a training loop that waits for its turn."""

import os
import tempfile
import traceback

VARIANTS = {
    "semicurv-tf float32": ("tensorflow", "float32"),
    "semicurv-tf bfloat16": ("tensorflow", "bfloat16"),
    "PyTorch float32": ("torch", "float32"),
    "PyTorch bfloat16": ("torch", "bfloat16"),
}


def work(connection, variant, settings):
    """Runs a variant until it is told to stop; a failure is sent as `{"failure": text}`.

    Args:
        connection: answers go there, commands come from there; see `pace.Pace`.
        variant: a key of `VARIANTS`.
        settings: `step`, `threads`, `labelled`, `unlabelled`.
    """
    framework, precision = VARIANTS[variant]
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["OMP_NUM_THREADS"] = str(settings["threads"])
    # What the libraries say of CPU features and missing GPUs, before any log level counts, is kept for failures.
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            _run(framework, connection, precision, settings)
        except Exception:
            chatter.seek(0)
            said = chatter.read().decode(errors="replace")[-2000:]
            connection.send({"failure": said + traceback.format_exc()})


def _run(framework, connection, precision, settings):
    from benchmark.pace import Pace

    if framework == "torch":
        from benchmark import torch_step

        torch_step.run(Pace(connection), lambda: _torch_step(precision, settings), settings["threads"])
    else:
        from semicurv_tf.onednn import take_onednn

        take_onednn()  # as `train` does
        from benchmark import tensorflow_step

        tensorflow_step.run(lambda profiler: Pace(connection, profiler), precision, settings)


def _torch_step(precision, settings):
    if settings["step"] == "recipe":
        from benchmark.torch_recipe_step import RecipeStep

        return RecipeStep(precision, settings["labelled"])
    from benchmark.torch_step import SemiCurvStep

    return SemiCurvStep(precision, settings["labelled"], settings["unlabelled"])
