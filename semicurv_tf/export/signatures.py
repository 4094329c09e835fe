"""The signatures of the exported model: raw pixels in, masks of the same size out.

| signature                   | input                                  | outputs                                       |
|-----------------------------|----------------------------------------|-----------------------------------------------|
| `serving_default`           | `image` uint8 (batch, h, w, channels)  | `probability` float32, `mask` uint8 0 or 255  |
| `predict_logits`            | `image` float32, raw 0-255, same shape | `logits` float32                              |
| `predict_bytes`             | `image_bytes` string (batch,) PNG/JPEG | `mask_bytes` PNG, `foreground_fraction`       |
| `predict_probability_bytes` | the same                               | `probability_bytes`, PNG of 16 bit, x 65535   |
| `value_range`               | the same, unread                       | `value_range_bytes`, a text, see below        |

`predict_probability_bytes` serves the blending of tiles, and other thresholds, through REST, where arrays as JSON are
slow. Batch comes first everywhere and nothing is bfloat16 outside, as TF Serving and JSON need it. Names that end in
`_bytes` travel as base64 in JSON.

PNG of 16 bit becomes 8 bit as `predict` reads it, by the range of the training data. `value_range` tells that range,
for clients that send arrays: `images.values.ValueRanges.text`, empty where there is none.

Requests are checked inside the graph: a server compares neither rank nor channels with what a signature says.

Encoded images may come from strangers: `headers.py` tells their size before anything is decoded.
"""

from collections.abc import Callable

import tensorflow as tf

from semicurv_tf.export.containing import or_otherwise
from semicurv_tf.export.exif_orientation import decode_as_read, sides_as_read
from semicurv_tf.export.headers import FORMAT_NOT_SERVED, NO_CODE, UNDECODABLE, pixels_by_header
from semicurv_tf.images.values import ValueRanges

# foreground_fraction where there is no mask (its bytes are empty): one image must not fail the others
# of its batch, into which the server merges the requests of several clients.
SIZE_NOT_SERVED, REQUEST_TOO_LARGE = -2.0, -3.0
SHOWN = 8  # sides of a wrong shape that a message shows
CODES = {
    UNDECODABLE: "damaged: it cannot be decoded",
    SIZE_NOT_SERVED: "of a size that is not served",
    REQUEST_TOO_LARGE: "beyond the pixels of one request",
    FORMAT_NOT_SERVED: "neither PNG nor JPEG, or an animation",
}


def make_signatures(
    logits_of: Callable,
    channels: int,
    *,
    threshold: float,
    size: tuple[int, int] | None,
    max_pixels: int,
    request_pixels: int,
    value_range: ValueRanges | None = None,
) -> dict[str, tuple[Callable, list[tf.TensorSpec]]]:
    """The function and the input specification of each signature.

    Args:
        logits_of: maps float32 images `(batch, height, width, channels)`, raw 0-255, to float32
            logits `(batch, height, width, 1)`.
        channels: 1, 3 or the number of bands.
        threshold: a pixel is foreground where its probability exceeds this.
        size: (height, width) where only one size shall be served; None takes any.
        max_pixels: largest height x width of an image; a larger one is refused before the network
            runs, and before it is decoded, because it would take the whole server down for lack of
            memory. It also bounds how many pixels of a batch are at work at once.
        request_pixels: most pixels of all images of a request, or of the requests that a server merged.
        value_range: of images of 16 bit, from the training data; None measures each image.
    """
    served = _Served(logits_of, channels, threshold, size, max_pixels, request_pixels, value_range)
    arrays = (*(size or (None, None)), channels)
    encoded = [tf.TensorSpec((None,), tf.string, "image_bytes")]
    return {
        "serving_default": (served.serving_default, [tf.TensorSpec((None, *arrays), tf.uint8, "image")]),
        "predict_logits": (served.predict_logits, [tf.TensorSpec((None, *arrays), tf.float32, "image")]),
        "predict_bytes": (served.predict_bytes, encoded),
        "predict_probability_bytes": (served.predict_probability_bytes, encoded),
        "value_range": (served.tell_value_range, encoded),
    }


class _Served:
    """What the signatures compute; a method each, then what they are made of. Arguments as for `make_signatures`."""

    def __init__(self, logits_of, channels, threshold, size, max_pixels, request_pixels, value_range):
        self.channels, self.threshold, self.size, self.value_range = channels, threshold, size, value_range
        self.max_pixels, self.request_pixels = max_pixels, request_pixels
        height, width = size or (None, None)
        # One function each, called by all signatures: its graph is built and stored once.
        once = lambda function, specification: tf.function(function, [specification], autograph=False)
        self.network = once(logits_of, tf.TensorSpec((None, height, width, channels), tf.float32))
        self.header_of = once(self._header_of, tf.TensorSpec((), tf.string))
        self.decoded = once(self._decode_or_empty, tf.TensorSpec((), tf.string))

    def serving_default(self, image):
        with self._checked(image):
            probability, mask = self._predict(tf.cast(image, tf.float32))
        return {"probability": probability, "mask": mask}

    def predict_logits(self, image):
        with self._checked(image):
            raw = self._raw(image)
        with tf.control_dependencies([raw]):
            return {"logits": self._logits_within_memory(image)}

    def predict_bytes(self, image_bytes):
        mask_bytes, fraction = self._per_image(
            image_bytes, self._mask_of, lambda code: (tf.constant(b""), code),
            (tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.float32)),
        )  # fmt: skip
        return {"mask_bytes": mask_bytes, "foreground_fraction": fraction}

    def predict_probability_bytes(self, image_bytes):
        encoded = self._per_image(
            image_bytes, self._probability_of, lambda code: tf.constant(b""), tf.TensorSpec((), tf.string)
        )  # fmt: skip
        return {"probability_bytes": encoded}

    def tell_value_range(self, image_bytes):
        text = self.value_range.text if self.value_range else ""
        return {"value_range_bytes": tf.fill(tf.shape(image_bytes), text)}

    def _checked(self, image):
        """Refuses images of another rank, number of channels or size, empty ones, and too many pixels.

        What is computed below this context waits for all of it; the message reaches the client as it stands.
        """
        # Nothing at run time compares a request with the signature: a server runs the graph on images of whatever rank,
        # and graph optimisation, which believes the signature, would make constants of the comparisons. It does not
        # look through this operation, which is the identity.
        shape = tf.shape(tf.compat.v1.placeholder_with_default(image, None), tf.int64)
        received = tf.cast(shape, tf.int32)
        height, width = self.size or ("height", "width")
        expected = f"Expected image (batch, {height}, {width}, {self.channels}). Received shape:"
        with tf.control_dependencies([tf.debugging.Assert(tf.size(shape) == 4, [expected, received], SHOWN)]):
            shape = tf.identity(shape)
        fixed = (*(self.size or ()), self.channels)
        return tf.control_dependencies([
            tf.debugging.Assert(
                tf.reduce_all(shape[-len(fixed) :] == tf.constant(fixed, tf.int64)), [expected, received], SHOWN
            ),
            tf.debugging.Assert(
                tf.reduce_all(shape > 0),
                ["Expected at least one image of at least one pixel. Received shape:", received],
                SHOWN,
            ),
            tf.debugging.Assert(
                shape[1] * shape[2] <= self.max_pixels,
                [f"Expected images of at most {self.max_pixels} pixels. "
                 "Fix: send tiles, as semicurv_tf.serving_client does. Received shape:", received],
                SHOWN,
            ),
            tf.debugging.Assert(
                tf.reduce_prod(shape[:3]) <= self.request_pixels,
                [f"Expected requests of at most {self.request_pixels} pixels in all. "
                 "Fix: send fewer images in one. Received shape:", received],
                SHOWN,
            ),
        ])  # fmt: skip

    def _raw(self, image):
        """Refuses floats that no image holds; 0 to 1 is no such case, a dark picture has these values as well."""

        def refuse():
            found = [tf.reduce_min(image), tf.reduce_max(image)]
            said = "Expected finite values from 0 to 255 (raw; not scaled to 0..1). Received smallest and largest:"
            return tf.debugging.Assert(False, [said, *found])

        return tf.cond(tf.reduce_all((image >= 0.0) & (image <= 255.0)), tf.no_op, refuse)  # no number: false

    def _predict(self, image):
        probability = tf.sigmoid(self._logits_within_memory(image))
        foreground = probability > self.threshold
        return probability, tf.where(foreground, tf.constant(255, tf.uint8), tf.constant(0, tf.uint8))

    def _logits_within_memory(self, image):
        # A batch of more pixels than one image may have goes image by image: batches of small images gain
        # by being one, large ones only take memory, and a server merges what clients send.
        return tf.cond(
            tf.reduce_prod(tf.shape(image, tf.int64)[:3]) <= self.max_pixels,
            lambda: self.network(image),
            lambda: tf.map_fn(lambda one: self.network(one[None])[0], image, parallel_iterations=1),
        )

    def _per_image(self, image_bytes, answer, none, outputs):
        """`answer(image)` of each image that is served, `none(code)` of the others."""

        def one(arguments):
            encoded, code = arguments
            return tf.cond(code == NO_CODE, lambda: self._decoded_or(encoded, answer, none), lambda: none(code))

        codes = self._codes(image_bytes)
        # One after the other: images of a request differ in size, and memory stays that of one image.
        return tf.map_fn(one, (image_bytes, codes), parallel_iterations=1, fn_output_signature=outputs)

    def _codes(self, image_bytes):
        """Of each image, before any is decoded: why it is not served, or `NO_CODE`; float32 (batch,)."""
        headers = tf.TensorSpec((2,), tf.int64), tf.TensorSpec((), tf.float32)
        sides, codes = tf.map_fn(self.header_of, image_bytes, parallel_iterations=1, fn_output_signature=headers)
        pixels = tf.reduce_prod(sides, axis=1)
        fits = pixels <= self.max_pixels
        if self.size:  # compared once more when it is decoded: a file may hold another size than its header says
            fits &= tf.reduce_all(sides == tf.constant(self.size, tf.int64), axis=1)
        codes = tf.where((codes == NO_CODE) & ~fits, SIZE_NOT_SERVED, codes)
        within = tf.cumsum(tf.where(codes == NO_CODE, pixels, 0)) <= self.request_pixels
        return tf.where((codes == NO_CODE) & ~within, REQUEST_TOO_LARGE, codes)

    def _header_of(self, encoded):
        sides, code = pixels_by_header(encoded)
        return sides_as_read(encoded, sides, self.channels), code

    def _decoded_or(self, encoded, answer, none):
        image = self.decoded(encoded)
        whole = tf.size(image) > 0
        served = whole & tf.reduce_all(tf.shape(image)[:2] == tf.constant(self.size)) if self.size else whole
        code = tf.where(whole, SIZE_NOT_SERVED, UNDECODABLE)
        return tf.cond(served, lambda: answer(image), lambda: none(code))

    def _decode_or_empty(self, encoded):
        """The image, or one of size 0 where the bytes are no picture."""
        decode = lambda bytes_: decode_as_read(bytes_, self.channels, self.value_range)
        return or_otherwise(decode, encoded, tf.zeros((0, 0, self.channels), tf.uint8))

    def _mask_of(self, image):
        _, mask = self._predict_decoded(image)
        return tf.io.encode_png(mask), tf.reduce_mean(tf.cast(mask > 0, tf.float32))

    def _probability_of(self, image):
        probability, _ = self._predict_decoded(image)
        return tf.io.encode_png(tf.cast(tf.round(probability * 65535.0), tf.uint16), compression=1)

    def _predict_decoded(self, image):
        # No `ensure_shape` here: graph optimisation then takes the shape for granted outside the branch too.
        image = tf.reshape(image, (*self.size, self.channels)) if self.size else image
        probability, mask = self._predict(tf.cast(image, tf.float32)[None])
        return probability[0], mask[0]
