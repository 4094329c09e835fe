"""`tfds.load("drive128")` after `import semicurv_tf.data`, without importing TensorFlow for it.

TFDS registers a builder when its class is made, which needs TFDS and TensorFlow (seconds). Commands
such as `semicurv-tf --help` import this package without needing either, so the builders are made
when TFDS itself is imported: at once where it already was, else right after.
"""

import importlib
import importlib.abc
import importlib.util
import sys

_BUILDERS = "semicurv_tf.data.builders"


def register_builders() -> None:
    """Makes this project's datasets known to TFDS, now or as soon as TFDS is imported."""
    if "tensorflow_datasets" in sys.modules:
        importlib.import_module(_BUILDERS)
    elif not any(isinstance(finder, _AfterTfds) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterTfds())


class _AfterTfds(importlib.abc.MetaPathFinder):
    """Waits for the import of TFDS, lets it happen as usual, then imports the builders."""

    def find_spec(self, name, path, target=None):
        if name != "tensorflow_datasets":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_then_register(module):
            execute(module)
            importlib.import_module(_BUILDERS)

        spec.loader.exec_module = execute_then_register
        return spec
