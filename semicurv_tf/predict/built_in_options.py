"""What the options of a prediction mean for the built-in network. Loads no TensorFlow."""

from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.weights.builtin import read_weights
from semicurv_tf.weights.scales import SCALES, THRESHOLD, scales_for
from semicurv_tf.wording import counted

BUILT_IN = "curves"


def built_in_threshold(kind: str | None = None) -> float:
    """The threshold of the card: chosen on drawn images; for a kind of structure, on training images of that kind."""
    card = read_weights(BUILT_IN).card
    return card.get("threshold_by_kind", {}).get(kind, card.get("threshold", THRESHOLD))


def notes_on_options(options: PredictorOptions, names_lines: bool = False) -> list[str]:
    """What the user should know of options that change nothing for the built-in network, a line each.

    Args:
        options: what the user asks for, without a run, an export and a server.
        names_lines: whether `kind` also names the lines that are written.
    """
    notes = []
    if options.tta == "scales":
        seen = len(SCALES if options.width_px is None else scales_for(options.width_px))
        notes.append(f"note: --tta scales changes nothing: the built-in network sees {counted(seen, 'scale')} as it is")
    if options.kind is None or names_lines:
        return notes
    if options.threshold is not None:
        notes.append(f"note: --kind {options.kind} changes nothing beside --threshold {options.threshold:g}")
    elif options.kind not in read_weights(BUILT_IN).card.get("threshold_by_kind", {}):
        said = f"no threshold was chosen for it, {built_in_threshold(options.kind):g} is taken"
        notes.append(f"note: --kind {options.kind} changes nothing: {said}")
    return notes
