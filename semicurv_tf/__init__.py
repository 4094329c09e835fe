"""SemiCurv (Xu et al., IEEE TIP 2022) in TensorFlow: thin, branching structures from few labels.

Nothing heavy is imported here, so that `semicurv-tf --help` answers at once: import the part you
need, e.g. `from semicurv_tf.models import ResidualUNet`.
"""

__version__ = "0.1.0"
