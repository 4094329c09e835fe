"""How a server is known and how it knows its client: certificates and tokens, read from files, never from options."""

import dataclasses
import ipaddress
import ssl
import urllib.parse
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.regular_files import read_regular

MOST_BYTES = 10_000_000  # of a file; the certificates of all public authorities take a fiftieth
# What the shell opened for this process, as for `--token-file <(COMMAND)`: a pipe too, but one that ends.
OF_THE_SHELL = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
MOST_TOKEN_CHARACTERS = 16_000


@dataclasses.dataclass(frozen=True)
class Security:
    """Files of the connection; all may be absent.

    Attributes:
        token_file: its one line is sent as `Authorization: Bearer LINE`.
        ca_file: certificates (PEM) that the server's is checked against, in place of the system's.
        certificate_file, key_file: the client's own certificate and key (PEM), for servers that ask for one.
    """

    token_file: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None

    def require_fitting(self, url: str, encrypted: bool, host: str) -> None:
        """Refuses settings that the connection would drop in silence, or send where everyone can read them.

        Args:
            url: the address, for the message.
            encrypted: whether the connection is TLS.
            host: of the address.

        Raises:
            UserError: naming the option.
        """
        if (self.certificate_file is None) != (self.key_file is None):
            given, missing = ("certificate", "key") if self.key_file is None else ("key", "certificate")
            raise UserError(f"--client-{given}: expected --client-{missing} beside it, found none. Fix: give both")
        secure = url.replace("http://", "https://").replace("grpc://", "grpcs://")
        for option, value in (("--ca-file", self.ca_file), ("--client-certificate", self.certificate_file)):
            if value is not None and not encrypted:
                raise UserError(f"{option}: of no use over {url}, which is not encrypted. Fix: {secure}")
        if self.token_file is not None and not encrypted and not _is_loopback(host):
            raise UserError(f"--token-file: {url} would send it unencrypted, for all to read. Fix: {secure}")

    def token(self) -> str | None:
        """The token.

        Raises:
            UserError: the file cannot be read, or is not one line.
        """
        if self.token_file is None:
            return None
        lines = _read(self.token_file, "--token-file").decode("utf-8", "replace").split()
        if (
            len(lines) != 1
            or len(lines[0]) > MOST_TOKEN_CHARACTERS
            or not (lines[0].isascii() and lines[0].isprintable())
        ):
            raise UserError(f"--token-file {self.token_file}: expected one line with a token. Fix: put it there alone")
        return lines[0]

    def context(self) -> ssl.SSLContext:
        """For REST: names and certificates are always checked.

        Raises:
            UserError: a file cannot be read or is none.
        """
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context = ssl.create_default_context(cadata=_pem(_read(self.ca_file, "--ca-file"), self.ca_file))
        if self.certificate_file is not None and self.key_file is not None:
            _read(self.certificate_file, "--client-certificate"), _read(self.key_file, "--client-key")
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, password=lambda: b"")
            except (ssl.SSLError, OSError, ValueError):
                raise UserError(
                    f"--client-certificate {self.certificate_file}: expected a certificate, and its unlocked key in "
                    f"{self.key_file}, both as PEM. Fix: check with openssl x509 -in FILE -noout -text"
                ) from None
        return context

    def grpc_credentials(self, grpc):
        """For gRPC; `grpc` is the module.

        Raises:
            UserError: a file cannot be read or is none.
        """
        self.context()  # says what is wrong with the files; gRPC itself would only fail to connect
        read = lambda file, option: None if file is None else _read(file, option)
        return grpc.ssl_channel_credentials(
            root_certificates=read(self.ca_file, "--ca-file"),
            private_key=read(self.key_file, "--client-key"),
            certificate_chain=read(self.certificate_file, "--client-certificate"),
        )


def split_address(url: str, kinds: dict[str, bool]) -> tuple[bool, str, int | None, str]:
    """Whether the connection is encrypted, host, port and path of an address.

    Args:
        url: such as `https://host:8501/prefix`.
        kinds: the schemes that are known, and whether each is encrypted.

    Raises:
        UserError: none of these, or with a name and password in it, which would end in logs and process lists.
    """
    expected = " or ".join(f"{kind}://host:port" for kind in kinds)
    try:
        parts = urllib.parse.urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise UserError(f"--server {url[:200]}: expected {expected}. Fix: {_PORTS}") from None
    if "@" in parts.netloc:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        raise UserError(f"--server {shown}: a password in an address is read by others. Fix: --token-file FILE")
    if parts.scheme not in kinds or not host or parts.query or parts.fragment or not _plain(host):
        raise UserError(f"--server {url[:200]}: expected {expected}. Fix: {_PORTS}")
    return kinds[parts.scheme], host, port, parts.path.rstrip("/")


_PORTS = "TF Serving listens on 8500 (gRPC) and 8501 (REST)"


def _plain(host: str) -> bool:
    return host.isprintable() and not set(host) & set(" \\\"'<>^`{|}%")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(file: str, option: str) -> bytes:
    try:
        if file.startswith(OF_THE_SHELL):
            with open(file, "rb") as opened:
                return opened.read(MOST_BYTES)
        return read_regular(Path(file), MOST_BYTES, "name a file you may read")
    except UserError as error:
        raise UserError([f"{option} {line}" for line in error.lines]) from None
    except OSError as error:
        raise UserError(f"{option} {file}: cannot be read ({error.strerror}). Fix: name a file you may read") from None


def _pem(content: bytes, file: str) -> str:
    text = content.decode("ascii", "replace")
    try:
        ssl.create_default_context(cadata=text)
        if "BEGIN CERTIFICATE" not in text:
            raise ValueError
    except (ssl.SSLError, ValueError):
        raise UserError(
            f"--ca-file {file}: expected certificates as PEM, found none. Fix: the server's CA, as PEM"
        ) from None
    return text
