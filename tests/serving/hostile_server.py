"""Servers on loopback that do not answer as TensorFlow Serving does: for tests and for `scripts/fuzz.py`."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket, bytes, int], None]) -> Iterator[str]:
    """Runs `answer(connection, request, number)` for each connection, once the head and body of its request are there.

    Yields `http://127.0.0.1:PORT`.
    """
    server = socket.create_server(("127.0.0.1", 0))
    numbers = iter(range(10**9))

    def serve(connection):
        with contextlib.suppress(OSError), connection:
            request = b""
            while b"\r\n\r\n" not in request or len(request.partition(b"\r\n\r\n")[2]) < _length(request):
                part = connection.recv(65536)
                if not part:
                    return
                request += part
            answer(connection, request, next(numbers))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def reply(content: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer; `length` announces another size than it has."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(content) if length is None else length}\r\n\r\n".encode() + content
    )


def drip(connection: socket.socket, content: bytes, pause_s: float = 0.05) -> None:
    """Sends byte by byte, for ever."""
    for position in range(10**9):
        connection.sendall(content[position : position + 1] or b" ")
        time.sleep(pause_s)


def _length(request: bytes) -> int:
    for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0
