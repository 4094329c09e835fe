"""Serves the page to a browser on this machine alone.

It listens on 127.0.0.1. Every address begins with a token that is drawn for each call; a request without it, or by
another name of the host (DNS rebinding), or from another site's page, is refused before anything is looked at. Images
go by number: no address holds a path. What is sent may be as long as a mask and no longer.
"""

import hmac
import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from semicurv_tf.errors import UserError
from semicurv_tf.review.session import LARGEST_PIXELS, Review, bytes_of

HOST = "127.0.0.1"
LARGEST_BODY_BYTES = bytes_of(1, LARGEST_PIXELS)
_SECONDS = 60  # for a request to arrive
_PAGE, _SCRIPT, _STYLE = (Path(__file__).with_name(f"page.{suffix}") for suffix in ("html", "js", "css"))


class ReviewServer(ThreadingHTTPServer):
    """The server of one session.

    Args:
        review: the session.
        port: 0: any that is free.

    Attributes:
        token: what every address begins with.

    Raises:
        UserError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, review: Review, port: int = 0):
        self.review, self.token = review, secrets.token_urlsafe(32)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise UserError(
                f"--port {port}: cannot be had ({error.strerror or error}). Fix: leave --port out for a free one"
            ) from None

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request, client_address):
        """A browser that hangs up is no news."""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, said: str):
        super().__init__(said)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    server_version = sys_version = "semicurv-tf"
    timeout = _SECONDS
    _is_last = False

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._post)

    def log_message(self, format, *args):
        """Nothing: addresses hold the token."""

    def _answer(self, act):
        try:
            parts = self._allowed()
            kind, content = act(parts)
            self._send(HTTPStatus.OK, kind, content)
            if self._is_last:
                self.server.shutdown()  # only now: the process does not wait for a thread that has yet to answer
        except _Refused as refused:
            self.close_connection = True  # a body that was not read would pass for the next request
            self._send(refused.status, "application/json", _json({"error": str(refused)}))
        except UserError as error:
            self._send(HTTPStatus.CONFLICT, "application/json", _json({"error": "\n".join(error.lines)}))
        except MemoryError:
            said = "not enough memory for this image. Fix: less --memory, or cut it into tiles"
            self._send(HTTPStatus.CONFLICT, "application/json", _json({"error": said}))

    def _allowed(self) -> list[str]:
        """The parts of the address behind the token."""
        hosts = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        if self.headers.get("Host") not in hosts:
            raise _Refused(HTTPStatus.FORBIDDEN, "another host")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            raise _Refused(HTTPStatus.FORBIDDEN, "another site's page")
        token, _, rest = urlsplit(self.path).path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise _Refused(HTTPStatus.FORBIDDEN, "wrong token")
        return rest.split("/")

    def _get(self, parts: list[str]) -> tuple[str, bytes]:
        review = self.server.review
        if parts == [""]:
            return "text/html; charset=utf-8", b""
        if parts == ["images"]:
            rows = [{"name": one.name, "labelled": one.mask is not None, "saved": one.saved} for one in review.images]
            return "application/json", _json(rows)
        about, number = self._numbered(parts)
        if about == "about":
            return "application/json", _json(review.about(number))
        if about == "image":
            return "image/png", review.picture(number)
        views = {"probability": review.probability, "mask": review.bits, "predicted": review.predicted_bits}
        if about in views:
            return "application/octet-stream", views[about](number)
        raise _Refused(HTTPStatus.NOT_FOUND, "nothing of this name")

    def _post(self, parts: list[str]) -> tuple[str, bytes]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "no length")
        if int(length) > LARGEST_BODY_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST_BODY_BYTES} bytes")
        if parts == ["end"]:
            self._is_last = True
            return "application/json", _json({})
        about, number = self._numbered(parts)
        if about != "mask":
            raise _Refused(HTTPStatus.NOT_FOUND, "nothing of this name")
        content = self.rfile.read(int(length))
        try:
            saved = self.server.review.save(number, content)
        except ValueError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        relative = lambda path: None if path is None else path.relative_to(self.server.review.folder).as_posix()
        return "application/json", _json({"mask": relative(saved.mask), "copy": relative(saved.copy)})

    def _numbered(self, parts: list[str]) -> tuple[str, int]:
        if len(parts) == 2 and parts[1].isascii() and parts[1].isdecimal() and len(parts[1]) < 10:
            number = int(parts[1])
            if number < len(self.server.review.images):
                return parts[0], number
        raise _Refused(HTTPStatus.NOT_FOUND, "nothing of this name")

    def _send(self, status: HTTPStatus, kind: str, content: bytes):
        nonce = secrets.token_urlsafe(16)
        if kind.startswith("text/html"):
            content = page(nonce)
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            **({"Connection": "close"} if self.close_connection else {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def page(nonce: str) -> bytes:
    """The page, script and style within it."""
    text = _PAGE.read_text(encoding="utf-8").replace("NONCE", nonce)
    for mark, path in (("/*STYLE*/", _STYLE), ("/*SCRIPT*/", _SCRIPT)):
        text = text.replace(mark, path.read_text(encoding="utf-8"))
    return text.encode()


def _json(content) -> bytes:
    return json.dumps(content).encode()
