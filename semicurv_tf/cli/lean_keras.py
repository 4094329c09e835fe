"""Keras without the packages that it loads for what no command calls, so that commands start sooner.

Keras 3 imports scikit-learn, where it is installed, for wrappers in its style, and pyplot for galleries; it goes on
without either. Only while Keras itself loads do they seem to be absent: whoever imports them later gets them.
"""

import importlib.abc
import sys

UNUSED = ("sklearn", "matplotlib.pyplot")


class _WhileKerasLoads(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname in UNUSED and _is_loading("keras"):
            raise ModuleNotFoundError(f"{fullname} is left out while Keras loads", name=fullname)


def _is_loading(package: str) -> bool:
    spec = getattr(sys.modules.get(package), "__spec__", None)
    return getattr(spec, "_initializing", False)  # Python's own mark; without it all is loaded as ever


_FINDER = _WhileKerasLoads()


def keep_keras_lean() -> None:
    """From now on in this process; where Keras is loaded already, nothing changes."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
