"""Where messages go, and silence while TensorFlow starts."""

from semicurv_tf.quiet import quiet_start  # noqa: F401  commands take both from here


def console():
    """Progress and messages go to standard error as they are; standard output is for results."""
    from rich.console import Console

    # File names may hold brackets, which are no markup, and a long line is the terminal's to break.
    return Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
