"""Warm-up requests: TensorFlow Serving plays them when it loads a version, so no client waits for it.

`assets.extra/tf_serving_warmup_requests` is a TFRecord file of `PredictionLog` messages, at most
1000 of them; here one per signature and per batch size that the server may form.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.images.encoded import encode_png

WARMUP = "assets.extra/tf_serving_warmup_requests"
SIDE_PX = 128  # where any size is served: small enough that loading stays quick
MISSING = (
    "no warm-up requests written: they need the extra `serving`. "
    "Fix: pip install 'semicurv-tf[serving]' and export again"
)


def batch_sizes(max_batch: int) -> list[int]:
    """Powers of two up to `max_batch`, and itself: what `batching.config` allows.

    Example:
        >>> batch_sizes(12)
        [1, 2, 4, 8, 12]
    """
    powers = [2**exponent for exponent in range(max_batch.bit_length()) if 2**exponent < max_batch]
    return [*powers, max_batch]


def warmup_inputs(channels: int, size: tuple[int, int] | None, max_batch: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """(signature, input name, batch) of each request."""
    height, width = size or (SIDE_PX, SIDE_PX)
    for batch in batch_sizes(max_batch):
        pixels = np.random.default_rng(batch).integers(0, 256, (batch, height, width, channels), np.uint8)
        yield "serving_default", "image", pixels
        yield "predict_logits", "image", pixels.astype(np.float32)
        encoded = np.array([encode_png(image) for image in pixels], object)
        yield "predict_bytes", "image_bytes", encoded
        yield "predict_probability_bytes", "image_bytes", encoded


def write_warmup(
    directory: Path, model_name: str, channels: int, size: tuple[int, int] | None, max_batch: int
) -> tuple[str, ...]:
    """Writes the warm-up file of a version folder; returns what the user should know, in lines."""
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ImportError:
        return (MISSING,)
    import tensorflow as tf

    path = directory / WARMUP
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, name, values in warmup_inputs(channels, size, max_batch):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = model_name
            request.model_spec.signature_name = signature
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString())
    return ()


def read_warmup(directory: str | Path) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """(signature, inputs) of each request of a version folder; needs the extra `serving`."""
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    for record in tf.data.TFRecordDataset(str(Path(directory) / WARMUP)).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        yield (
            request.model_spec.signature_name,
            {name: tf.make_ndarray(value) for name, value in request.inputs.items()},
        )
