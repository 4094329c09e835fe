"""What the user asks of a predictor: which network, and how its masks are made."""

import dataclasses

from semicurv_tf.inference.memory import DEFAULT


@dataclasses.dataclass(frozen=True)
class PredictorOptions:
    """What the user asks for; plain values, so that it travels to workers.

    Attributes:
        run: a run folder; or
        saved_model: an exported version folder; or
        server: `grpc://host:port` or `http(s)://host:port` of TF Serving; or none of them: the built-in network.
        model_name: the model's name on the server.
        model_version, model_label: which version of it; None: the newest that is served.
        deadline: seconds per call of the server, retries included.
        max_message_mb: largest message of the server; None: the client's own limit.
        token_file, ca_file, client_certificate, client_key: see `semicurv_tf.serving_client.security.Security`.
        trust: load a `saved_model` that may read and write files too.
        threshold: foreground above this; None takes the one chosen on validation images, else 0.5; that of `kind` for
            the built-in network.
        postprocessing: a run or an exported version whose chosen threshold and steps are taken; "none": no steps;
            None: those of `run` or `saved_model`.
        smallest_component_px, hysteresis, bridge_px: in place of single steps, see `PostProcessing`; 0 is off.
        tile: side of the tiles in pixels; None takes the largest that fits in the memory.
        memory: of the process, such as "2GB".
        tta: one of `averaging.CHOICES`; None: as the run's configuration, or its export, says. The built-in network
            sees several scales in any case.
        width_px: how wide the structures are in the images, for the built-in network; None: unknown.
        kind: what the structures are, one of `KINDS`, for the built-in network's threshold; None: unknown.
        no_data: values of pixels without data, such as "253-255"; None: what the run, or the run that was exported,
            was trained with, else only what the file itself says.
        precision: of a run's network: "float32", "bfloat16", or "auto".
        engine: what computes a run's network: "tensorflow" or "openvino".
    """

    run: str | None = None
    saved_model: str | None = None
    server: str | None = None
    model_name: str = "semicurv"
    model_version: int | None = None
    model_label: str | None = None
    deadline: float = 60.0
    max_message_mb: int | None = None
    token_file: str | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    trust: bool = False
    threshold: float | None = None
    postprocessing: str | None = None
    smallest_component_px: int | None = None
    hysteresis: float | None = None
    bridge_px: int | None = None
    tile: int | None = None
    memory: str = DEFAULT
    tta: str | None = None
    width_px: float | None = None
    kind: str | None = None
    no_data: str | None = None
    precision: str = "float32"
    engine: str = "tensorflow"
