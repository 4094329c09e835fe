"""TensorFlow Serving over gRPC, by `tensorflow-serving-api` (extra `serving`)."""

import math

from semicurv_tf.errors import UserError
from semicurv_tf.serving_client.refusal import refusal_at
from semicurv_tf.serving_client.security import Security, split_address
from semicurv_tf.serving_client.transport import (
    MAX_MESSAGE_MB,
    REMEDIES,
    NotNow,
    ServedModel,
    ServerRefused,
    in_one_line,
    understood,
    untrusted,
    with_retries,
)

KINDS = {"grpc": False, "grpcs": True}
CONNECTS_S = 5.0


class GrpcTransport:
    """Requests to one model of one server.

    Args:
        url: `grpc://host:port` or `grpcs://host:port`.
        model: which model.
        deadline_s: of a request, all its tries together.
        max_message_mb: largest message sent or received.
        security: certificates and token.

    Raises:
        UserError: the address is of another kind, a file of `security` does not fit, or the extra `serving` is not
            installed.
    """

    def __init__(
        self,
        url: str,
        model: ServedModel,
        deadline_s: float = 60.0,
        max_message_mb: int = MAX_MESSAGE_MB,
        security: Security = Security(),
    ):
        encrypted, host, port, path = split_address(url, KINDS)
        if port is None or path:
            raise UserError(f"--server {url[:200]}: expected grpc://host:port. Fix: TF Serving listens on 8500 (gRPC)")
        security.require_fitting(url, encrypted, host)
        try:
            import grpc
            from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc
        except ImportError:
            raise UserError(
                "--server grpc://...: needs the extra `serving`. Fix: pip install 'semicurv-tf[serving]'"
            ) from None
        self.server, self.model, self.deadline_s = url, model, deadline_s
        self._most_bytes = max_message_mb * 1024 * 1024
        options = [("grpc.max_send_message_length", self._most_bytes)]
        options.append(("grpc.max_receive_message_length", self._most_bytes))
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        token = security.token()
        self._metadata = [("authorization", f"Bearer {token}")] if token else []
        self._grpc = grpc
        self._context, self._place = (security.context() if encrypted else None), (host, port)
        self._channel = (
            grpc.secure_channel(address, security.grpc_credentials(grpc), options)
            if encrypted
            else grpc.insecure_channel(address, options)
        )
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def state(self) -> tuple[str, int]:
        """State ("AVAILABLE" when it can answer) and number of the newest version."""
        from tensorflow_serving.apis import get_model_status_pb2 as status

        request = status.GetModelStatusRequest()
        self._name(request.model_spec)
        versions = self._call(self._models.GetModelStatus, request).model_version_status
        names = status.ModelVersionStatus.State
        with understood(self.server):
            ready = [entry for entry in versions if names.Name(entry.state) == "AVAILABLE"] or versions
            newest = max(ready, key=lambda entry: entry.version)
            return names.Name(newest.state), newest.version

    def input_shape(self) -> list[int]:
        """Shape of the input of `serving_default`; -1 where any size is taken."""
        from tensorflow_serving.apis import get_model_metadata_pb2 as metadata

        request = metadata.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._name(request.model_spec)
        packed = self._call(self._prediction.GetModelMetadata, request).metadata["signature_def"]
        signatures = metadata.SignatureDefMap()
        with understood(self.server):
            _unpack(packed, signatures)
        return [dim.size for dim in signatures.signature_def["serving_default"].inputs["image"].tensor_shape.dim]

    def predict(self, signature: str, inputs: dict) -> dict:
        """Outputs of a signature: names to NumPy arrays.

        Args:
            signature: its name.
            inputs: names to arrays.
        """
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        self._name(request.model_spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        answer = self._call(self._prediction.Predict, request)
        with understood(self.server):
            for name, value in answer.outputs.items():
                self._require_small(name, value, tf)
            return {name: tf.make_ndarray(value) for name, value in answer.outputs.items()}

    def predict_bytes(self, signature: str, encoded: list[bytes]) -> dict[str, list]:
        """Outputs of a signature on encoded images: names to lists, one entry per image; bytes as bytes."""
        outputs = self.predict(signature, {"image_bytes": encoded})
        with understood(self.server):
            if any(values.shape != (len(encoded),) for values in outputs.values()):
                raise ValueError(f"not one prediction for each of {len(encoded)} images")
        return {name: list(values) for name, values in outputs.items()}

    def close(self):
        self._channel.close()

    def _name(self, spec):
        spec.name = self.model.name
        if self.model.version is not None:
            spec.version.value = self.model.version
        elif self.model.label:
            spec.version_label = self.model.label

    def _require_small(self, name: str, value, tf):
        """A tensor of one value stands for a whole array: its shape is checked before that is made."""
        sizes = [dim.size for dim in value.tensor_shape.dim]
        count = math.prod(sizes)
        bytes_each = max(tf.dtypes.as_dtype(value.dtype).size or 8, 1)
        if min(sizes, default=0) < 0 or count * bytes_each > self._most_bytes:
            raise ValueError(f"{name} of shape {sizes}")

    def _call(self, method, request):
        return with_retries(lambda left: self._once(method, request, left), self.deadline_s, self.server)

    def _once(self, method, request, seconds: float):
        code = self._grpc.StatusCode
        try:
            return method(request, timeout=seconds, metadata=self._metadata)
        except self._grpc.RpcError as error:
            details = in_one_line(error.details() or "")
            reason = f"{error.code().name}: {details}"
            if error.code() == code.UNAVAILABLE and any(word in details for word in _UNTRUSTED):
                raise untrusted(self.server, details[-160:]) from None
            if error.code() == code.UNAVAILABLE and self._context is not None:
                refusal = refusal_at(*self._place, self._context, min(seconds, CONNECTS_S))
                if refusal:
                    raise untrusted(self.server, refusal) from None
            if error.code() in (code.UNAVAILABLE, code.DEADLINE_EXCEEDED, code.ABORTED):
                raise NotNow(reason) from None
            if error.code() == code.RESOURCE_EXHAUSTED and "larger than max" in (error.details() or ""):
                reason += ". Fix: a smaller --tile or --batch, or raise --max-message-mb knowingly"
            elif error.code() == code.RESOURCE_EXHAUSTED:  # the server's batching queue is full
                raise NotNow(reason) from None
            else:
                reason += REMEDIES.get(error.code().name, "")
            raise ServerRefused(f"{self.server} ({self.model}) refused with {reason}") from None


# What gRPC's details hold where a certificate does not fit; it has no code of its own for that.
_UNTRUSTED = ("CERTIFICATE_VERIFY_FAILED", "Hostname Verification", "CERTIFICATE_REQUIRED", "WRONG_VERSION_NUMBER",
              "not in peer certificate", "UNKNOWN_CA", "BAD_CERTIFICATE")  # fmt: skip


def _unpack(packed, message):
    from google.protobuf.message import DecodeError

    try:
        if not packed.Unpack(message) or not message.signature_def:
            raise ValueError("no signatures")
    except DecodeError:
        raise ValueError("damaged signatures") from None
