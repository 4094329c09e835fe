"""Adam by TensorFlow's fused kernel: Keras' formula in few operations, so the graph is built sooner."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("semicurv_tf")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`: same arguments, variables and, but for rounding, results.

    Keras 3 writes the step of each variable as dozens of operations. A UNet has a hundred variables, so a large part of
    a training step's graph was Adam, and building the graph is what a user waits for before the first step. Here one
    operation, `ResourceApplyAdam`, changes a variable and its two moments. With `amsgrad`, and for sparse gradients,
    Keras' own path is taken.
    """

    def apply(self, grads, trainable_variables=None):
        """See `keras.optimizers.Optimizer.apply`."""
        self._shared: dict = {}
        try:
            return super().apply(grads, trainable_variables)
        finally:
            self._shared = {}  # tensors of a graph, which nothing may use later

    def update_step(self, gradient, variable, learning_rate):
        """Changes one variable. Called by Keras for each, on each replica."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            return super().update_step(gradient, variable, learning_rate)
        index = self._get_variable_index(variable)
        first, second = self._momentums[index].value, self._velocities[index].value
        return tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=first.handle,
            v=second.handle,
            grad=tf.cast(gradient, variable.dtype),
            **self._scalars(variable, learning_rate),
        )

    def _scalars(self, variable, learning_rate) -> dict:
        """What is one number of this step: the same tensors for all variables of a device and a type."""
        key = (variable.device, variable.dtype)
        if key not in self._shared:
            constant = lambda value: tf.constant(value, variable.dtype)
            step = tf.cast(self.iterations.value + 1, variable.dtype)
            beta1, beta2 = constant(self.beta_1), constant(self.beta_2)
            self._shared[key] = {
                "beta1": beta1,
                "beta2": beta2,
                "beta1_power": tf.pow(beta1, step),
                "beta2_power": tf.pow(beta2, step),
                "lr": tf.cast(learning_rate, variable.dtype),
                "epsilon": constant(self.epsilon),
            }
        return self._shared[key]
