"""TLS before a server on loopback, as `serving/proxy.conf` puts it before TensorFlow Serving: it passes bytes on."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path


def make_certificate(folder: Path, name: str, address: str = "IP:127.0.0.1") -> tuple[str, str]:
    """A self-signed certificate and its key, by openssl; `address` is the one it is for."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={address}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return str(certificate), str(key)


@contextlib.contextmanager
def tls_before(port: int, certificate: str, key: str, clients: str | None = None) -> Iterator[int]:
    """Listens with TLS and passes on to `port`; `clients` is the CA of client certificates, which are asked for then.

    Yields the port it listens at.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    server = socket.create_server(("127.0.0.1", 0))

    def serve(plain):
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as outside:
            with socket.create_connection(("127.0.0.1", port)) as inside:
                outside.settimeout(0.05)
                inside.settimeout(0.05)
                while _pass_on(outside, inside) and _pass_on(inside, outside):
                    pass

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def _pass_on(source, target) -> bool:
    """What is there now; whether more may come. One thread does both ways: an SSL socket is not made for two."""
    with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
        part = source.recv(1 << 16)
        if not part:
            return False
        target.settimeout(10)
        target.sendall(part)
        target.settimeout(0.05)
    return True
