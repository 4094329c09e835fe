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
    """What was chosen for a run, or is in the card of an exported version.

    Raises:
        UserError: the folder is neither.
    """
    from semicurv_tf.export.card import card_path

    if card_path(place).is_file():
        return of_card(place)
    from semicurv_tf.training.run_folder import THRESHOLD, chosen_postprocessing, chosen_threshold

    if not Path(place, THRESHOLD).is_file():
        raise UserError(
            f"--postprocessing {place}: expected none, an exported version, or a run with {THRESHOLD}, found neither. "
            f"Fix: semicurv-tf evaluate --run {typed(place)} --choose postprocessing, or --postprocessing none"
        )
    return chosen_threshold(place), chosen_postprocessing(place)


def of_card(version: str) -> Choice:
    """What the card of an exported version says; its graph holds the threshold, never the steps."""
    from semicurv_tf.export.card import card_path, read_card

    card = read_card(version)
    return card.get("threshold"), from_dict(card.get("postprocessing"), card_path(version))
