"""Zero-label IoU of a built-in network's weights on hidden masks: python scripts/zero_label.py --help.

Development looks at the masks of training images (docs/protocol.md): they are hidden from every choice that a user's
run could make, and no test image is opened unless `--split test` says so.
"""

import json
import time

import click

FOLDERS = {"mask_threshold": 127}  # a folder of one's own may have smoothed masks


def images_of(name, data_dir, split, most):
    """(image, mask, valid) of a dataset's images, evenly spread where there are more than `most`."""
    from semicurv_tf.data.catalog import dataset_names
    from semicurv_tf.data.load import load_dataset

    known = name in dataset_names()
    dataset = load_dataset(name if known else "folder", data_dir, options=None if known else FOLDERS)
    store = getattr(dataset, split)
    chosen = [k for k in range(len(store)) if store.labelled[k]]
    chosen = chosen[:: max(1, -(-len(chosen) // most))]
    return [tuple(store.read(k)[part] for part in ("image", "mask", "valid")) for k in chosen]


@click.command()
@click.argument("weights", nargs=-1, required=True)
@click.option("--data", "data", multiple=True, required=True, help="NAME=DIR: a dataset, or any name and a folder")
@click.option("--split", default="train", show_default=True)
@click.option("--most", default=40, show_default=True, help="images per dataset")
@click.option(
    "--statistics", multiple=True, default=("0.5",), help="folder, image, or a share of the image's, e.g. 0.5"
)
@click.option("--threshold", "thresholds", multiple=True, type=float, default=(0.5, 0.6), show_default=True)
@click.option(
    "--scales", multiple=True, default=("0.5,0.75,1,1.5,2", "1"), show_default=True, help="blended, comma-separated"
)
@click.option("--json", "target", type=click.Path(dir_okay=False), help="append the results as lines of JSON")
def main(weights, data, split, most, statistics, thresholds, scales, target):
    """IoU, precision and recall (means over images, %) of WEIGHTS, files of averaged weights or names."""
    from semicurv_tf.metrics.overlap import count_overlap, summarise
    from semicurv_tf.weights.zero_label import ZeroLabel

    for pair in data:
        name, _, folder = pair.partition("=")
        examples = images_of(name, folder or None, split, most)
        for file in weights:
            network = ZeroLabel.open(file)
            for blend in statistics:
                share = {"folder": 0.0, "image": 1.0}.get(blend)
                predictor = network.normalised(
                    [image for image, _, _ in examples], float(blend) if share is None else share
                )
                for together in scales:
                    start = time.perf_counter()
                    at = tuple(map(float, together.split(",")))
                    maps = [predictor(image, at) for image, _, _ in examples]
                    seconds = (time.perf_counter() - start) / len(examples)
                    for threshold in thresholds:
                        counts = [
                            count_overlap(m[..., 0], p, v[..., 0], threshold) for p, (_, m, v) in zip(maps, examples)
                        ]
                        mean = summarise(counts)["mean"]
                        line = {
                            "weights": str(file), "dataset": name, "split": split, "images": len(examples),
                            "statistics": blend, "threshold": threshold, "scales": together,
                            **{key: round(100 * float(mean[key]), 2) for key in ("iou", "precision", "recall")},
                            "seconds_per_image": round(seconds, 3),
                        }  # fmt: skip
                        click.echo(json.dumps(line))
                        if target:
                            with open(target, "a", encoding="utf-8") as file_:
                                file_.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
