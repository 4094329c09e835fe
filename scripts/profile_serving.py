"""Where the time of a prediction goes: the exported bfloat16 SavedModel beside OpenVINO's counters on the same network.

    python scripts/profile_serving.py
    python scripts/profile_serving.py --size 128 --batch 8

Random weights of the paper's network: speed does not depend on them. TensorFlow runs one operation after another, as
`predict` has it, so that the times add up; OpenVINO tells its own. Needs the extra: pip install
'semicurv-tf[openvino]'. A minute on two cores, which should do nothing else.
"""

import collections
import os
import statistics
import tempfile
import time
from pathlib import Path

import click
import numpy as np

# OpenVINO's kinds of nodes -> the parts of benchmark/trace.py.
PARTS = {
    "Convolution": "convolutions",
    "Interpolate": "up-sampling",
    "Concatenation": "concatenation, slices",
    "Concat": "concatenation, slices",
    "Pooling": "pooling",
    "MaxPool": "pooling",
    "Reorder": "casts",
    "Convert": "casts",
}
REST = "the rest"


@click.command()
@click.option("--size", default=512, show_default=True, help="Side in pixels.")
@click.option("--batch", default=1, show_default=True, help="Images in a call.")
@click.option("--calls", default=9, show_default=True, help="Calls that are measured.")
def main(size, batch, calls):
    """Print milliseconds of a call by part, as a table."""
    from semicurv_tf.inference.openvino_engine import INSTALL, has_openvino
    from semicurv_tf.threads import one_layer_at_a_time

    if not has_openvino():
        click.echo(f"error: OpenVINO is not installed. Fix: {INSTALL}", err=True)
        raise SystemExit(2)
    one_layer_at_a_time()
    image = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        ours = profile_tensorflow(image, calls, Path(folder))
        theirs = profile_openvino(image, calls, Path(folder))
    click.echo(f"milliseconds a call, {batch} x {size}x{size} px, bfloat16")
    click.echo("| part | TensorFlow | OpenVINO |\n|---|---:|---:|")
    for part in sorted(ours[0].keys() | theirs[0].keys(), key=lambda part: -ours[0].get(part, 0.0)):
        click.echo(f"| {part} | {ours[0].get(part, 0.0):.1f} | {theirs[0].get(part, 0.0):.1f} |")
    click.echo(f"| the whole call, without counters | {ours[1]:.1f} | {theirs[1]:.1f} |")


def profile_tensorflow(image, calls, folder):
    """Milliseconds by part, and of the whole call (median)."""
    from benchmark.trace import Trace
    from benchmark_serving import open_saved_model

    predict = open_saved_model("saved_model_bfloat16", folder)(image.shape[1])
    whole = _median(lambda: predict(image), calls)
    trace = Trace()
    trace.start()
    for _ in range(calls):
        predict(image)
    parts = trace.stop(calls)["milliseconds"]
    return parts, whole


def profile_openvino(image, calls, folder):
    """The same, by its counters."""
    import openvino
    from benchmark_serving import network

    from semicurv_tf.export.conversion import FILES, answers_of, export_network
    from semicurv_tf.inference.openvino_engine import HINTS

    file = folder / FILES["openvino"]
    export_network(network(), file, 3, "openvino")
    answers = answers_of(file, "bfloat16")
    whole = _median(lambda: answers(image), calls)
    compiled = openvino.Core().compile_model(str(file), "CPU", {**HINTS["bfloat16"], "PERF_COUNT": True})
    request, parts = compiled.create_infer_request(), collections.Counter()
    request.infer([image])
    for _ in range(calls):
        request.infer([image])
        for node in request.profiling_info:
            parts[PARTS.get(node.node_type, REST)] += node.real_time.total_seconds() * 1000 / calls
    return parts, whole


def _median(call, calls):
    call()
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
