"""Random views: a geometric transform of each image, then changes of colour and light (Xu et al. 2022, Sect. III-C)."""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.colour import colour_view
from semicurv_tf.augment.geometric import sample_transforms
from semicurv_tf.augment.photometric import photometric_view
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.config import ViewsConfig
from semicurv_tf.geometry.warp import seen_by_view, warp


class RandomViews:
    """Draws views; a function of the seed, the step and the purpose alone.

    Args:
        views: the section of the configuration.
        seed: of the run.
    """

    def __init__(self, views: ViewsConfig, seed: int):
        self.views = views
        self.seed = seed

    def __call__(self, image, step, purpose: str, counts: list[int] | None = None, change=None):
        """A geometric and, where asked for, photometric view of each image.

        Args:
            image: raw images of this replica, `(batch, height, width, channels)`.
            step: scalar int32.
            purpose: what the view is for; views of different purposes are independent.
            counts: how many of the images are of each kind (labelled, unlabelled), where there are several.
            change: from the transforms drawn to those used, as `UnlabelledTerm.transforms`; None: as they are.

        Returns:
            A dict of `image` (same shape), `transform` `(batch, 3, 3)` and `seen` `(batch, height, width, 1)`.
        """
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        counts = counts or [image.shape[0]]
        places = replicas.positions(*counts)
        seed = lambda kind: purpose_seed(self.seed, step, f"{purpose} {kind}")
        # Of all images of the global batch, kind after kind.
        drawn = sample_transforms(self.views, places.total, height, width, seed("geometric"))
        if change is not None:
            drawn = change(drawn, counts[0] * replicas.count(), height, width, seed("geometric"))
        transform = places.take(drawn)
        view = warp(image, transform)
        view = colour_view(view, self.views.colour, seed("colour"), places)
        view = photometric_view(view, self.views.photometric, seed("photometric"), places)
        return {"image": view, "transform": transform, "seen": seen_by_view(transform, height, width)}
