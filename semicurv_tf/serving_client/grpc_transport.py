"""TensorFlow Serving over gRPC, by `tensorflow-serving-api` (extra `serving`)."""

from semicurv_tf.errors import UserError
from semicurv_tf.serving_client.transport import NotNow, ServedModel, ServerRefused, with_retries

# gRPC's own limit is 4 MB, an answer for one image of 1024x1024 (float32). This holds the largest
# image that an export serves by default (2048x2048: 12 MB there, 20 MB back) with room for batches of 8.
MAX_MESSAGE_MB = 256


class GrpcTransport:
    """Requests to one model of one server.

    Args:
        address: `host:port`.
        model: which model.
        deadline_s: of a request, all its tries together.
        max_message_mb: largest message sent or received.

    Raises:
        UserError: the extra `serving` is not installed.
    """

    def __init__(
        self, address: str, model: ServedModel, deadline_s: float = 60.0, max_message_mb: int = MAX_MESSAGE_MB
    ):
        try:
            import grpc
            from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc
        except ImportError:
            raise UserError(
                "--server grpc://...: needs the extra `serving`. Fix: pip install 'semicurv-tf[serving]'"
            ) from None
        self.server, self.model, self.deadline_s = f"grpc://{address}", model, deadline_s
        limit = max_message_mb * 1024 * 1024
        options = [("grpc.max_send_message_length", limit), ("grpc.max_receive_message_length", limit)]
        self._grpc = grpc
        self._channel = grpc.insecure_channel(address, options)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def state(self) -> tuple[str, int]:
        """State ("AVAILABLE" when it can answer) and number of the newest version."""
        from tensorflow_serving.apis import get_model_status_pb2 as status

        request = status.GetModelStatusRequest()
        self._name(request.model_spec)
        versions = self._call(self._models.GetModelStatus, request).model_version_status
        names = status.ModelVersionStatus.State
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
        packed.Unpack(signatures)
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
        return {name: tf.make_ndarray(value) for name, value in answer.outputs.items()}

    def predict_bytes(self, signature: str, encoded: list[bytes]) -> dict[str, list]:
        """Outputs of a signature on encoded images: names to lists, one entry per image; bytes as bytes."""
        return {name: list(values) for name, values in self.predict(signature, {"image_bytes": encoded}).items()}

    def close(self):
        self._channel.close()

    def _name(self, spec):
        spec.name = self.model.name
        if self.model.version is not None:
            spec.version.value = self.model.version
        elif self.model.label:
            spec.version_label = self.model.label

    def _call(self, method, request):
        return with_retries(lambda left: self._once(method, request, left), self.deadline_s, self.server)

    def _once(self, method, request, seconds: float):
        code = self._grpc.StatusCode
        try:
            return method(request, timeout=seconds)
        except self._grpc.RpcError as error:
            reason = f"{error.code().name}: {' '.join((error.details() or '').split())}"
            if error.code() in (code.UNAVAILABLE, code.DEADLINE_EXCEEDED, code.ABORTED):
                raise NotNow(reason) from None
            if error.code() == code.RESOURCE_EXHAUSTED and "larger than max" in (error.details() or ""):
                reason += ". Fix: a smaller --tile or --batch, or raise --max-message-mb knowingly"
            elif error.code() == code.RESOURCE_EXHAUSTED:  # the server's batching queue is full
                raise NotNow(reason) from None
            raise ServerRefused(f"{self.server} ({self.model}) refused with {reason}") from None
