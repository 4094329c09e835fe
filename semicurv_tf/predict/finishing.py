"""Which threshold and which steps make masks of probabilities: what was chosen, unless the user says otherwise."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.postprocessing.settings import PostProcessing, from_dict
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.wording import typed

NONE = "none"
Choice = tuple[float | None, PostProcessing]


def finishing(
    options: PredictorOptions, own: Callable[[], Choice], default: float = 0.5
) -> tuple[float, PostProcessing]:
    """The threshold and the steps after it.

    A threshold and steps are chosen together: where the user gives another threshold, the steps are not taken either,
    unless `options.postprocessing` names where they stand.

    Args:
        options: what the user asks for.
        own: gives what was chosen for the network itself; asked only where it is needed.
        default: the threshold where none was chosen.

    Raises:
        UserError: `options.postprocessing` names nothing, or the hysteresis does not begin below the threshold.
    """
    threshold, steps = None, PostProcessing()
    if options.postprocessing not in (None, NONE):
        threshold, steps = chosen_at(options.postprocessing or "")
    elif options.threshold is None:
        threshold, steps = own()
        if options.postprocessing == NONE:
            steps = PostProcessing()
    if options.threshold is not None:
        threshold = options.threshold
    given: dict = {}
    if options.smallest_component_px is not None:
        given["smallest_component_px"] = options.smallest_component_px
    if options.hysteresis is not None:
        given["hysteresis_low"] = options.hysteresis or None
    if options.bridge_px is not None:
        given["bridge_px"] = options.bridge_px
    steps = dataclasses.replace(steps, **given)
    threshold = threshold or default
    steps.require_below(threshold)
    return threshold, steps


def chosen_at(place: str) -> Choice:
    """What was chosen for a run, or is in the card of an export.

    Raises:
        UserError: the folder is neither.
    """
    from semicurv_tf.export.card import card_path
    from semicurv_tf.export.conversion import is_converted

    if card_path(place).is_file() or is_converted(place):
        return of_card(place)
    from semicurv_tf.training.run_folder import THRESHOLD, chosen_postprocessing, chosen_threshold

    if not Path(place, THRESHOLD).is_file():
        raise UserError(
            f"--postprocessing {place}: expected none, an exported version, or a run with {THRESHOLD}, found neither. "
            f"Fix: semicurv-tf evaluate --run {typed(place)} --choose postprocessing, or --postprocessing none"
        )
    return chosen_threshold(place), chosen_postprocessing(place)


def of_card(version: str) -> Choice:
    """What the card of an export says, whatever its format; its graph may hold the threshold, never the steps."""
    from semicurv_tf.export.card import CARD, card_path, read_card
    from semicurv_tf.export.conversion import is_converted, read_converted

    converted = is_converted(version)
    card, path = (
        (read_converted(version), Path(version, CARD)) if converted else (read_card(version), card_path(version))
    )
    return card.get("threshold"), from_dict(card.get("postprocessing"), path)
