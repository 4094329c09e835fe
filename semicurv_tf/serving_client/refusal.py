"""Hears a server say that it refuses the client's certificate."""

import contextlib
import socket
import ssl

LISTENS_S = 2.0


def hear_refusal(connection: socket.socket) -> None:
    """Waits a moment, on a TLS connection, for a server that refuses this client, before anything is sent to it.

    With TLS 1.3 a client takes the connection for made before the server has looked at its certificate. What is sent
    meanwhile meets a closed socket, and the reset that comes back wipes out the refusal, unread. So this is done only
    where the connection before was cut.

    Raises:
        ssl.SSLError: the refusal, or the end of the connection.
    """
    before = connection.gettimeout()
    connection.settimeout(LISTENS_S)
    with contextlib.suppress(TimeoutError):
        if not connection.recv(1):
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "cut after the handshake")
    connection.settimeout(before)


def refusal_at(host: str, port: int, context: ssl.SSLContext, seconds: float) -> str | None:
    """Why a server refuses this client, asked by a connection that sends nothing; None where it does not say.

    For gRPC, which tells only that its connection was closed.

    Args:
        host, port: of the server.
        context: with the client's own certificate, where it has one.
        seconds: to connect within.
    """
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((host, port), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            hear_refusal(connection)
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return None
    except ssl.SSLError as error:
        return getattr(error, "verify_message", "") or error.reason or str(error)
    except (OSError, ValueError):
        return None
    return None
