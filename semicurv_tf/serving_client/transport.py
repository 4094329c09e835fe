"""What REST and gRPC have in common: how a model is named, how faults are told, how a call is repeated."""

import contextlib
import dataclasses
import random
import time
from collections.abc import Callable, Iterator

from semicurv_tf.errors import USER, UserError
from semicurv_tf.inference.predictor import PredictorLost

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0

# gRPC's own limit is 4 MB, an answer for one image of 1024x1024 (float32). This holds the largest
# image that an export serves by default (2048x2048: 12 MB there, 20 MB back) with room for batches of 8.
MAX_MESSAGE_MB = 256


class ServerRefused(UserError):
    """The server answered, and refused this request; others may well be served."""


class ServerLost(PredictorLost):
    """The server did not answer within the deadline."""


class CannotConnect(PredictorLost):
    """A certificate or a token does not fit: no further try will help."""

    exit_code = USER


class NotNow(Exception):
    """A fault that may pass (no connection, overload): worth another try."""


LARGEST_VERSION = 2**63 - 1  # TF Serving's own type

_TOKEN = ". Fix: --token-file with the server's token"
_NAME = ". Fix: --model-name, --model-version or --label of a model that is served there"
_ADDRESS = ". Fix: check the address: this is no answer of TF Serving"
# What to do where a server refuses, by the status of HTTP or gRPC. Others depend on the reason, which is repeated.
REMEDIES: dict[int | str, str] = {
    401: _TOKEN,
    403: _TOKEN,
    404: _NAME,
    405: _ADDRESS,
    413: ". Fix: a smaller --tile or --batch",
    "UNAUTHENTICATED": _TOKEN,
    "PERMISSION_DENIED": _TOKEN,
    "NOT_FOUND": _NAME,
    "UNIMPLEMENTED": _ADDRESS,
}


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """Which model of a server: the newest version, or one by number, or one by label."""

    name: str = "semicurv"
    version: int | None = None
    label: str | None = None

    def __post_init__(self):
        if self.version is not None and self.label is not None:
            raise UserError("--version: expected a version or a label, found both. Fix: leave one out")

    def __str__(self):
        return self.name + (
            f" version {self.version}" if self.version is not None else f" {self.label}" if self.label else ""
        )


def untrusted(server: str, reason: str) -> CannotConnect:
    """For a certificate that does not fit, the server's or the client's."""
    return CannotConnect(
        f"{server}: no encrypted connection ({reason}). "
        "Fix: --ca-file with the CA of the server's certificate, and --client-certificate where it asks for one"
    )


@contextlib.contextmanager
def understood(server: str) -> Iterator[None]:
    """Says in one line that an answer was another than TensorFlow Serving gives, whatever reading it raised."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise misunderstood(server, f"{type(error).__name__} {error}") from None


def misunderstood(server: str, reason: str) -> ServerRefused:
    """For an answer that TensorFlow Serving does not give."""
    return ServerRefused(
        f"{server}: answered, but not as TensorFlow Serving does ({in_one_line(reason)[:100]}). "
        "Fix: check the address and the model"
    )


def in_one_line(text: str) -> str:
    """What a server said as part of one line: a stranger's text moves no cursor and ends no line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]


def with_retries(call: Callable[[float], object], deadline_s: float, server: str, sleep=time.sleep):
    """Calls until it succeeds or the deadline has passed, pausing longer each time.

    Pauses double from 0.2 s to 5 s, each shortened by up to a half at random, so that many clients of
    a server that comes back do not all knock at once.

    Args:
        call: takes the seconds that are left; raises `NotNow` where another try may help.
        deadline_s: for all tries together.
        server: its address, for the message.
        sleep: waits that many seconds.

    Raises:
        ServerLost: the deadline has passed; the last reason is in the message. Whatever else `call` raises goes on at
            once.
    """
    end, pause, tries = time.monotonic() + deadline_s, FIRST_PAUSE_S, 0
    while True:
        left = end - time.monotonic()
        tries += 1
        try:
            return call(max(left, 0.001))
        except NotNow as reason:
            wait = pause * random.uniform(0.5, 1.0)
            if time.monotonic() + wait >= end:
                plural = "try" if tries == 1 else "tries"
                last = in_one_line(str(reason))
                raise ServerLost(
                    f"{server}: no answer within {deadline_s:g} s ({tries} {plural}; the last: {last}). "
                    "Fix: check that the server runs and is reachable, or raise --deadline"
                ) from None
            sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_S)
