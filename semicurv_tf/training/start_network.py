"""Which network a start needs: that of another run, or of a file of weights.

Nothing here loads TensorFlow: `train --from` decides afterwards which kernels it takes.
"""

from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.training import run_folder
from semicurv_tf.weights.builtin import BUILT_IN, START_FILE, read_weights
from semicurv_tf.wording import typed

# Of the section `model`, what another run must have alike for its weights to fit.
OF_THE_NETWORK = ("name", "widths", "encoding", "encoding_period", "trunk")
KEPT = ("widths", "encoding")  # said in any case: a recipe may say otherwise


def is_run(start: str | Path) -> bool:
    """Whether a start is the folder of a run, which it is not where it names built-in weights.

    A folder `curves` in the working directory is meant by `./curves` alone.

    Raises:
        UserError: the folder of a pre-training, whose start is a file in it.
    """
    if str(start) in BUILT_IN or not Path(start).is_dir():
        return False
    file = Path(start, START_FILE)
    if file.is_file() and not Path(start, run_folder.CONFIG).is_file():
        raise UserError(
            f"model.start: expected the folder of a training, or a file of weights, found {start}, the folder of a "
            f"pre-training. Fix: --from {typed(file)} in its place"
        )
    return True


def settings_of_start(start: str | Path) -> dict:
    """Dotted keys of the network that a run or file needs, and the size at which a run sees images; the user's win.

    Raises:
        UserError: no such run or file.
    """
    if not is_run(start):
        return {"model.widths": list(read_weights(start).widths)}
    config = run_folder.read_config(Path(start))
    model, defaults = config.model, type(config.model)(name=config.model.name)
    own = {key: getattr(model, key) for key in OF_THE_NETWORK}
    needed = {
        f"model.{key}": list(value) if isinstance(value, tuple) else value
        for key, value in own.items()
        if key == "name" or value != getattr(defaults, key) or (key in KEPT and value is not None)
    }
    seen = config.data.resize  # its structures are as wide as that
    return ({"data.resize": seen} if seen else {}) | needed
