"""What a run begins with: random weights, the built-in ones, or those of a file; student and teacher alike."""

from semicurv_tf.config import Config
from semicurv_tf.errors import UserError
from semicurv_tf.weights.builtin import read_weights
from semicurv_tf.weights.start import load_start

RANDOM = "none"


def start_facts(config: Config) -> dict | None:
    """What the run remembers of its start; None where it begins at random.

    Reads the file, so that a fault is said early.

    Raises:
        UserError: no such weights, a damaged file, or weights of other widths.
    """
    if config.model.start == RANDOM:
        return None
    weights = read_weights(config.model.start)
    if config.model.widths != weights.widths:
        wanted = f"[{','.join(map(str, weights.widths))}]"
        found = f"[{','.join(map(str, config.model.widths or ()))}]"
        raise UserError(
            f"model.start: {config.model.start} is for model.widths {wanted}, found {found}. "
            f"Fix: --set model.widths={wanted}, or --set model.start=none"
        )
    return {"name": config.model.start, "sha256": weights.card["sha256"], "steps": weights.card.get("steps")}


def begin(learner, config: Config) -> None:
    """Gives student and teacher the weights of `model.start`; random weights stay."""
    if config.model.start == RANDOM:
        return
    load_start(learner.student, config.model.start)
    if learner.teacher is not None:
        learner.teacher.set_weights(learner.student.get_weights())
