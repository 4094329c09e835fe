"""Opens a predictor by what the user names: a run, an exported model, or a server."""

import hashlib
from pathlib import Path

from semicurv_tf.inference.predictor import Predictor


def open_predictor(
    *,
    run: str | None = None,
    saved_model: str | None = None,
    server: str | None = None,
    model_name: str = "semicurv",
    threshold: float | None = None,
    tile: int | None = None,
) -> tuple[Predictor, dict]:
    """A predictor, and the settings that determine its masks (for the record in the output folder).

    Args:
        run: a run folder; or
        saved_model: an exported version folder; or
        server: `grpc://host:port` or `http(s)://host:port` of a TF Serving.
        model_name: the model's name on the server.
        threshold: foreground above this; None takes the run's own (or the export's), else 0.5.
        tile: side of the tiles in pixels; None predicts moderate images in one piece.

    Raises:
        UserError: the run, the export or the server cannot be used.
    """
    if run is not None:
        from semicurv_tf.training.run_folder import load_deployed

        network, about = load_deployed(run)
        threshold = threshold if threshold is not None else about.get("threshold") or 0.5
        predictor = Predictor.from_network(network, about["channels"], threshold=threshold, tile=tile)
        identity = _digest(weight.numpy().tobytes() for weight in network.weights)
    elif saved_model is not None:
        from semicurv_tf.export.card import read_card

        threshold = threshold if threshold is not None else read_card(saved_model).get("threshold") or 0.5
        predictor = Predictor.from_saved_model(saved_model, threshold=threshold, tile=tile)
        variables = Path(saved_model, "variables", "variables.data-00000-of-00001")
        identity = _digest([Path(saved_model, "saved_model.pb").read_bytes(), variables.read_bytes()])
    else:
        from semicurv_tf.serving_client.client import connect

        client = connect(server, model_name)
        channels, version = client.describe()
        threshold = threshold if threshold is not None else 0.5
        predictor = Predictor(client.probability, channels, threshold=threshold, tile=tile, whole_pixels=client.whole_pixels)
        identity = f"{server} {model_name} version {version}"
    return predictor, {"model": identity, "threshold": threshold, "tile": tile}


def _digest(parts) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
