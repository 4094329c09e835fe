"""The model card: what an exported model is, inside its version folder."""

import json
from pathlib import Path

from semicurv_tf.errors import UserError

CARD = "model_card.json"


def card_path(version: str | Path) -> Path:
    """Where a version folder keeps its card; TF Serving does not read `assets.extra` files it does not know."""
    return Path(version) / "assets.extra" / CARD


def read_card(version: str | Path) -> dict:
    """The card of an exported version folder.

    Raises:
        UserError: the folder is no export of this project.
    """
    path = card_path(version)
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        versions = sorted(entry.name for entry in Path(version).glob("*") if entry.name.isdigit())
        remedy = f"Fix: name one of its versions, {version}/{versions[-1]}" if versions else "Fix: semicurv-tf export"
        raise UserError(
            f"{version}: expected an exported version folder, found no {path.relative_to(version)}. {remedy}"
        ) from None
    except ValueError:
        raise UserError(f"{path}: expected JSON, found a damaged file. Fix: export again") from None
