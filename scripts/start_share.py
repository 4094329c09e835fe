"""What the networks between a run's start and its end are worth on hidden masks: python scripts/start_share.py --help.

`method.start_share` was chosen by it; it printed what the recipe `no_label` gains, and what averaging at test time does
(docs/protocol.md: development looks at the masks of unlabelled training images, never at the test set).
"""

from pathlib import Path

import click

from semicurv_tf.inference.averaging import CHOICES, averaged


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--share", "shares", multiple=True, type=float, default=(1.0, 0.5, 0.35, 0.2, 0.0), show_default=True)
@click.option("--most", default=40, show_default=True, help="images, evenly spread over the hidden ones")
@click.option("--threshold", "thresholds", multiple=True, type=float, default=(0.5,), show_default=True)
@click.option("--tta", "ttas", multiple=True, type=click.Choice(CHOICES), default=("none",), show_default=True)
@click.option("--beside-start", is_flag=True, help="also the start alone at five scales, and its mean with each")
def main(run, shares, most, thresholds, ttas, beside_start):
    """IoU (mean over images, %) with each share of the start's weights in the network of RUN.

    Train RUN with `--set method.start_share=0`; of another run `--share 0` alone is its own network.
    """
    import tensorflow as tf

    from semicurv_tf.cli.console import console
    from semicurv_tf.metrics.network_scores import make_predictor
    from semicurv_tf.training.monitor import monitored_images
    from semicurv_tf.training.run_data import open_run_dataset
    from semicurv_tf.training.run_folder import load_deployed, read_config
    from semicurv_tf.weights.start import load_start

    config = read_config(run)
    if any(shares) and config.start_share:
        raise click.BadParameter(f"{run} keeps a share of its start already. Fix: --set method.start_share=0")
    network, facts = load_deployed(run)
    store = (dataset := open_run_dataset(run, config, console())).train
    unlabelled = [k for k in range(len(store)) if store.labelled[k] and store.names[k] not in facts["labelled"]]
    _, _, watched = monitored_images("hidden", most, dataset, [], unlabelled)
    examples = [store.read(index) for index in watched]
    start = end = network.get_weights()
    if any(shares):
        load_start(network, config.model.start)
        start = network.get_weights()
    click.echo(f"{run}, {len(examples)} hidden images; thresholds {', '.join(map(str, thresholds))}")
    alone = []
    if beside_start:
        from semicurv_tf.weights.scales import SCALES
        from semicurv_tf.weights.zero_label import ZeroLabel

        images = [each["image"] for each in examples]
        at_scales = ZeroLabel.open(config.model.start).normalised(images)
        alone = [at_scales(image, SCALES).reshape(*image.shape[:2], 1) for image in images]
        click.echo(f"the start, at {len(SCALES)} scales: {_scores(examples, alone, thresholds)}")
    network_maps = make_predictor(network)
    predict = lambda image: network_maps(tf.constant(image, tf.float32)).numpy()
    for share in shares:
        network.set_weights([share * first + (1 - share) * last for first, last in zip(start, end, strict=True)])
        for tta in ttas:
            maps = [averaged(predict, each["image"][None], tta)[0] for each in examples]
            click.echo(f"share {share:g}, averaged over {tta}: {_scores(examples, maps, thresholds)}")
            if alone:
                means = [(own + start) / 2 for own, start in zip(maps, alone, strict=True)]
                said = _scores(examples, means, thresholds)
                click.echo(f"share {share:g}, averaged over {tta}, beside the start: {said}")


def _scores(examples, maps, thresholds) -> str:
    """IoU (mean over images, %) at each threshold."""
    from semicurv_tf.metrics.overlap import count_overlap, summarise

    scores = []
    for threshold in thresholds:
        counts = [
            count_overlap(each["mask"] == 1, found, each["valid"], threshold)
            for each, found in zip(examples, maps, strict=True)
        ]
        scores.append(f"{100 * float(summarise(counts)['mean']['iou']):.1f}")
    return ", ".join(scores)


if __name__ == "__main__":
    main()
