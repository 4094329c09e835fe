"""Latency and throughput of an exported model, beside Keras, PyTorch and OpenVINO, in one run.

    python scripts/benchmark_serving.py                         # random weights: speed does not depend on them
    python scripts/benchmark_serving.py --write serving/README.md
    python scripts/benchmark_serving.py --sizes 128 --batches 1 --contenders saved_model keras

Each contender runs in a process of its own, one after the other, on a quiet machine. Per size and batch:
one call to warm up, then the median of the calls that fit into --seconds (at least two). The table has
milliseconds per call and the peak memory of the process so far, sizes ascending.
PyTorch and OpenVINO need the extras, else they are left out: pip install 'semicurv-tf[benchmark,openvino]'. All of it
takes about 15 minutes on two cores.
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
from benchmark.machine import describe_machine

CONTENDERS = {
    "keras": "Keras `predict`, float32",
    "plain": "SavedModel unfolded, float32",
    "saved_model": "SavedModel, float32",
    "saved_model_fixed": "SavedModel of a fixed size, float32",
    "saved_model_bfloat16": "SavedModel, bfloat16",
    "torch": "PyTorch eager, float32",
    "torch_bfloat16": "PyTorch autocast channels-last, bfloat16",
    "openvino": "OpenVINO, float32",
    "openvino_bfloat16": "OpenVINO, bfloat16",
    "openvino_int8": "OpenVINO, int8",
}
EXTRAS = {"torch": "torch", "openvino": "nncf"}  # beginning of a contender's name -> what it needs
PAGE_WIDTH = 120  # characters
BEGIN, END = "<!-- benchmark_serving.py: begin -->", "<!-- benchmark_serving.py: end -->"


def main():
    arguments = parse()
    if arguments.worker:
        print(
            json.dumps(
                measure(arguments.worker, Path(arguments.folder), arguments.sizes, arguments.batches, arguments.seconds)
            )
        )
        return
    machine = describe_machine()
    rows = {}
    contenders = [name for name in arguments.contenders if _installed(EXTRAS.get(name.split("_")[0]))]
    with tempfile.TemporaryDirectory() as folder:
        for name in contenders:
            command = [
                sys.executable, __file__, "--worker", name, "--folder", folder, "--seconds", str(arguments.seconds),
                "--sizes", *map(str, arguments.sizes), "--batches", *map(str, arguments.batches),
            ]  # fmt: skip
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
            )
            rows[name] = json.loads(done.stdout.splitlines()[-1])
            print(f"{name}: {rows[name]}", file=sys.stderr, flush=True)
    text = table(rows, arguments.sizes, arguments.batches, arguments.seconds, machine)
    print(text)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n")
    if arguments.write:
        page = Path(arguments.write).read_text()
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        Path(arguments.write).write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _installed(package):
    return package is None or importlib.util.find_spec(package) is not None


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 512, 1024], help="sides in pixels")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--seconds", type=float, default=6.0, help="of measuring per size and batch")
    parser.add_argument("--write", help="page to put the table into, between its markers")
    parser.add_argument("--json", help="file for the numbers")
    parser.add_argument("--worker", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(name, folder, sizes, batches, seconds):
    """Milliseconds and megabytes per "SIZE x BATCH"; the network's weights are the same for all contenders."""
    family = name.split("_")[0]
    open_for_size = OPENERS[family if family in EXTRAS else name](name, folder)
    results = {}
    for size in sizes:
        predict = open_for_size(size)
        for batch in batches:
            image = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3), np.uint8)
            predict(image)
            times, begun = [], time.monotonic()
            while len(times) < 2 or time.monotonic() - begun < seconds:
                start = time.perf_counter()
                predict(image)
                times.append(time.perf_counter() - start)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            results[f"{size}x{batch}"] = {"ms": 1000 * statistics.median(times), "mb": memory, "calls": len(times)}
    exported = sorted(folder.glob(f"{name}_*/saved_model.pb"))
    results["nodes"] = nodes_of(exported[0].parent) if exported else None
    return results


def nodes_of(directory):
    from semicurv_tf.export.graph_size import count_nodes

    return count_nodes(directory, "serving_default")


def network():
    import keras

    from semicurv_tf.models import ResidualUNet

    keras.utils.set_random_seed(0)
    model = ResidualUNet()
    model.build((None, None, None, 3))
    return model


def open_keras(name, folder):
    model = network()
    return lambda size: (
        lambda image: 1 / (1 + np.exp(-model.predict(image.astype(np.float32), batch_size=len(image), verbose=0)))
    )


def open_saved_model(name, folder):
    import tensorflow as tf

    from semicurv_tf.export.fold import folded_for_inference
    from semicurv_tf.export.saved_model import write_saved_model

    model = network()
    if name != "plain":
        model = folded_for_inference(model, 3, "mixed_bfloat16" if "bfloat16" in name else "float32")

    def for_size(size):
        directory = folder / f"{name}_{size if 'fixed' in name else 'any'}"
        if not directory.exists():
            write_saved_model(model, directory, 3, size=(size, size) if "fixed" in name else None, max_pixels=2**30)
        signature = tf.saved_model.load(str(directory)).signatures["serving_default"]
        return lambda image: signature(image=tf.constant(image))["probability"].numpy()

    return for_size


def open_torch(name, folder):
    import torch
    from benchmark.torch_network import ResidualUNet

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = ResidualUNet().eval()
    low = "bfloat16" in name
    if low:
        model = model.to(memory_format=torch.channels_last)

    def predict(image):
        raw = torch.from_numpy(image).permute(0, 3, 1, 2).float()
        raw = raw.contiguous(memory_format=torch.channels_last if low else torch.contiguous_format)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            return torch.sigmoid(model(raw).float()).permute(0, 2, 3, 1).numpy()

    return lambda size: predict


def open_openvino(name, folder):
    from semicurv_tf.export.conversion import FILES, answers_of, export_network
    from semicurv_tf.export.quantisation import quantise

    precision = name.partition("_")[2] or "float32"
    file = folder / name / FILES["openvino"]
    file.parent.mkdir()
    export_network(network(), file, 3, "openvino")
    if precision == "int8":
        images = np.random.default_rng(1).integers(0, 256, (8, 128, 128, 3), np.uint8)
        quantise(file, images)
    answers = answers_of(file, precision)
    return lambda size: answers


OPENERS = {
    "keras": open_keras,
    "plain": open_saved_model,
    "saved_model": open_saved_model,
    "saved_model_fixed": open_saved_model,
    "saved_model_bfloat16": open_saved_model,
    "torch": open_torch,
    "openvino": open_openvino,
}


def table(rows, sizes, batches, seconds, machine):
    cases = [f"{size}x{batch}" for size in sizes for batch in batches]
    head = " | ".join(f"{size} px, batch {batch}" for size in sizes for batch in batches)
    lines = [f"| milliseconds per call | {head} | peak memory | nodes |", "|---|" + "---:|" * (len(cases) + 2)]
    for name, row in rows.items():
        values = " | ".join(f"{row[case]['ms']:.0f}" for case in cases)
        lines.append(f"| {CONTENDERS[name]} | {values} | {row[cases[-1]]['mb'] / 1024:.1f} GB | {row['nodes'] or ''} |")
    said = (
        f"{machine['processor']}, {machine['cores']} cores ({', '.join(machine['instructions'])}), load before "
        f"{machine['load_before']:.1f}. Throughput is batch / time. Nodes: of the graph of `serving_default` with its "
        f"functions. Made by `python scripts/benchmark_serving.py --sizes {' '.join(map(str, sizes))} --seconds "
        f"{seconds:g} --write serving/README.md`."
    )
    return "\n".join([*lines, "", *textwrap.wrap(said, PAGE_WIDTH)])


if __name__ == "__main__":
    main()
