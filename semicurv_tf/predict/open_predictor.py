"""Opens a predictor by what the user names: a run, an exported model, or a server."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semicurv_tf.errors import UserError
from semicurv_tf.images.no_data import parse_no_data
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.inference.averaging import enlarged
from semicurv_tf.inference.memory import Memory, parse_memory, pixel_bytes, pixel_bytes_shown
from semicurv_tf.inference.predictor import STRIDE_PX, WHOLE_PIXELS, Predictor
from semicurv_tf.postprocessing.settings import PostProcessing, as_dict
from semicurv_tf.predict.finishing import finishing, of_card
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.regular_files import read_regular

LARGEST_FILE_BYTES = 20 * 10**9  # of a model; a hole in a file costs nothing on disk, and all of it in memory

if TYPE_CHECKING:
    from semicurv_tf.serving_client.client import Client


def open_predictor(options: PredictorOptions) -> tuple[Predictor, dict]:
    """A predictor, and the settings that determine its masks (for the record in the output folder).

    Raises:
        UserError: the run, the export or the server cannot be used, or an option is invalid.
    """
    memory = parse_memory(options.memory)
    if options.precision != "float32" and options.run is None:
        raise UserError(
            f"--precision {options.precision}: only a --run is computed in another precision here. "
            "Fix: leave it out, or export --precision bfloat16"
        )
    if options.engine != "tensorflow" and options.run is None:
        raise UserError(
            f"--engine {options.engine}: only a --run is computed by it. "
            "Fix: leave it out; --saved-model takes a folder of `export --format openvino`"
        )
    if options.width_px is not None and (options.run or options.saved_model or options.server):
        raise UserError(
            f"--width-px {options.width_px:g}: for the built-in network alone, others were taught their structures. "
            "Fix: leave it out"
        )
    settings: dict[str, Any] = {"tile": options.tile}
    if options.no_data is not None:
        settings["no_data"] = parse_no_data(options.no_data)
    if options.run is not None:
        predictor, identity = _of_run(options.run, options, memory, settings)
    elif options.saved_model is not None:
        predictor, identity = _of_saved_model(options.saved_model, options, memory, settings)
    elif options.server is None:
        from semicurv_tf.predict.built_in import open_built_in
        from semicurv_tf.predict.built_in_options import built_in_threshold

        limit = lambda network, enlarged: Memory(memory, pixel_bytes_shown(network, enlarged))
        turned = "d4" if options.tta in ("d4", "all") else "none"  # it sees five scales as it is
        threshold, steps = finishing(options, lambda: (built_in_threshold(options.kind), PostProcessing()))
        predictor, identity = open_built_in(
            threshold, options.width_px, memory=limit, postprocessing=steps, tta=turned, **settings
        )
        if options.width_px is not None:
            identity["width_px"] = options.width_px
    else:
        _, predictor, identity = _of_server(options, settings)
    sized_by = {} if options.tile or options.server else {"memory": memory}
    return predictor, {**identity, **_mask_settings(predictor), **settings, **sized_by}


def open_server(options: PredictorOptions) -> tuple["Client", Predictor, dict]:
    """A client of a server, the predictor of its probabilities, and the settings as `open_predictor` gives them.

    Raises:
        UserError: the server cannot be used.
    """
    settings = {"tile": options.tile}
    client, predictor, identity = _of_server(options, settings)
    return client, predictor, {**identity, **_mask_settings(predictor), **settings}


def saved_model_predictor(directory: str, trust: bool = False, **settings) -> Predictor:
    """From an exported version folder, by its signature `serving_default`; `settings` are those of `Predictor`."""
    import tensorflow as tf

    from semicurv_tf.export.load import load_signature

    signature, channels = load_signature(directory, trust=trust)

    def predict(image):
        try:
            return signature(image=tf.constant(image))["probability"].numpy()
        except tf.errors.ResourceExhaustedError:
            raise MemoryError from None
        except (TypeError, ValueError, tf.errors.InvalidArgumentError):
            height, width = image.shape[1:3]
            raise UserError(
                f"{directory}: does not take an image of {width}x{height} pixels in one piece "
                "(export --size, --max-pixels). Fix: --tile with the size it was exported for, or predict with --run"
            ) from None

    return Predictor(predict, channels, **settings)


def _of_saved_model(version: str, options: PredictorOptions, memory: int, settings: dict) -> tuple[Predictor, dict]:
    from semicurv_tf.export.card import read_card
    from semicurv_tf.export.conversion import is_converted

    if is_converted(version):
        return _of_converted(version, options, memory, settings)
    card = read_card(version)
    _leave_out_no_data(settings, card, version)
    threshold, steps = finishing(options, lambda: of_card(version))
    # A graph of one size takes no image at another scale.
    tta = options.tta or (None if card["size"] else card.get("tta")) or "none"
    most = round((card.get("max_pixels") or WHOLE_PIXELS) / enlarged(tta))
    limit = Memory(memory, round(enlarged(tta) * Memory(memory).pixel_bytes), tile_pixels=most)
    value_range = parse_ranges(card["value_range"]) if card.get("value_range") else None
    predictor = saved_model_predictor(
        version,
        options.trust,
        threshold=threshold,
        postprocessing=steps,
        memory=limit,
        value_range=value_range,
        tta=tta,
        stride=card.get("stride") or STRIDE_PX,
        **settings,
    )
    variables = Path(version, "variables", "variables.data-00000-of-00001")
    parts = [_content(Path(version, "saved_model.pb")), _content(variables)]
    return predictor, {"model": _digest(parts)}


def _of_converted(folder: str, options: PredictorOptions, memory: int, settings: dict) -> tuple[Predictor, dict]:
    from semicurv_tf.export.conversion import FILES, open_converted, read_converted

    card = read_converted(folder)
    _leave_out_no_data(settings, card, folder)
    file = Path(folder, FILES[card["format"]])
    threshold, steps = finishing(options, lambda: of_card(folder))
    tta = options.tta or (None if card.get("size") else card.get("tta")) or "none"
    predictor = Predictor(
        open_converted(folder, card),
        card["channels"],
        threshold=threshold,
        postprocessing=steps,
        memory=Memory(memory, round(enlarged(tta) * Memory(memory).pixel_bytes)),
        tta=tta,
        value_range=parse_ranges(card["value_range"]) if card.get("value_range") else None,
        stride=card.get("stride") or STRIDE_PX,
        **settings,
    )
    parts = [_content(path) for path in sorted(Path(folder).glob(f"{file.stem}.*")) if path.suffix != ".keras"]
    return predictor, {"model": _digest(parts), "engine": card["format"]}


def _of_server(options: PredictorOptions, settings: dict) -> tuple["Client", Predictor, dict]:
    from semicurv_tf.serving_client.client import connect
    from semicurv_tf.serving_client.security import Security

    if options.server is None:
        raise ValueError(f"Expected one of run, saved_model and server. Received: {options}")
    security = Security(options.token_file, options.ca_file, options.client_certificate, options.client_key)
    client = connect(
        options.server,
        options.model_name,
        version=options.model_version,
        label=options.model_label,
        deadline_s=options.deadline,
        max_message_mb=options.max_message_mb,
        security=security,
    )
    channels, version = client.describe()
    threshold, steps = finishing(options, lambda: (None, PostProcessing()))
    predictor = Predictor(
        client.probability,
        channels,
        threshold=threshold,
        postprocessing=steps,
        whole_pixels=client.whole_pixels,
        value_range=client.value_range(),
        tta=options.tta or "none",
        **settings,
    )
    return client, predictor, {"model": f"{options.server} {options.model_name} version {version}"}


def _of_run(run: str, options: PredictorOptions, memory: int, settings: dict) -> tuple[Predictor, dict]:
    from semicurv_tf.training.precision import resolve_precision
    from semicurv_tf.training.run_folder import chosen_postprocessing, chosen_threshold, load_deployed

    network, about = load_deployed(run)
    identity = {"model": _digest(weight.numpy().tobytes() for weight in network.weights)}
    threshold, steps = finishing(options, lambda: (chosen_threshold(run), chosen_postprocessing(run)))
    precision = resolve_precision(options.precision)
    if precision.name != "float32":
        identity["precision"] = precision.name
        if options.engine == "tensorflow":
            from semicurv_tf.export.fold import folded_for_inference

            network = folded_for_inference(network, about["channels"], precision.policy)
    tta = options.tta or about.get("tta") or "none"
    limit = Memory(memory, round(enlarged(tta) * pixel_bytes(network)))
    value_range = parse_ranges(about["value_range"]) if about.get("value_range") else None
    _leave_out_no_data(settings, about, run)
    settings = {
        "threshold": threshold,
        "postprocessing": steps,
        "memory": limit,
        "value_range": value_range,
        "tta": tta,
        **settings,
    }
    if options.engine == "openvino":
        from semicurv_tf.export.conversion import openvino_of_network

        identity["engine"] = options.engine
        answers = openvino_of_network(network, about["channels"], precision.name)
        stride = getattr(network, "grid_px", STRIDE_PX)
        return Predictor(answers, about["channels"], stride=stride, **settings), identity
    return Predictor.from_network(network, about["channels"], **settings), identity


def _leave_out_no_data(settings: dict, about: dict, where: str) -> None:
    """Has the predictor leave out what training left out, unless the user said what holds no data."""
    if "no_data" not in settings and about.get("no_data"):
        fix = "--no-data 253-255, or what it was trained with"
        settings["no_data"] = parse_no_data(str(about["no_data"]), f"{where}: no_data ", fix)


def _mask_settings(predictor: Predictor) -> dict:
    """What makes masks of probabilities, for the record; no word of steps where none follow the threshold."""
    steps = {"postprocessing": as_dict(predictor.postprocessing)} if predictor.postprocessing else {}
    return {"threshold": predictor.threshold, "tta": predictor.tta, **steps}


def _content(path: Path) -> bytes:
    return read_regular(path, LARGEST_FILE_BYTES, "export again")


def _digest(parts) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
