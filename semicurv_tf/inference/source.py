"""Opens a predictor by what the user names: a run, an exported model, or a server."""

import dataclasses
import hashlib
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.inference.memory import DEFAULT, Memory, parse_memory, pixel_bytes
from semicurv_tf.inference.no_data import parse_no_data
from semicurv_tf.inference.predictor import WHOLE_PIXELS, Predictor


@dataclasses.dataclass(frozen=True)
class PredictorOptions:
    """What the user asks for; plain values, so that it travels to workers.

    Attributes:
        run: a run folder; or
        saved_model: an exported version folder; or
        server: `grpc://host:port` or `http(s)://host:port` of a TF Serving.
        model_name: the model's name on the server.
        threshold: foreground above this; None takes the one chosen on validation images, else 0.5.
        tile: side of the tiles in pixels; None takes the largest that the memory bears.
        memory: of the process, such as "2GB".
        tta: "none" or "d4".
        no_data: values of pixels without data, such as "253-255"; None: only what the file itself says.
        precision: of a run's network: "float32", "bfloat16", or "auto".
        trust: load a `saved_model` that may read and write files too.
        model_label: of the served version, such as "stable"; None: the newest.
        deadline: seconds for a call of the server, with all its tries.
        token_file, ca_file, client_certificate, client_key: see `semicurv_tf.serving_client.security.Security`.
    """

    run: str | None = None
    saved_model: str | None = None
    server: str | None = None
    model_name: str = "semicurv"
    threshold: float | None = None
    tile: int | None = None
    memory: str = DEFAULT
    tta: str = "none"
    no_data: str | None = None
    precision: str = "float32"
    trust: bool = False
    model_label: str | None = None
    deadline: float = 60.0
    token_file: str | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


def open_predictor(options: PredictorOptions) -> tuple[Predictor, dict]:
    """A predictor, and the settings that determine its masks (for the record in the output folder).

    Raises:
        UserError: the run, the export or the server cannot be used, or an option is none.
    """
    memory = parse_memory(options.memory)
    if options.precision != "float32" and options.run is None:
        raise UserError(
            f"--precision {options.precision}: only a --run is computed in another precision here. Fix: export --precision bfloat16"
        )
    settings = {"tile": options.tile, "tta": options.tta}
    if options.no_data is not None:
        settings["no_data"] = parse_no_data(options.no_data)
    if options.run is not None:
        predictor, identity = _of_run(options, memory, settings)
    elif options.saved_model is not None:
        from semicurv_tf.export.card import read_card

        card = read_card(options.saved_model)
        threshold = options.threshold if options.threshold is not None else card.get("threshold") or 0.5
        limit = Memory(memory, tile_pixels=card.get("max_pixels") or WHOLE_PIXELS)
        predictor = Predictor.from_saved_model(
            options.saved_model, trust=options.trust, threshold=threshold, memory=limit, **settings
        )
        variables = Path(options.saved_model, "variables", "variables.data-00000-of-00001")
        identity = {
            "model": _digest([Path(options.saved_model, "saved_model.pb").read_bytes(), variables.read_bytes()])
        }
    else:
        from semicurv_tf.serving_client.client import connect
        from semicurv_tf.serving_client.security import Security

        security = Security(options.token_file, options.ca_file, options.client_certificate, options.client_key)
        client = connect(
            options.server,
            options.model_name,
            label=options.model_label,
            deadline_s=options.deadline,
            security=security,
        )
        channels, version = client.describe()
        threshold = options.threshold if options.threshold is not None else 0.5
        predictor = Predictor(
            client.probability, channels, threshold=threshold, whole_pixels=client.whole_pixels, **settings
        )
        identity = {"model": f"{options.server} {options.model_name} version {version}"}
    sized_by = {} if options.tile or options.server else {"memory": memory}
    return predictor, {**identity, "threshold": predictor.threshold, **settings, **sized_by}


def _of_run(options: PredictorOptions, memory: int, settings: dict) -> tuple[Predictor, dict]:
    from semicurv_tf.training.precision import resolve_precision
    from semicurv_tf.training.run_folder import chosen_threshold, load_deployed

    network, about = load_deployed(options.run)
    identity = {"model": _digest(weight.numpy().tobytes() for weight in network.weights)}
    threshold = options.threshold if options.threshold is not None else chosen_threshold(options.run) or 0.5
    precision = resolve_precision(options.precision)
    if precision.name != "float32":
        from semicurv_tf.export.fold import folded_for_inference

        network = folded_for_inference(network, about["channels"], precision.policy)
        identity["precision"] = precision.name
    limit = Memory(memory, pixel_bytes(network))
    return Predictor.from_network(network, about["channels"], threshold=threshold, memory=limit, **settings), identity


def _digest(parts) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
