"""`python -m semicurv_tf.serving_client`: masks of image files by a TensorFlow Serving."""

import sys

import click

from semicurv_tf.errors import UserError


@click.command()
@click.option("--url", required=True, help="grpc(s)://host:8500 or http(s)://host:8501.")
@click.argument("images", nargs=-1, required=True, type=click.Path())
@click.option("--output", required=True, type=click.Path(), help="Folder for the masks.")
@click.option("--model-name", default="semicurv", show_default=True)
@click.option("--version", type=click.IntRange(min=1), help="Of the model.  [default: the newest that is served]")
@click.option("--label", help="Of a version, e.g. stable or canary.")
@click.option("--batch", type=click.IntRange(1, 256), default=8, show_default=True, help="Images of one request.")
@click.option(
    "--tile",
    type=click.IntRange(min=32),
    help="Send larger images by tiles of this side.  [default: 1024 above 4 megapixels]",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Of tiled images; others get the server's own mask.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds for a request, with all its tries.",
)
@click.option("--max-message-mb", type=click.IntRange(min=1), help="Largest message.  [default: 256]")
@click.option("--token-file", type=click.Path(), help="File with the token that the server asks for.")
@click.option("--ca-file", type=click.Path(), help="CA of its certificate (PEM).  [default: the system's]")
@click.option("--client-certificate", type=click.Path(), help="The client's own certificate (PEM).")
@click.option("--client-key", type=click.Path(), help="Key of --client-certificate (PEM).")
def main(
    url, images, output, model_name, version, label, batch, tile, threshold, deadline, max_message_mb, **security_files
):
    """Predict IMAGES (files or folders) by a server; writes NAME.png, 0 and 255, into the output folder.

    Every call predicts anew. Bad images are named at the end, the others are still done; exit code 2 then.
    """
    from semicurv_tf.inference.folder import Outputs, plan_jobs, require_distinct
    from semicurv_tf.serving_client.bulk import predict_by_server
    from semicurv_tf.serving_client.client import connect
    from semicurv_tf.serving_client.security import Security

    jobs = [job for image in images for job in plan_jobs(image, output, Outputs(format="png"))]
    require_distinct(jobs)
    names = {"client_certificate": "certificate_file", "client_key": "key_file"}
    security = Security(**{names.get(name, name): value for name, value in security_files.items()})
    client = connect(
        url,
        model_name,
        version=version,
        label=label,
        deadline_s=deadline,
        max_message_mb=max_message_mb,
        security=security,
    )
    channels, served = client.describe()
    click.echo(f"{url}: {model_name} version {served}, {channels} channels")
    faults, done = [], 0
    for outcome in predict_by_server(client, jobs, channels=channels, batch=batch, threshold=threshold, tile=tile):
        done += 1
        if outcome.faults:
            faults += outcome.faults
            continue
        notes = f" ({'; '.join(outcome.notes)})" if outcome.notes else ""
        click.echo(f"{done}/{len(jobs)} {outcome.source}: foreground {outcome.foreground:.2%}{notes}")
    if faults:
        raise UserError(faults)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except UserError as error:
        for line in error.lines:
            print(f"error: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
