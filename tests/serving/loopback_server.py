"""A stand-in for TensorFlow Serving on loopback: its REST and gRPC interfaces over a real SavedModel.

    python loopback_server.py VERSION_FOLDER MODE

Prints "PORTS grpc rest" once it listens. MODE: "serve"; "hang" (predict never answers); "loading"
(the model is not yet AVAILABLE); "shaky" (every second predict call fails with UNAVAILABLE / 503).
The SavedModel runs in a session, as on a server; this package is not imported.
"""

import base64
import http.server
import json
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

sys.modules["semicurv_tf"] = None
sys.modules["keras"] = None

import grpc  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from tensorflow_serving.apis import (  # noqa: E402
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

NAME = "semicurv"
MESSAGE_BYTES = 64 * 1024 * 1024


class Refused(Exception):
    def __init__(self, code, http_status, message):
        super().__init__(message)
        self.code, self.http_status, self.message = code, http_status, message


class Served:
    """The model in a session."""

    def __init__(self, folder, mode):
        self.version, self.mode, self.calls = int(Path(folder).name), mode, 0
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.session = tf.compat.v1.Session(graph=self.graph)
            self.signatures = tf.compat.v1.saved_model.load(self.session, ["serve"], folder).signature_def

    def require(self, name):
        if name != NAME:
            raise Refused(grpc.StatusCode.NOT_FOUND, 404, f"Servable not found for request: Latest({name})")

    def predict(self, name, signature, inputs):
        self.require(name)
        self.calls += 1
        if self.mode == "hang":
            time.sleep(3600)
        if self.mode == "shaky" and self.calls % 2:
            raise Refused(grpc.StatusCode.UNAVAILABLE, 503, "try again")
        if signature not in self.signatures:
            raise Refused(
                grpc.StatusCode.INVALID_ARGUMENT,
                400,
                f'Serving signature name: "{signature}" not found in signature def',
            )
        spec = self.signatures[signature]
        if set(inputs) != set(spec.inputs):
            raise Refused(
                grpc.StatusCode.INVALID_ARGUMENT, 400, f"input keys {sorted(inputs)} do not match {sorted(spec.inputs)}"
            )
        for key, value in inputs.items():
            wanted = tf.as_dtype(spec.inputs[key].dtype)
            found = tf.string if value.dtype.kind in "OSU" else tf.as_dtype(value.dtype)
            if found != wanted:
                raise Refused(
                    grpc.StatusCode.INVALID_ARGUMENT, 400, f"Expected {key} to be {wanted.name} but got {found.name}"
                )
        try:
            return self.session.run(
                {key: tensor.name for key, tensor in spec.outputs.items()},
                {spec.inputs[key].name: value for key, value in inputs.items()},
            )
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, 400, getattr(error, "message", str(error))) from None

    def state(self):
        return "LOADING" if self.mode == "loading" else "AVAILABLE"


class Grpc(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, served):
        self.served = served

    def Predict(self, request, context):
        try:
            outputs = self.served.predict(
                request.model_spec.name, request.model_spec.signature_name or "serving_default",
                {key: tf.make_ndarray(value) for key, value in request.inputs.items()},
            )  # fmt: skip
        except Refused as refused:
            context.abort(refused.code, refused.message)
        answer = predict_pb2.PredictResponse()
        for key, value in outputs.items():
            answer.outputs[key].CopyFrom(tf.make_tensor_proto(value))
        return answer

    def GetModelMetadata(self, request, context):
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for key, value in self.served.signatures.items():
            signatures.signature_def[key].CopyFrom(value)
        answer.metadata["signature_def"].Pack(signatures)
        return answer

    def GetModelStatus(self, request, context):
        try:
            self.served.require(request.model_spec.name)
        except Refused as refused:
            context.abort(refused.code, refused.message)
        return get_model_status_pb2.GetModelStatusResponse(
            model_version_status=[{"version": self.served.version, "state": self.served.state()}]
        )


class Rest(http.server.BaseHTTPRequestHandler):
    served = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        name, _, rest = self.path.removeprefix("/v1/models/").partition("/")
        if name != NAME:
            return self._send(404, {"error": f"Could not find any versions of model {name}"})
        if rest == "metadata":
            signatures = {
                key: json_format.MessageToDict(value, preserving_proto_field_name=True)
                for key, value in self.served.signatures.items()
            }
            return self._send(
                200, {"model_spec": {"name": name}, "metadata": {"signature_def": {"signature_def": signatures}}}
            )
        status = {"error_code": "OK", "error_message": ""}
        state = {"version": str(self.served.version), "state": self.served.state(), "status": status}
        return self._send(200, {"model_version_status": [state]})

    def do_POST(self):
        name = self.path.removeprefix("/v1/models/").partition(":")[0]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        signature = body.get("signature_name", "serving_default")
        row_format = "instances" in body
        try:
            spec = self.served.signatures.get(signature)
            if spec is None:
                raise Refused(None, 400, f'Serving signature name: "{signature}" not found in signature def')
            values = body["instances"] if row_format else body["inputs"]
            key = next(iter(spec.inputs))
            if not row_format and isinstance(values, dict) and "b64" not in values:
                values = values[key]
            if row_format and values and isinstance(values[0], dict) and "b64" not in values[0]:
                values = [row[key] for row in values]
            dtype = tf.as_dtype(spec.inputs[key].dtype)
            array = (
                np.array([base64.b64decode(value["b64"]) for value in values], object)
                if dtype == tf.string else np.array(values, dtype.as_numpy_dtype)
            )  # fmt: skip
            outputs = self.served.predict(name, signature, {key: array})
        except Refused as refused:
            return self._send(refused.http_status, {"error": refused.message})
        except (ValueError, OverflowError) as error:
            return self._send(400, {"error": f"JSON Value: not of expected type: {error}"})
        plain = {
            key: [{"b64": base64.b64encode(value).decode()} for value in values]
            if values.dtype == object
            else values.tolist()
            for key, values in outputs.items()
        }
        if row_format:
            # A model of one output: its values come without their name.
            rows = next(iter(plain.values())) if len(plain) == 1 else [
                dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)
            ]  # fmt: skip
            return self._send(200, {"predictions": rows})
        return self._send(200, {"outputs": next(iter(plain.values())) if len(plain) == 1 else plain})

    def _send(self, status, content):
        encoded = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


def main(folder, mode):
    served = Served(folder, mode)
    server = grpc.server(
        futures.ThreadPoolExecutor(4),
        options=[("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)],
    )
    servicer = Grpc(served)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(servicer, server)
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    Rest.served = served
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    print(f"PORTS {grpc_port} {rest.server_address[1]}", flush=True)
    sys.stdin.read()  # until the tests close the pipe, also when they die


if __name__ == "__main__":
    main(*sys.argv[1:])
