"""Batches for training and evaluation (DESIGN: `{"labelled": ..., "unlabelled": ...}`).

Batch k is a pure function of (seed, k): the order of a stream in its n-th pass is
`tf.random.experimental.index_shuffle` keyed by (seed, stream, n), and crops are placed by stateless
random numbers keyed by (seed, stream, k). So a resumed run sees the batches that the uninterrupted
one would have seen, and no state of the input needs to be saved. Labelled and unlabelled streams
run through their images independently, each over and over: neither starves.
"""

import dataclasses
import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from semicurv_tf.data.dense_window import densest_window
from semicurv_tf.data.store import ImageStore
from semicurv_tf.data.unknown_pixels import UNKNOWN, place_in_boxes
from semicurv_tf.errors import UserError

LABELLED, UNLABELLED = 0, 1  # stream numbers, part of the random key

USUAL_CROP_PX = 256  # whatever the size of the images: memory and time of a step follow it
PLACES_TRIED = 8  # of a crop that hardly holds a pixel that counts
ENOUGH_VALID = 0.5  # of a crop's pixels
_NEXT_PLACE = np.array([0.7548776662466927, 0.5698402909980532], np.float32)  # 1 / g, 1 / g^2 with g^3 = g + 1
_SMALL_PART = 0.25  # of an image; below it is worth reading rows from disk rather than decoding all


def training_batches(
    train_store: ImageStore,
    labelled_indices: Sequence[int],
    unlabelled_indices: Sequence[int],
    *,
    batch_labelled: int,
    batch_unlabelled: int,
    crop: int | None,
    seed: int,
    first_step: int,
    steps: int,
    replicas: int = 1,
    mine: range = range(1),
) -> tf.data.Dataset:
    """The batches of steps `first_step` to `first_step + steps - 1`.

    Where replicas share a step, each gets an equal part of the batch, in their order, and a process
    reads the images of its own replicas only.

    Args:
        train_store: the training images.
        labelled_indices: positions of the labelled images in the store; none: that part of a batch has no image.
        unlabelled_indices: positions of the images whose masks are not to be looked at.
        batch_labelled: labelled images a step, at least 1.
        batch_unlabelled: unlabelled images a step; 0 leaves "unlabelled" out of the batches.
        crop: side in pixels of square crops at random places; smaller images are padded by
            reflection, the padding not valid. None: whole images.
        seed: of order and crops.
        first_step: where to begin, e.g. where a resumed run goes on.
        steps: how many batches.
        replicas: devices that share a step; they divide both batch sizes.
        mine: numbers of the replicas whose parts are wanted.

    Returns:
        Dataset of {"labelled": {"image", "mask", "valid"}, "unlabelled": {"image", "valid"},
        "step"}: float32 (batch / replicas, height, width, channels) with images raw 0-255 and masks
        0 or 1, all shapes static; "step" is a scalar int64. For each step one element per replica
        of `mine`.

    Raises:
        UserError: if images differ in size and `crop` is None; if a stream has no images.
    """
    labelled, unlabelled = _as_indices(labelled_indices), _as_indices(unlabelled_indices)
    _require_images(labelled, unlabelled, batch_unlabelled)
    used = np.concatenate([labelled, unlabelled]) if batch_unlabelled else labelled
    height, width = (crop, crop) if crop else _common_size(train_store, used)
    shape = (height, width, train_store.shapes[used[0]][-1])
    stream = functools.partial(_Stream, train_store, shape, seed=seed, replicas=replicas)
    batch_labelled = batch_labelled if len(labelled) else 0
    streams = {"labelled": stream(LABELLED, labelled, batch_labelled, ("image", "mask", "valid"))}
    if batch_unlabelled:
        streams["unlabelled"] = stream(UNLABELLED, unlabelled, batch_unlabelled, ("image", "valid"))

    def load(number):
        step, replica = number // len(mine), mine.start + number % len(mine)
        return {"step": step} | {name: each.read(step, replica) for name, each in streams.items()}

    dataset = tf.data.Dataset.range(len(mine) * first_step, len(mine) * (first_step + steps))
    dataset = dataset.map(tf.autograph.experimental.do_not_convert(load), num_parallel_calls=2, deterministic=True)
    # Nothing of it is left to tune, and the end of a run would wait for the thread that tunes, idle: 4 to 7 s of a run
    # of 12 steps.
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(4 * len(mine)).with_options(options)


def _require_images(labelled: np.ndarray, unlabelled: np.ndarray, batch_unlabelled: int) -> None:
    if not len(labelled) and not batch_unlabelled:
        raise UserError(
            "--labels: expected at least one labelled training image, found none. Fix: raise --labels, or add masks"
        )
    if batch_unlabelled and not len(unlabelled):
        raise UserError(
            "--labels: expected unlabelled training images for this method, found none. "
            "Fix: lower --labels, give --unlabelled-dir, or take --method supervised"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _Stream:
    """Images of one kind, over and over, each pass in another order.

    Attributes:
        store: where they are.
        shape: (height, width, channels) of what is read of each.
        number: `LABELLED` or `UNLABELLED`.
        indices: their positions in the store.
        batch: images a step; 0: batches are empty.
        keys: what is read of each: "image", "mask", "valid".
        seed: of order and crops.
        replicas: devices that share a step.
    """

    store: ImageStore
    shape: tuple[int, int, int]
    number: int
    indices: np.ndarray
    batch: int
    keys: tuple[str, ...]
    seed: int
    replicas: int

    def read(self, step: tf.Tensor, replica: tf.Tensor) -> dict[str, tf.Tensor]:
        """A replica's part of the batch of a step: float32 (batch / replicas, height, width, channels) by key."""
        share = self.batch // self.replicas
        height, width, channels = self.shape
        shapes = {key: (share, height, width, channels if key == "image" else 1) for key in self.keys}
        if not share:
            return {key: tf.zeros(shape) for key, shape in shapes.items()}
        chosen = _shuffled(step, self.indices, self.batch, self.seed, self.number)
        places = tf.random.stateless_uniform((self.batch, 2), _key(self.seed, self.number, step))
        mine = slice(replica * share, (replica + 1) * share)
        arrays = tf.numpy_function(self._read_parts, [chosen[mine], places[mine]], [tf.float32] * len(self.keys))
        for key, array in zip(self.keys, arrays):
            array.set_shape(shapes[key])
        return dict(zip(self.keys, arrays))

    def _read_parts(self, chosen: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
        height, width, _ = self.shape
        parts = [_read_part(self.store, i, p, height, width, self.number) for i, p in zip(chosen, places)]
        return [np.stack([part[key] for part in parts]).astype(np.float32) for key in self.keys]


def evaluation_batches(
    store: ImageStore, batch: int, indices: Sequence[int] | None = None, window: int | None = None
) -> Iterator[dict]:
    """All images of a store that have masks, whole; images of one batch have one size.

    Args:
        store: e.g. the test images.
        batch: the most images of a batch.
        indices: only these positions of the store; None: all.
        window: of an image of more than window x window pixels, the window of this side with the most foreground is
            taken, one or two of them to a batch, so that memory stays bounded; None: all are whole.

    Yields:
        {"name": list of str, "image" (b, h, w, c) raw 0-255, "mask" (b, h, w, 1), "valid"
        (b, h, w, 1)}, float32 NumPy arrays.
    """
    groups = defaultdict(list)
    for index in range(len(store)) if indices is None else indices:
        if store.labelled[index]:
            groups[store.shapes[index]].append(index)
    for group in groups.values():
        height, width = store.shapes[group[0]][:2]
        cut = window if window is not None and height * width > window**2 else None
        most = batch if cut is None else min(batch, 2)
        for begin in range(0, len(group), most):
            chosen = group[begin : begin + most]
            parts = [_counting(_window_of(store.read(index), cut), LABELLED) for index in chosen]
            yield {"name": [store.names[index] for index in chosen]} | {
                key: np.stack([part[key] for part in parts]).astype(np.float32) for key in ("image", "mask", "valid")
            }


def _window_of(arrays: dict, side: int | None) -> dict:
    """The window with the most foreground, see `densest_window`; None: all."""
    if side is None:
        return arrays
    place = densest_window(arrays["mask"][..., 0], side)
    return {key: array[place] for key, array in arrays.items()}


def _as_indices(indices: Sequence[int]) -> np.ndarray:
    return np.asarray(list(indices), np.int64)


def _common_size(store: ImageStore, indices: np.ndarray) -> tuple[int, int]:
    sizes = Counter(store.shapes[index][:2] for index in indices)
    if len(sizes) > 1:
        listed = ", ".join(f"{w}x{h} ({n})" for (h, w), n in sizes.most_common(4))
        smallest = min(min(size) for size in sizes)
        raise UserError(
            f"data.crop: expected training images of one size, found {len(sizes)} sizes: {listed}. "
            f"Fix: --set data.crop={min(USUAL_CROP_PX, max(16, smallest // 16 * 16))}"
        )
    return next(iter(sizes))


def _key(seed: int, stream: int, step) -> tf.Tensor:
    fold = tf.random.experimental.stateless_fold_in
    return fold(fold(tf.constant([seed, 0], tf.int64), stream), step)


def _shuffled(step, indices: np.ndarray, batch: int, seed: int, stream: int) -> tf.Tensor:
    """Which images step `step` takes: the positions step * batch ... of the shuffled passes."""
    count = len(indices)
    last = tf.constant(count - 1, tf.int64)
    # One call a position: given a key per position, index_shuffle of TF 2.21 pads them wrongly.
    places = [
        tf.random.experimental.index_shuffle(
            position % count, seed=_key(seed, stream + 2, position // count), max_index=last
        )
        for position in (step * batch + offset for offset in range(batch))
    ]
    return tf.gather(tf.constant(indices), tf.stack(places))


def _read_part(store: ImageStore, index: int, place, height: int, width: int, stream: int) -> dict:
    """A height x width part of an image at `place`, (row, column) as shares of the free room, or at one that follows.

    A crop of the white beside a mosaic, or of the black around a retina, teaches nothing: where less than half of it
    counts, another place is tried. The places are those of Roberts' sequence (2018, "The unreasonable effectiveness of
    quasirandom sequences"), which covers a square evenly from wherever it begins.
    """
    room = height < store.shapes[index][0] or width < store.shapes[index][1]
    best: dict = {}
    most = -1.0
    for step in range(PLACES_TRIED if room else 1):
        part = _cut(store, int(index), (place + step * _NEXT_PLACE) % 1.0, height, width, stream)
        share = float(part["valid"].mean())
        if share > most:
            best, most = part, share
        if share >= ENOUGH_VALID:
            break
    return best


def _cut(store: ImageStore, index: int, place, height: int, width: int, stream: int) -> dict:
    """The part at one place. Of a labelled image that is labelled in part, the room is what is labelled."""
    full_height, full_width = store.shapes[index][:2]
    boxes = store.labelled_boxes(index) if stream == LABELLED else None
    if boxes:
        top, left = place_in_boxes(boxes, place, (full_height, full_width), (height, width))
    else:
        top = int(place[0] * (max(0, full_height - height) + 1))
        left = int(place[1] * (max(0, full_width - width) + 1))
    rows, columns = slice(top, top + height), slice(left, left + width)
    if height * width < _SMALL_PART * full_height * full_width:
        part = store.read_window(index, rows, columns)
    else:
        part = {key: array[rows, columns] for key, array in store.read(index).items()}
    missing = [(0, max(0, height - full_height)), (0, max(0, width - full_width)), (0, 0)]
    if any(after for _, after in missing):
        part = {
            key: np.pad(array, missing) if key == "valid" else np.pad(array, missing, "symmetric")
            for key, array in part.items()
        }
    return _counting(part, stream)


def _counting(part: dict, stream: int) -> dict:
    """`valid` as 0 and 1: pixels of unknown label count where no mask is looked at, and there alone."""
    valid = part["valid"]
    if not (valid == UNKNOWN).any():
        return part
    return part | {"valid": (valid == 1 if stream == LABELLED else valid > 0).astype(np.uint8)}
