"""TensorFlow Serving over REST. Images travel as PNG in base64: arrays as JSON are some ten times slower."""

import base64
import binascii
import contextlib
import http.client
import json
import shlex
import socket
import ssl
import threading
import time
import urllib.parse

from semicurv_tf.serving_client.refusal import hear_refusal
from semicurv_tf.serving_client.security import Security, split_address
from semicurv_tf.serving_client.transport import (
    LARGEST_VERSION,
    MAX_MESSAGE_MB,
    REMEDIES,
    NotNow,
    ServedModel,
    ServerRefused,
    in_one_line,
    misunderstood,
    understood,
    untrusted,
    with_retries,
)

PASSING = (429, 500, 502, 503, 504)  # overload, or a model that is just being loaded
CHUNK = 1 << 20
KINDS = {"http": False, "https": True}


class RestTransport:
    """Requests to one model of one server.

    Args:
        url: `http://host:port` or `https://host:port`, a path prefix allowed.
        model: which model.
        deadline_s: of a request, all its tries together, from the first byte sent to the last received.
        max_message_mb: largest answer.
        security: certificates and token.

    Raises:
        UserError: the address is of another kind, or a file of `security` does not fit.
    """

    def __init__(
        self,
        url: str,
        model: ServedModel,
        deadline_s: float = 60.0,
        max_message_mb: int = MAX_MESSAGE_MB,
        security: Security = Security(),
    ):
        self._secure, self._host, self._port, prefix = split_address(url, KINDS)
        security.require_fitting(url, self._secure, self._host)
        self.server, self.model, self.deadline_s = url, model, deadline_s
        self._most_bytes = max_message_mb * 2**20
        self._cut = False
        self._context = security.context() if self._secure else None
        self._headers = {"Content-Type": "application/json", "Connection": "close"}
        if token := security.token():
            self._headers["Authorization"] = f"Bearer {token}"
        self._path = f"{urllib.parse.quote(prefix)}/v1/models/{urllib.parse.quote(model.name, safe='')}"
        if model.version is not None:
            self._path += f"/versions/{model.version}"
        elif model.label:
            self._path += f"/labels/{urllib.parse.quote(model.label, safe='')}"

    def state(self) -> tuple[str, int]:
        """State ("AVAILABLE" when it can answer) and number of the newest version."""
        answer = self._call("GET", self._path)
        with understood(self.server):
            versions = answer["model_version_status"]
            ready = [entry for entry in versions if entry["state"] == "AVAILABLE"] or versions
            newest = max(ready, key=lambda entry: int(entry["version"]))
            version = int(newest["version"])
            if not 0 <= version <= LARGEST_VERSION:
                raise ValueError("a version beyond 64 bits")
            return in_one_line(str(newest["state"]))[:40], version

    def input_shape(self) -> list[int]:
        """Shape of the input of `serving_default`; -1 where any size is taken."""
        answer = self._call("GET", f"{self._path}/metadata")
        with understood(self.server):
            signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
            return [int(dim["size"]) for dim in signature["inputs"]["image"]["tensor_shape"]["dim"]]

    def predict_bytes(self, signature: str, encoded: list[bytes]) -> dict[str, list]:
        """Outputs of a signature on encoded images: names to lists, one entry per image; bytes as bytes."""
        instances = [{"b64": base64.b64encode(image).decode()} for image in encoded]
        answer = self._call("POST", f"{self._path}:predict", {"signature_name": signature, "instances": instances})
        with understood(self.server):
            rows = answer["predictions"]
            if not isinstance(rows, list) or len(rows) != len(encoded):
                raise ValueError(f"not one prediction for each of {len(encoded)} images")
            if rows and not _is_named(rows[0]):  # a signature of one output comes without its name
                name = {"value_range": "value_range_bytes"}.get(signature, "probability_bytes")
                rows = [{name: row} for row in rows]
            return {name: [_plain(row[name]) for row in rows] for name in (rows[0] if rows else ())}

    def close(self):
        """Nothing stays open between calls."""

    def _call(self, method: str, path: str, body: dict | None = None) -> dict:
        encoded = None if body is None else json.dumps(body).encode()
        return with_retries(lambda left: self._once(method, path, encoded, left), self.deadline_s, self.server)

    def _once(self, method: str, path: str, body: bytes | None, seconds: float) -> dict:
        end = time.monotonic() + seconds
        connection: http.client.HTTPConnection
        if self._secure:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._context)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        late: list[bool] = []
        try:
            connection.connect()
            with _ended_after(connection.sock, end - time.monotonic(), late):
                if self._cut and self._secure:
                    hear_refusal(connection.sock)
                connection.request(method, path, body, self._headers)
                response = connection.getresponse()
                content = self._content(response)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            self._cut = True
            raise NotNow(f"the connection was cut ({error.reason or type(error).__name__})") from None
        except ssl.SSLError as error:
            raise untrusted(self.server, getattr(error, "verify_message", "") or error.reason or str(error)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, http.client.BadStatusLine) and not late and _is_no_http(error):
                raise ServerRefused(
                    f"{self.server}: answered, but not by HTTP. Fix: the port of REST, TF Serving's is 8501; or grpc://"
                ) from None
            self._cut = True
            raise NotNow("the answer came too slowly" if late else str(error) or type(error).__name__) from None
        finally:
            connection.close()
        if late:
            raise NotNow("the answer came too slowly")
        self._cut = False
        return self._read(response, content, path)

    def _content(self, response) -> bytes:
        """The answer's body. `read1` returns what is there; `read` would wait for as much as was asked for."""
        content, announced = bytearray(), response.length
        if announced is not None and announced > self._most_bytes:
            raise self._too_large()
        while chunk := response.read1(CHUNK):
            content += chunk
            if len(content) > self._most_bytes:
                raise self._too_large()
        if announced is not None and len(content) < announced:
            raise NotNow(f"the answer was cut after {len(content)} of {announced} bytes")
        return bytes(content)

    def _too_large(self) -> ServerRefused:
        return ServerRefused(
            f"{self.server}: answered with more than {self._most_bytes // 2**20} MB. "
            "Fix: a smaller --tile or --batch, or raise --max-message-mb knowingly"
        )

    def _read(self, response: http.client.HTTPResponse, content: bytes, path: str) -> dict:
        status = response.status
        if 300 <= status < 400:
            raise self._moved(response, path)
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if status == 200 and isinstance(answer, dict) and "error" not in answer:
            return answer
        if isinstance(answer, dict) and "error" in answer:
            reason = str(answer["error"])
        else:
            reason = content[:200].decode(errors="replace") or "an empty answer"
        reason = in_one_line(reason)
        if status in PASSING:
            raise NotNow(f"HTTP {status}: {reason}")
        named = isinstance(answer, dict) and "error" in answer
        if 200 <= status < 300 and not named:
            # Where nothing announces the length, a cut looks like an end.
            if response.length is None and not response.chunked and answer is None and content.lstrip()[:1] == b"{":
                raise NotNow(f"the answer was cut after {len(content)} bytes")
            coding = response.getheader("Content-Encoding")
            raise misunderstood(self.server, f"HTTP {status}, {f'encoded by {coding}' if coding else reason}")
        raise ServerRefused(
            f"{self.server} ({self.model}) refused with HTTP {status}: {reason}{REMEDIES.get(status, '')}"
        )

    def _moved(self, response: http.client.HTTPResponse, path: str) -> ServerRefused:
        """A redirect is not followed: a token would go to whoever is named."""
        told = in_one_line(response.getheader("Location") or "")
        try:
            location = urllib.parse.urljoin(self.server, told).removesuffix(path)
        except ValueError:
            location = ""
        if not told or not location.startswith(("http://", "https://")) or len(location) > 300:
            return misunderstood(self.server, f"HTTP {response.status} to {told or 'nowhere'}")
        return ServerRefused(f"{self.server}: sends on to {location}. Fix: --server {shlex.quote(location)}")


@contextlib.contextmanager
def _ended_after(connection: socket.socket, seconds: float, late: list[bool]):
    """Hangs up after that time, whatever the call waits for: a socket's own timeout starts anew with every byte.

    `late` is empty until then.
    """

    def hang_up():
        late.append(True)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0.0), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_no_http(error: http.client.BadStatusLine) -> bool:
    """Whether what came is no beginning of an answer that was cut, such as what gRPC sends."""
    begun = str(error.args[0])[:5]
    return not isinstance(error, http.client.RemoteDisconnected) and not "HTTP/".startswith(begun)


def _is_named(row) -> bool:
    return isinstance(row, dict) and "b64" not in row


def _plain(value):
    if not isinstance(value, dict):
        return value
    try:
        return base64.b64decode(value["b64"], validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
