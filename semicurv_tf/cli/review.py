"""`semicurv-tf review`: look at predictions and correct them in a browser; what is saved are masks to train on."""

from pathlib import Path

import click

from semicurv_tf.cli.numbers import FiniteRange

EXAMPLES = """
\b
Examples:
  semicurv-tf review MY                     # the built-in network's predictions of MY/images
  semicurv-tf review runs/mine MY           # those of a run; the most doubtful images come first
  semicurv-tf review runs/mine MY --order name
  semicurv-tf review runs/mine MY --order next/next.csv       # a list of `semicurv-tf next`

\b
The page is on this machine alone (127.0.0.1), behind a token that is new for each call. Saved masks go to MY/masks;
a mask that was there is kept in MY/replaced_masks. Keys: B brush, E eraser, [ ] diameter, Z undo, Y redo,
R back to the prediction, U doubtful pixels, O mask on and off, S save, Enter save and go on, N P next and previous.

\b
The loop: review, train, review again. docs/review.md has it whole.
"""


@click.command(epilog=EXAMPLES)
@click.argument("places", nargs=-1, required=True, metavar="[RUN] FOLDER", type=click.Path())
@click.option(
    "--order", default="next", show_default=True, metavar="next|name|FILE.csv",
    help="next: those first that the networks doubt most; FILE: the order of its column `image`.",
)  # fmt: skip
@click.option(
    "--views", type=click.IntRange(1, 8), default=4, show_default=True,
    help="With --order next: flips and quarter turns that each network is asked about.",
)  # fmt: skip
@click.option(
    "--threshold", type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="Threshold of the predicted masks.  [default: as for `predict`]",
)  # fmt: skip
@click.option("--memory", default="2GB", show_default=True, metavar="SIZE", help="As for `predict`.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the page.  [default: any free port]")
@click.option("--browser", is_flag=True, help="Open the page in the browser too.")
def review(places, order, views, threshold, memory, port, browser):
    """Look at a folder's predictions and correct them on a local page with brush and eraser."""
    from semicurv_tf.cli.console import console, quiet_start
    from semicurv_tf.cli.image_progress import ImageProgress
    from semicurv_tf.errors import UserError
    from semicurv_tf.wording import typed

    if len(places) > 2:
        raise UserError(f"{places[2]}: expected [RUN] FOLDER, found more. Fix: semicurv-tf review RUN FOLDER")
    run, folder = (None, Path(places[0])) if len(places) == 1 else (places[0], Path(places[1]))
    if run is None and (folder / "run.json").is_file():
        raise UserError(f"{folder}: is a run. Fix: semicurv-tf review {typed(folder)} FOLDER, that of your images")
    from semicurv_tf.review.session import Review, read_folder

    read_folder(folder)  # a wrong folder is said at once, not after TensorFlow has loaded
    with quiet_start():
        from semicurv_tf.predict.open_predictor import open_predictor
        from semicurv_tf.predict.options import PredictorOptions
        from semicurv_tf.review import order as ordering
        from semicurv_tf.review.server import ReviewServer

        predictor, _ = open_predictor(PredictorOptions(run=run, threshold=threshold, memory=memory))
    session = Review(folder, predictor)
    for note in session.notes:
        click.echo(f"note: {note}")
    with ImageProgress(ordering.count_to_judge(session, order), console(), "judging") as progress:
        for line in ordering.arrange(session, order, run, views, progress.done):
            click.echo(f"note: {line}")
    with ReviewServer(session, port) as server:
        click.echo(f"{len(session.images)} images. Open in a browser on this machine; Ctrl-C ends:\n{server.url}")
        if browser:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")
    click.echo(session.said())
