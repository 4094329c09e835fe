"""Transplants: the structures of a labelled image, laid over an unlabelled one whose texture and light they then have.

What is laid over is what a structure changes: the difference between the labelled image and its background, filled in
from around the structure. With one labelled photograph of smooth concrete a network thus learns cracks in asphalt, too.
After copy-paste (Ghiasi et al. 2021), which pastes the pixels themselves, with the labelled background between thin
branches.
"""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import draw

BORDER_PX = 3  # around a structure, where its blur still darkens the background
FILL_SIDE_PX = 15  # of the box mean, taken twice, that fills in the background
FILL_SHRINKS = (1, 4, 16)  # the image is shrunk so many times where a structure is wider than the box mean reaches
EDGE_PX = 2  # beyond the mask up to which the whole difference is laid over
EDGE_SIDE_PX = 3  # of the box mean, taken twice, over which it ends
# Around a structure the mask is believed, as far as three times its width: farther off the host may have structures of
# its own, and nearer too little is left to tell a wide structure from.
REACH_WIDTHS = 3
REACHES_PX = (6, 12, 24, 48)
STRENGTH = (0.3, 1.2)  # of the difference, uniform: other structures may be fainter


def with_transplants(labelled, unlabelled, probability, seed):
    """The labelled images of a step, some of them replaced by an unlabelled image with their structures.

    Args:
        labelled: dict of `image`, `mask` and `valid`, this replica's, as for `transplant`.
        unlabelled: dict of `image` and `valid`; the hosts are spread evenly over them.
        probability: of an image to be replaced.
        seed: `(2,)` int32, of `purpose_seed`.

    Returns:
        As `labelled`.
    """
    images, hosts = labelled["image"].shape[0], unlabelled["image"].shape[0]
    places = replicas.positions(images)
    per_image = lambda index, low=0.0, high=1.0: places.take(draw(seed, index, [places.total], low, high))
    chosen = [number * hosts // images for number in range(images)]
    host, host_valid = (tf.gather(unlabelled[name], chosen) for name in ("image", "valid"))
    image, valid = transplant(**labelled, host=host, host_valid=host_valid, strength=per_image(0, *STRENGTH))
    replaced = (per_image(1) < probability)[:, None, None, None]
    pick = lambda new, name: tf.where(replaced, new, labelled[name])
    return {"image": pick(image, "image"), "mask": labelled["mask"], "valid": pick(valid, "valid")}


def transplant(image, mask, valid, host, host_valid, strength):
    """Lays the structures of labelled images over as many hosts.

    Args:
        image: labelled images, `(batch, height, width, channels)` float32, raw 0-255.
        mask: their structures, `(batch, height, width, 1)`, 0 or 1.
        valid: their valid pixels, same shape, 0 or 1.
        host, host_valid: unlabelled images and their valid pixels, same shapes.
        strength: by which the differences are multiplied, a number or `(batch,)`.

    Returns:
        The hosts with structures, clipped to 0-255, and where `mask` is their mask: near the structures, for a host may
        have some of its own, which nobody marked. Without a structure that is nowhere.
    """
    background, known = _background(image, valid * (1.0 - _grown(mask, BORDER_PX)))
    # Where no background is near nothing can be said about the difference.
    share = _smooth(_grown(mask, EDGE_PX), EDGE_SIDE_PX) * valid * known
    strength = tf.reshape(strength, [-1, 1, 1, 1])
    changed = tf.clip_by_value(host + strength * share * (image - background), 0.0, 255.0)
    return changed, _within_reach(mask) * valid * host_valid


def width_px(mask):
    """The mean width of each image's structures in pixels, 0 where it has none, `(batch,)` float32.

    Twice the area by the pixels at its edge: a line of w rows has two of them for each w. Thinner than 2 pixels it is
    all edge, and counts as 2 wide.

    Args:
        mask: `(batch, height, width, 1)` float32, 0 or 1.
    """
    inside = -tf.nn.max_pool2d(-mask, 3, 1, "SAME")
    area = tf.reduce_sum(mask, axis=[1, 2, 3])
    return 2.0 * tf.math.divide_no_nan(area, area - tf.reduce_sum(inside, axis=[1, 2, 3]))


def _within_reach(mask):
    """The mask with what lies within reach of it, which goes by the width of the image's structures."""
    doublings = tf.math.log(tf.maximum(REACH_WIDTHS * width_px(mask), 1.0) / REACHES_PX[0]) / tf.math.log(2.0)
    chosen = tf.clip_by_value(tf.cast(tf.round(doublings), tf.int32), 0, len(REACHES_PX) - 1)
    grown, reached, found = mask, 0, tf.zeros_like(mask)
    for number, reach in enumerate(REACHES_PX):
        grown, reached = _grown(grown, reach - reached), reach
        found = tf.where((chosen == number)[:, None, None, None], grown, found)
    return found


def _background(image, around):
    """What lies behind the structures, and where that can be said, 0 or 1; of the nearest pixels that are `around`."""
    height, width = image.shape[1:3]
    background, known = tf.zeros_like(image), tf.zeros_like(around)
    for times in FILL_SHRINKS:
        shrunk = lambda values, times=times: tf.nn.avg_pool2d(values, times, times, "SAME")
        seen = _smooth(shrunk(around), FILL_SIDE_PX)
        filled = tf.math.divide_no_nan(_smooth(shrunk(image * around), FILL_SIDE_PX), seen)
        enlarged = lambda values: tf.image.resize(values, (height, width))
        # Between a cell that has seen background and one that has not, the mean would be half black.
        here = tf.cast(enlarged(tf.cast(seen > 0.0, tf.float32)) >= 1.0, tf.float32) * (1.0 - known)
        background += here * enlarged(filled)
        known += here
    return background, known


def _grown(mask, radius):
    """The mask with all pixels within a square of `2 radius + 1` pixels around it."""
    side = 2 * radius + 1
    return tf.nn.max_pool2d(tf.nn.max_pool2d(mask, (side, 1), 1, "SAME"), (1, side), 1, "SAME")


def _smooth(values, side):
    """The box mean twice, over the pixels inside the image."""
    for _ in range(2):
        values = tf.nn.avg_pool2d(values, side, 1, "SAME")
    return values
