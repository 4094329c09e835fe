"""Reads a JSON file that should hold an object, or says in one line what is wrong with it."""

import json
from pathlib import Path
from typing import TypeGuard

from semicurv_tf.errors import UserError
from semicurv_tf.regular_files import read_regular

MOST_BYTES = 200_000_000  # the rows of a million images


def read_object(path: Path, remedy: str) -> dict:
    """The object in a JSON file.

    Args:
        path: the file.
        remedy: what the user can do where it is none: the part of the message after "Fix: ".

    Raises:
        UserError: missing, unreadable, no regular file, far too large, no JSON, or another value than an object.
    """
    try:
        content = json.loads(read_regular(path, MOST_BYTES, remedy).decode("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: missing. Fix: {remedy}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}). Fix: {remedy}") from None
    except MemoryError:
        raise UserError(f"{path}: expected JSON that fits in memory, found more. Fix: {remedy}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: expected JSON, found a damaged file ({_short(error)}). Fix: {remedy}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected a JSON object, found {type(content).__name__}. Fix: {remedy}")
    return content


def is_number(value) -> TypeGuard[int | float]:
    """Whether a value of a JSON file is a number; true, false and whole numbers beyond a float's range are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def is_count(value, least: int = 1) -> bool:
    """Whether a value of a JSON file is a whole number of at least `least`; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
