"""TensorFlow Serving over REST. Images travel as PNG in base64: arrays as JSON are some ten times slower."""

import base64
import http.client
import json
import time
import urllib.parse

from semicurv_tf.errors import UserError
from semicurv_tf.serving_client.transport import NotNow, ServedModel, ServerRefused, with_retries

PASSING = (429, 500, 502, 503, 504)  # overload, or a model that is just being loaded
CHUNK = 1 << 20


class RestTransport:
    """Requests to one model of one server.

    Args:
        url: `http://host:port` or `https://host:port`, a path prefix allowed.
        model: which model.
        deadline_s: of a request, all its tries together.
    """

    def __init__(self, url: str, model: ServedModel, deadline_s: float = 60.0):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"--server {url}: expected http://host:port. Fix: TF Serving's REST port is 8501")
        self.server, self.model, self.deadline_s = url, model, deadline_s
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = f"{parts.path.rstrip('/')}/v1/models/{urllib.parse.quote(model.name)}"
        if model.version is not None:
            self._path += f"/versions/{model.version}"
        elif model.label:
            self._path += f"/labels/{urllib.parse.quote(model.label)}"

    def state(self) -> tuple[str, int]:
        """State ("AVAILABLE" when it can answer) and number of the newest version."""
        versions = self._call("GET", self._path)["model_version_status"]
        ready = [entry for entry in versions if entry["state"] == "AVAILABLE"] or versions
        newest = max(ready, key=lambda entry: int(entry["version"]))
        return newest["state"], int(newest["version"])

    def input_shape(self) -> list[int]:
        """Shape of the input of `serving_default`; -1 where any size is taken."""
        metadata = self._call("GET", f"{self._path}/metadata")["metadata"]
        signature = metadata["signature_def"]["signature_def"]["serving_default"]
        return [int(dim["size"]) for dim in signature["inputs"]["image"]["tensor_shape"]["dim"]]

    def predict_bytes(self, signature: str, encoded: list[bytes]) -> dict[str, list]:
        """Outputs of a signature on encoded images: names to lists, one entry per image; bytes as bytes."""
        instances = [{"b64": base64.b64encode(image).decode()} for image in encoded]
        answer = self._call("POST", f"{self._path}:predict", {"signature_name": signature, "instances": instances})
        rows = answer["predictions"]
        if rows and not _is_named(rows[0]):  # a signature of one output comes without its name
            rows = [{"probability_bytes": row} for row in rows]
        return {name: [_plain(row[name]) for row in rows] for name in (rows[0] if rows else ())}

    def _call(self, method: str, path: str, body: dict | None = None) -> dict:
        encoded = None if body is None else json.dumps(body).encode()
        return with_retries(lambda left: self._once(method, path, encoded, left), self.deadline_s, self.server)

    def _once(self, method: str, path: str, body: bytes | None, seconds: float) -> dict:
        end = time.monotonic() + seconds
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=seconds)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = bytearray()
            while chunk := response.read(CHUNK):
                content += chunk
                if time.monotonic() > end:
                    raise NotNow("the answer came too slowly")
        except (OSError, http.client.HTTPException) as error:
            raise NotNow(str(error) or type(error).__name__) from None
        finally:
            connection.close()
        return self._read(response.status, bytes(content))

    def _read(self, status: int, content: bytes) -> dict:
        try:
            answer = json.loads(content)
        except ValueError:
            answer = {"error": content[:200].decode(errors="replace") or f"HTTP {status}"}
        if status == 200 and isinstance(answer, dict) and "error" not in answer:
            return answer
        reason = answer.get("error", f"HTTP {status}") if isinstance(answer, dict) else f"HTTP {status}"
        if status in PASSING:
            raise NotNow(f"HTTP {status}: {reason}")
        raise ServerRefused(f"{self.server} ({self.model}) refused with HTTP {status}: {' '.join(str(reason).split())}")


def _is_named(row) -> bool:
    return isinstance(row, dict) and "b64" not in row


def _plain(value):
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value
