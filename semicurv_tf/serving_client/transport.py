"""What REST and gRPC have in common: how a model is named, how faults are told, how a call is repeated."""

import dataclasses
import random
import time
from collections.abc import Callable

from semicurv_tf.errors import UserError
from semicurv_tf.inference.predictor import PredictorLost

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0


class ServerRefused(UserError):
    """The server answered, and refused this request; others may well be served."""


class ServerLost(PredictorLost):
    """The server did not answer within the deadline."""


class NotNow(Exception):
    """A fault that may pass (no connection, overload): worth another try."""


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
        ServerLost: the deadline has passed; the last reason is in the message.
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
                raise ServerLost(
                    f"{server}: no answer within {deadline_s:g} s ({tries} {plural}; the last: {reason}). "
                    "Fix: check that the server runs and is reachable, or raise --deadline"
                ) from None
            sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_S)
