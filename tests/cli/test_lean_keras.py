"""A command starts without what Keras loads for functions that it never calls, and nothing else misses it."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from semicurv_tf.cli.lean_keras import keep_keras_lean
keep_keras_lean()
keep_keras_lean()
import keras
loaded = [name for name in ("sklearn", "matplotlib.pyplot") if name in sys.modules]
import matplotlib.pyplot
works = float(keras.ops.sum(keras.Sequential([keras.layers.Dense(1)])(keras.ops.zeros((2, 3)))))
finders = sum("lean_keras" in repr(each) for each in sys.meta_path)
print(json.dumps([loaded, len(matplotlib.pyplot.get_fignums()), works, finders]))
"""


def test_keras_works_and_pyplot_is_there_for_who_wants_it():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], 0, 0.0, 1]
