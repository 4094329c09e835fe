"""One fine-tuning from a start, watched on hidden training masks: python scripts/started.py --help.

For choosing how to fine-tune (rate, length, batch statistics, drawn images kept in the batch). It prints the score of
the start without a label on the same images, so that "never below its own zero-label score" can be read off.
"""

import json
import time
from pathlib import Path

import click
import numpy as np


@click.command()
@click.argument("dataset")
@click.option("--data-dir", required=True)
@click.option("--start", default="curves", show_default=True, help="weights, or none")
@click.option("--labels", default=0.01, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--steps", default=500, show_default=True)
@click.option("--rate", default=1e-4, show_default=True)
@click.option("--batch", default=4, show_default=True)
@click.option("--drawn", default=0, show_default=True, help="images of a step that are drawn, beside the labelled ones")
@click.option("--drawn-dir", default=None, help="folder of drawn files; the first one is used")
@click.option("--statistics", type=click.Choice(["batch", "moving"]), default="batch", show_default=True)
@click.option("--watch-every", default=250, show_default=True)
@click.option("--most", default=40, show_default=True, help="hidden images watched")
@click.option("--split", type=click.Choice(["hidden", "test"]), default="hidden", show_default=True)
@click.option("--crop", default=None, type=int, help="watch only this corner of each image")
@click.option("--json", "target", type=click.Path(dir_okay=False), help="append the result as a line of JSON")
def main(
    dataset, data_dir, start, labels, seed, steps, rate, batch, drawn, drawn_dir, statistics, watch_every, most, split,
    crop, target,
):  # fmt: skip
    """Fine-tunes on DATASET's first label budget and prints the IoU on hidden masks over the steps."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from fine_tuning import FineTuning, drawn_like

    from semicurv_tf.config import ModelConfig
    from semicurv_tf.data.load import load_dataset
    from semicurv_tf.data.pipeline import training_batches
    from semicurv_tf.data.split import choose_labelled
    from semicurv_tf.metrics.overlap import count_overlap, summarise
    from semicurv_tf.models.build import build_network
    from semicurv_tf.weights.scales import THRESHOLD
    from semicurv_tf.weights.start import load_start
    from semicurv_tf.weights.zero_label import ZeroLabel

    data = load_dataset(dataset, data_dir)
    chosen = set(choose_labelled(data.train.names, labels, seed))
    labelled = [k for k, name in enumerate(data.train.names) if name in chosen]
    hidden = [k for k, name in enumerate(data.train.names) if name not in chosen]
    store = data.test if split == "test" else data.train
    watched = list(range(len(store))) if split == "test" else hidden[:: max(1, -(-len(hidden) // most))]
    cut = slice(None, crop)
    examples = [[store.read(k)[part][cut, cut] for part in ("image", "mask", "valid")] for k in watched]
    mean, deviation = data.statistics()

    def score(predict, threshold=0.5):
        counts = [count_overlap(m[..., 0], predict(image), v[..., 0], threshold) for image, m, v in examples]
        return {
            k: round(100 * v, 2) for k, v in summarise(counts)["mean"].items() if k in ("iou", "precision", "recall")
        }

    record = {
        "dataset": dataset, "labels": labels, "labelled": len(labelled), "seed": seed, "start": str(start),
        "steps": steps, "rate": rate, "batch": batch, "drawn": drawn, "statistics": statistics,
        "split": split, "images": len(examples),
    }  # fmt: skip
    if start != "none":
        zero = ZeroLabel.open(start)
        predict = zero.normalised([image for image, _, _ in examples])
        record["zero_label"] = score(predict, THRESHOLD)
        record["zero_label_one_scale"] = score(lambda image: predict(image, (1.0,)))
        click.echo(f"no label: {record['zero_label']}, at one scale {record['zero_label_one_scale']}")
    network = build_network(
        ModelConfig(widths=(16, 32, 64, 128, 256), encoding="none"), data.channels, mean, deviation, seed=seed
    )
    if start != "none":
        load_start(network, start)
    tuning = FineTuning(network, rate, steps, seed, statistics)
    batches = training_batches(
        data.train,
        labelled,
        [],
        batch_labelled=batch,
        batch_unlabelled=0,
        crop=128,
        seed=seed,
        first_step=0,
        steps=steps,
    )
    pool = None
    if drawn:
        with np.load(min(Path(drawn_dir).glob("drawn-128-*.npz"))) as file:
            pool = {name: file[name] for name in ("image", "mask")}
    begin, curve = time.perf_counter(), {}
    for step, part in enumerate(batches):
        part = part["labelled"]
        extra = None
        if pool is not None:
            extra = drawn_like(pool, np.random.default_rng([seed, step]), drawn, mean, deviation)
        tuning.train_step(part, extra)
        done = step + 1
        if done % watch_every == 0 or done == steps:
            curve[done] = score(tuning.predict)
            click.echo(f"{done}: {curve[done]} ({time.perf_counter() - begin:.0f} s)")
    record |= {"curve": curve, "seconds": round(time.perf_counter() - begin)}
    click.echo(json.dumps(record))
    if target:
        with open(target, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
