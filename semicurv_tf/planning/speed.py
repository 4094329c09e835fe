"""How fast a core of this machine convolves, measured in a fraction of a second: processors differ threefold."""

import functools
import time

SIDE_PX, CHANNELS, IMAGES, KERNEL_PX = 64, 64, 4, 3  # as in the middle of a network, at a batch of four
GFLOP = 2 * IMAGES * SIDE_PX**2 * CHANNELS**2 * KERNEL_PX**2 / 1e9
SECONDS = 0.4
LEAST_TRIES = 3


@functools.cache
def float32_gflops() -> float:
    """10^9 floating-point operations that a core does in a second, of 3x3 convolutions in float32.

    By processor time, so that what runs beside hardly matters; the best of some tries.
    """
    import tensorflow as tf

    image = tf.random.stateless_uniform([IMAGES, SIDE_PX, SIDE_PX, CHANNELS], [0, 0])
    kernel = tf.random.stateless_uniform([KERNEL_PX, KERNEL_PX, CHANNELS, CHANNELS], [0, 1])
    convolve = lambda: tf.nn.conv2d(image, kernel, 1, "SAME").numpy()
    convolve()  # the first makes the kernel's plan
    tries: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(tries) < LEAST_TRIES or time.perf_counter() < end:
        start = time.process_time()
        convolve()
        tries.append(time.process_time() - start)
    return GFLOP / max(min(tries), 1e-6)
