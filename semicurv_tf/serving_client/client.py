"""The client: one interface over REST and gRPC for arrays, encoded images and whole files."""

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import decode_picture, encode_png
from semicurv_tf.inference.predictor import WHOLE_PIXELS
from semicurv_tf.serving_client.transport import ServedModel, ServerRefused


class Client:
    """Masks from a served model.

    Args:
        transport: a `RestTransport` or a `GrpcTransport`.
    """

    whole_pixels = WHOLE_PIXELS  # larger images go by tiles; an export refuses them by default

    def __init__(self, transport):
        self.transport = transport

    def describe(self) -> tuple[int, int]:
        """Channels that the model takes, and its version; a model that is not ready is refused.

        Raises:
            UserError: the model is not known, not ready, or none of this project.
        """
        state, version = self.transport.state()
        name = f"{self.transport.server} ({self.transport.model})"
        if state != "AVAILABLE":
            raise UserError(f"{name}: expected state AVAILABLE, found {state}. Fix: see the server's log")
        shape = self.transport.input_shape()
        if len(shape) != 4 or not shape[-1]:
            raise UserError(
                f"{name}: expected input (batch, height, width, channels), found {shape}. Fix: serve an export of semicurv-tf"
            )
        return shape[-1], version

    def probability(self, image: np.ndarray) -> np.ndarray:
        """Probabilities of one image; over REST to 1/65535.

        Args:
            image: uint8 `(1, height, width, channels)`.

        Returns:
            float32 `(1, height, width, 1)`.

        Raises:
            ServerRefused: with the server's reason.
            ServerLost: no answer within the deadline.
        """
        if hasattr(self.transport, "predict"):
            return self.transport.predict("serving_default", {"image": image})["probability"]
        (encoded,) = self.transport.predict_bytes("predict_probability_bytes", [encode_png(image[0])])[
            "probability_bytes"
        ]
        if not encoded:
            raise ServerRefused(
                f"{self.transport.server}: the model does not serve images of this size. Fix: send tiles, --tile 512"
            )
        return (decode_picture(encoded).astype(np.float32) / 65535)[None, ..., None]

    def masks(self, encoded: list[bytes]) -> list[np.ndarray | ServerRefused]:
        """Masks of encoded images of any sizes, by one request.

        Where the server refuses the batch, its images are sent one by one, so that only those are
        lost which it refuses alone.

        Args:
            encoded: PNG or JPEG files as bytes.

        Returns:
            Per image a uint8 mask `(height, width)` with 0 and 255, or why there is none.

        Raises:
            ServerLost: no answer within the deadline.
        """
        try:
            answer = self.transport.predict_bytes("predict_bytes", encoded)
        except ServerRefused as refused:
            if len(encoded) == 1:
                return [refused]
            return [result for image in encoded for result in self.masks([image])]
        rows = zip(answer["mask_bytes"], answer["foreground_fraction"], strict=True)
        return [_mask(mask, fraction, self.transport.server) for mask, fraction in rows]


def connect(
    url: str,
    model_name: str = "semicurv",
    *,
    version: int | None = None,
    label: str | None = None,
    deadline_s: float = 60.0,
    max_message_mb: int | None = None,
) -> Client:
    """A client of the server at `grpc://host:port` or `http(s)://host:port`.

    Raises:
        UserError: the address is of another kind, or gRPC is not installed.
    """
    from semicurv_tf.serving_client.grpc_transport import MAX_MESSAGE_MB, GrpcTransport
    from semicurv_tf.serving_client.rest_transport import RestTransport

    model = ServedModel(model_name, version, label)
    if url.startswith("grpc://"):
        return Client(GrpcTransport(url.removeprefix("grpc://"), model, deadline_s, max_message_mb or MAX_MESSAGE_MB))
    if url.startswith(("http://", "https://")):
        return Client(RestTransport(url, model, deadline_s))
    raise UserError(
        f"--server {url}: expected grpc://host:port or http://host:port. Fix: TF Serving listens on 8500 (gRPC) and 8501 (REST)"
    )


def _mask(encoded: bytes, fraction: float, server: str) -> np.ndarray | ServerRefused:
    if fraction == -2:  # SIZE_NOT_SERVED of semicurv_tf/export/signatures.py, which needs TensorFlow
        return ServerRefused(f"{server}: the model does not serve images of this size. Fix: send tiles, --tile 512")
    if not encoded:
        return ServerRefused(f"{server}: the server could not decode this image. Fix: send PNG or JPEG")
    return decode_picture(encoded)
