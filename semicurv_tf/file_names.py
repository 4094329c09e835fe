"""Names that users give to files that are written: a file has the format that its name says, or is refused."""

import itertools
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.wording import typed


def require_suffix(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuses a name that says another format than the one written, or that a folder has.

    Args:
        option: as the user typed it, e.g. "--output".
        path: the name.
        suffixes: of the formats that can be written, in small letters; capitals will do in the name, too.

    Raises:
        UserError: with a name that fits and that nothing has.
    """
    folder = path.is_dir()
    if path.suffix.lower() in suffixes and not folder:
        return
    wanted = path / f"{option.lstrip('-')}{suffixes[0]}" if folder else path.with_suffix(suffixes[0])
    raise UserError(
        f"{option} {path}: expected a name that ends in {' or '.join(suffixes)}"
        f"{', found a folder' if folder else ''}. Fix: {option} {typed(free_name(wanted))}"
    )


def free_name(path: Path) -> Path:
    """The name itself where nothing has it; else the one in the same folder with the first number that is free."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return next(name for name in itertools.chain([path], numbered) if not name.exists())
