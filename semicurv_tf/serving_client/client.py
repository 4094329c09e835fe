"""The client: one interface over REST and gRPC for arrays, encoded images and whole files."""

import math

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.opener import open_picture
from semicurv_tf.images.values import MOST_BANDS, ValueRanges, parse_ranges
from semicurv_tf.inference.predictor import WHOLE_PIXELS
from semicurv_tf.serving_client.security import Security, split_address
from semicurv_tf.serving_client.transport import MAX_MESSAGE_MB, ServedModel, ServerRefused, understood


class Client:
    """Masks from a served model.

    Args:
        transport: a `RestTransport` or a `GrpcTransport`.
    """

    whole_pixels = WHOLE_PIXELS  # larger images go by tiles; an export refuses them by default

    def __init__(self, transport):
        self.transport = transport
        self._stacked = 1  # bands that a PNG holds one below the other; 1: it is grey or RGB

    def describe(self) -> tuple[int, int]:
        """Channels that the model takes, and its version; a model that is not ready is refused.

        Raises:
            UserError: the model is not known, not ready, or none of this project.
        """
        state, version = self.transport.state()
        name = f"{self.transport.server} ({self.transport.model})"
        asked = self.transport.model.version
        if asked is not None and version != asked:
            raise UserError(
                f"{name}: expected version {asked}, the server tells of {version}. Fix: see its models.config"
            )
        if state != "AVAILABLE":
            raise UserError(f"{name}: expected state AVAILABLE, found {state}. Fix: see the server's log")
        shape = self.transport.input_shape()
        if len(shape) != 4 or not 1 <= shape[-1] <= MOST_BANDS:
            raise UserError(
                f"{name}: expected input (batch, height, width, 1 to {MOST_BANDS} channels), found {str(shape)[:100]}. "
                "Fix: serve an export of semicurv-tf"
            )
        self._stacked = 1 if shape[-1] in (1, 3) else shape[-1]
        return shape[-1], version

    def value_range(self) -> ValueRanges | None:
        """The range of 16 bit values of the model's training data; None where it has none, or does not tell.

        Raises:
            ServerRefused: what it tells is no range.
            ServerLost: no answer within the deadline.
        """
        try:
            answer = self.transport.predict_bytes("value_range", [b""])
        except ServerRefused:  # a model that was exported before there was this signature
            return None
        with understood(self.transport.server):
            (text,) = answer["value_range_bytes"]
            text = text.decode() if isinstance(text, bytes) else str(text)
            try:
                return parse_ranges(text) if text else None
            except UserError:
                raise ValueError("no range of values") from None

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
        server, expected = self.transport.server, (*image.shape[:3], 1)
        if hasattr(self.transport, "predict"):
            answer = self.transport.predict("serving_default", {"image": image})
            with understood(server):
                probability = answer["probability"]
                if probability.shape != expected or probability.dtype != np.float32:
                    raise ValueError(f"probability {probability.dtype} {probability.shape} for an image {image.shape}")
        else:
            answer = self.transport.predict_bytes("predict_probability_bytes", [encode_png(image[0])])
            with understood(server):
                (encoded,) = answer["probability_bytes"]
                if not isinstance(encoded, bytes):
                    raise ValueError(f"probability of {type(encoded).__name__}")
                if not encoded:
                    raise ServerRefused(_CODES[-2.0].format(server=server))
                pixels = _decoded(encoded, image.shape[1:3])
                if pixels.dtype != np.uint16:
                    raise ValueError(f"probability as PNG of {pixels.dtype}")
                probability = (pixels.astype(np.float32) / 65535)[None, ..., None]
        with understood(server):
            if not (np.all(probability >= 0) and np.all(probability <= 1)):  # also where it is no number
                raise ValueError("probability outside of [0, 1]")
        return probability

    def masks(self, encoded: list[bytes]) -> list[np.ndarray | ServerRefused]:
        """Masks of encoded images of any sizes, by one request.

        Where the server refuses the batch or images of it for their number, these are sent one by one, so
        that only those are lost which it refuses alone.

        Args:
            encoded: PNG or JPEG files as bytes.

        Returns:
            Per image a uint8 mask `(height, width)` with 0 and 255, or why there is none.

        Raises:
            ServerLost: no answer within the deadline.
        """
        try:
            answer = self.transport.predict_bytes("predict_bytes", encoded)
            with understood(self.transport.server):
                masks, fractions = answer["mask_bytes"], answer["foreground_fraction"]
        except ServerRefused as refused:
            if len(encoded) == 1:
                return [refused]
            return [result for image in encoded for result in self.masks([image])]
        return [
            self.masks([image])[0] if fraction == REQUEST_TOO_LARGE and len(encoded) > 1
            else self._mask(image, mask, fraction)
            for image, mask, fraction in zip(encoded, masks, fractions, strict=True)
        ]  # fmt: skip

    def _mask(self, image: bytes, encoded, fraction) -> np.ndarray | ServerRefused:
        server = self.transport.server
        try:
            with understood(server):
                if not isinstance(encoded, bytes):
                    raise ValueError(f"a mask of {type(encoded).__name__}")
                if not encoded:
                    if not -math.inf < float(fraction) < 0:
                        raise ValueError(f"no mask, and foreground_fraction {fraction}")
                    return ServerRefused(_CODES.get(float(fraction), _CODES[-1.0]).format(server=server))
                height, width = _sides(image)
                mask = _decoded(encoded, (height // self._stacked, width))
                if mask.dtype != np.uint8 or mask.ndim != 2 or not np.isin(mask, (0, 255)).all():
                    raise ValueError(f"no mask of 0 and 255, but {mask.dtype} {mask.shape}")
                return mask
        except ServerRefused as refused:
            return refused


def connect(
    url: str,
    model_name: str = "semicurv",
    *,
    version: int | None = None,
    label: str | None = None,
    deadline_s: float = 60.0,
    max_message_mb: int | None = None,
    security: Security = Security(),
) -> Client:
    """A client of the server at `grpc(s)://host:port` or `http(s)://host:port`.

    Args:
        url: the address; the schemes with an s are encrypted, and the server's certificate is checked.
        model_name, version, label: which model; a version or a label, or the newest that is served.
        deadline_s: seconds for a call, with all its tries.
        max_message_mb: largest message; None: `MAX_MESSAGE_MB`.
        security: certificates and token.

    Raises:
        UserError: the address is of another kind, or gRPC is not installed.
    """
    from semicurv_tf.serving_client import grpc_transport, rest_transport

    split_address(url, grpc_transport.KINDS | rest_transport.KINDS)
    model, limit = ServedModel(model_name, version, label), max_message_mb or MAX_MESSAGE_MB
    by_grpc = url.partition("://")[0].lower() in grpc_transport.KINDS
    transport = grpc_transport.GrpcTransport if by_grpc else rest_transport.RestTransport
    return Client(transport(url, model, deadline_s, limit, security))


# foreground_fraction where there is no mask: CODES of semicurv_tf/export/signatures.py, which needs TensorFlow.
REQUEST_TOO_LARGE = -3.0
_CODES = {
    -1.0: "{server}: the server could not decode this image. Fix: send PNG or JPEG",
    -2.0: "{server}: the model does not serve images of this size. Fix: send tiles, --tile 512",
    -3.0: "{server}: the server takes fewer pixels in one request. Fix: a smaller --batch",
    -4.0: "{server}: the server takes PNG and JPEG without animation only. Fix: save the image as PNG",
}


def _decoded(encoded: bytes, sides: tuple[int, int]) -> np.ndarray:
    """A PNG of a server, which must have this height and width; its header is read before its pixels.

    Raises:
        ValueError: another format, another size, or damaged.
    """
    try:
        with open_picture(encoded, ("PNG",)) as picture:
            if picture.size != tuple(sides)[::-1] or getattr(picture, "is_animated", False):
                width, height = picture.size
                raise ValueError(f"a mask of {width}x{height} for an image of {sides[1]}x{sides[0]}")
            pixels = np.asarray(picture)
    except (OSError, SyntaxError, EOFError, TypeError, UserError) as error:
        raise ValueError(f"a damaged mask: {error}") from None
    # Pillow reads 16 bit as int32 in some versions, as uint16 in others.
    return pixels.astype(np.uint16) if pixels.dtype == np.int32 else pixels


def _sides(image: bytes) -> tuple[int, int]:
    """Height and width of what was sent."""
    with open_picture(image, ("PNG", "JPEG")) as picture:
        return picture.size[::-1]
