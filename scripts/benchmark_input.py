"""Measures the input: memory when streaming many large images, and input time beside compute time.

    python scripts/benchmark_input.py memory [--images 20000] [--side 1500] [--steps 300]
    python scripts/benchmark_input.py speed  [--dataset synthetic --data-dir DIR] [--steps 40]

`memory` draws a few images of SIDE x SIDE, links them under as many names as asked for, prepares them
as dataset `folder` in a process of its own, streams random crops in another, and reports the peak
memory of each. `speed` trains with the default configuration and reports seconds per step of the
whole, of the input alone, and how long the model waited for its input.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

DISTINCT = 16  # different images; the rest are links to them
LABELLED = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    memory = commands.add_parser("memory")
    memory.add_argument("--images", type=int, default=20000)
    memory.add_argument("--side", type=int, default=1500)
    memory.add_argument("--crop", type=int, default=128)
    memory.add_argument("--steps", type=int, default=300)
    memory.add_argument("--memory-mb", type=int, default=500, help="data.memory_mb")
    memory.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    speed = commands.add_parser("speed")
    speed.add_argument("--dataset", default="synthetic")
    speed.add_argument("--data-dir")
    speed.add_argument("--crop", type=int)
    speed.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    measure = measure_memory if arguments.command == "memory" else measure_speed
    print(json.dumps(measure(arguments), indent=1))


def measure_memory(arguments) -> dict:
    """Seconds and peak resident megabytes of preparing and of streaming."""
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="benchmark-input-"))
    try:
        draw_folder(folder / "source", arguments.images, arguments.side)
        return {
            "images": arguments.images,
            "side_px": arguments.side,
            "prepare": _in_own_process(_prepare, folder),
            "stream": _in_own_process(_stream, folder, arguments),
        }
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def draw_folder(folder: Path, count: int, side: int) -> None:
    """A dataset in the layout of `folder`: JPEG images, masks for the first of them."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        image = folder / "images" / f"{number:06d}.jpg"
        if image.exists():
            continue
        if number < max(DISTINCT, LABELLED):
            generator = np.random.default_rng(number)
            ground = gaussian_filter(generator.normal(0, 400, (side, side)), 12) + 128
            colours = ground[..., None] + generator.normal(0, 3, (side, side, 3))
            Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).save(image, quality=75)
        else:
            os.link(folder / "images" / f"{number % DISTINCT:06d}.jpg", image)
        if number < LABELLED:
            mask = np.zeros((side, side), np.uint8)
            mask[:, number : number + 40] = 255
            Image.fromarray(mask).save(folder / "masks" / f"{number:06d}.png")


def _prepare(folder: Path) -> dict:
    from semicurv_tf.data.prepare import prepare

    begin = time.perf_counter()
    prepared = prepare("folder", folder / "source", cache_dir=folder / "cache")
    seconds = time.perf_counter() - begin
    images = sum(map(len, prepared.rows.values()))
    return {"seconds": round(seconds, 1), "ms_per_image": round(1000 * seconds / images, 2)}


def _stream(folder: Path, arguments) -> dict:
    from semicurv_tf.data.load import load_dataset
    from semicurv_tf.data.pipeline import training_batches

    begin = time.perf_counter()
    dataset = load_dataset("folder", folder / "source", cache_dir=folder / "cache", memory_mb=arguments.memory_mb)
    opened = time.perf_counter() - begin
    store = dataset.train
    labelled = [index for index, has in enumerate(store.labelled) if has]
    unlabelled = [index for index, has in enumerate(store.labelled) if not has]
    batches = training_batches(
        store, labelled, unlabelled, batch_labelled=4, batch_unlabelled=4, crop=arguments.crop,
        seed=0, first_step=0, steps=arguments.steps,
    )  # fmt: skip
    begin = time.perf_counter()
    for _ in batches:
        pass
    seconds = time.perf_counter() - begin
    return {
        "training_images": len(store), "seconds_to_open": round(opened, 1),
        "steps": arguments.steps, "ms_per_step": round(1000 * seconds / arguments.steps, 2),
    }  # fmt: skip


def _in_own_process(function, *arguments) -> dict:
    """What `function` returns, and the peak memory of a process that did nothing else."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(send, function, arguments))
    process.start()
    send.close()
    try:
        return receive.recv()
    finally:
        process.join()


def _report(send, function, arguments) -> None:
    result = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    send.send(result | {"peak_memory_mb": round(peak)})


def measure_speed(arguments) -> dict:
    """Seconds per step of the whole, of the input alone, and of waiting for the input."""
    from semicurv_tf.data.load import load_dataset
    from semicurv_tf.data.pipeline import training_batches
    from semicurv_tf.data.split import choose_labelled

    dataset = load_dataset(arguments.dataset, arguments.data_dir)
    store = dataset.train
    with_mask = [name for name, has in zip(store.names, store.labelled) if has]
    labelled = store.indices(choose_labelled(with_mask, 0.05, 0))
    unlabelled = sorted(set(range(len(store))) - set(labelled))

    def batches(steps):
        return training_batches(
            store, labelled, unlabelled, batch_labelled=4, batch_unlabelled=4,
            crop=arguments.crop, seed=0, first_step=0, steps=steps,
        )  # fmt: skip

    begin = time.perf_counter()
    for _ in batches(arguments.steps):
        pass
    first_pass = (time.perf_counter() - begin) / arguments.steps
    begin = time.perf_counter()
    for _ in batches(arguments.steps):
        pass
    alone = (time.perf_counter() - begin) / arguments.steps
    step = _training_step(dataset)
    waited, computed, source = 0.0, 0.0, iter(batches(arguments.steps + 3))
    for number in range(arguments.steps + 3):
        begin = time.perf_counter()
        batch = next(source)
        middle = time.perf_counter()
        step(batch)
        if number >= 3:  # tracing and the first fill of the queue
            waited += middle - begin
            computed += time.perf_counter() - middle
    steps = arguments.steps
    return {
        "dataset": arguments.dataset, "cores": os.cpu_count(), "steps": steps,
        "input_alone_ms_per_step_first": round(1000 * first_pass, 2),
        "input_alone_ms_per_step": round(1000 * alone, 2),
        "compute_ms_per_step": round(1000 * computed / steps, 2),
        "waiting_ms_per_step": round(1000 * waited / steps, 2),
        "waiting_share_percent": round(100 * waited / (waited + computed), 2),
    }  # fmt: skip


def _training_step(dataset):
    """One optimiser step of the default network with Dice, the least that a method computes."""
    import keras
    import tensorflow as tf

    from semicurv_tf.config import load_config
    from semicurv_tf.losses.dice import dice_loss
    from semicurv_tf.models.build import build_network

    network = build_network(load_config().model, dataset.channels, *dataset.statistics())
    optimizer = keras.optimizers.Adam(1e-3)

    @tf.function
    def step(batch):
        labelled = batch["labelled"]
        count = len(labelled["image"])
        images = tf.concat([labelled["image"], batch["unlabelled"]["image"]], 0)
        with tf.GradientTape() as tape:
            probability = tf.sigmoid(network(images, training=True)[:count])
            loss = dice_loss(labelled["mask"], probability, labelled["valid"])
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables))
        return loss

    return lambda batch: step(batch).numpy()


if __name__ == "__main__":
    main()
