"""IoU of weights on drawn images that no training saw, by kind and threshold: drawn_threshold.py [WEIGHTS]."""

import json

import click
import numpy as np

UNSEEN = 9_000_000  # first seed: far beyond those of any pre-training


@click.command()
@click.argument("weights", default="curves")
@click.option("--per-kind", default=12, show_default=True)
@click.option("--scales", default="1", show_default=True, help="blended, comma-separated")
def main(weights, per_kind, scales):
    """Prints a line of JSON per kind, and one for all."""
    from semicurv_tf.drawing import KINDS, draw_image
    from semicurv_tf.metrics.overlap import count_overlap, iou
    from semicurv_tf.weights.zero_label import ZeroLabel

    network, at = ZeroLabel.open(weights), tuple(map(float, scales.split(",")))
    thresholds, every = [0.3, 0.4, 0.5, 0.6, 0.7], []
    for kind in KINDS:
        scores = []
        for seed in range(UNSEEN, UNSEEN + per_kind):
            image, mask = draw_image(seed, kind)
            probability = network.normalised([image])(image, at)
            scores.append([float(iou(count_overlap(mask, probability, threshold=t))) for t in thresholds])
        every += scores
        click.echo(json.dumps({"kind": kind, **dict(zip(map(str, thresholds), np.round(100 * np.mean(scores, 0), 1)))}))
    click.echo(json.dumps({"kind": "all", **dict(zip(map(str, thresholds), np.round(100 * np.mean(every, 0), 1)))}))


if __name__ == "__main__":
    main()
