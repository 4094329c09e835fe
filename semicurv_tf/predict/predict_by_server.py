"""Sends many image files in batches to a server, which gives its own masks; large ones go by tiles."""

from collections.abc import Callable, Iterator

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.opened import NotedImage, read_with_notes
from semicurv_tf.images.opener import naming
from semicurv_tf.images.provenance import KEYWORD, state_of
from semicurv_tf.inference.predictor import Predictor, PredictorLost
from semicurv_tf.predict.plan_files import ImageJob, ImageOutcome
from semicurv_tf.predict.predict_files import named, predict_job
from semicurv_tf.serving_client.client import Client
from semicurv_tf.whole_files import DiskLost, write_png


def predict_by_server(
    client: Client,
    predictor: Predictor,
    jobs: list[ImageJob],
    batch: int,
    advance: Callable[[float], None] | None = None,
) -> Iterator[ImageOutcome]:
    """Predicts the jobs' images by a server and writes their masks.

    Images up to `client.whole_pixels` (or up to a tile, where one is set) travel `batch` to a request, as PNG, and get
    the server's own mask. Larger ones go by tiles, blended here, and stacks and GeoTIFFs by windows: by `predictor`,
    with its threshold.

    Args:
        client: see `client.connect`.
        predictor: of the same server's probabilities.
        jobs: from `plan_jobs`, with masks alone.
        batch: images of one request.
        advance: called with 1.0 for each image that is done.

    Raises:
        ServerLost: the server does not answer; masks written before stay.
        DiskLost: no result can be written any more.
    """
    for start in range(0, len(jobs), batch):
        group = jobs[start : start + batch]
        outcomes: dict[int, ImageOutcome] = {}  # by place in the group
        small: list[tuple[int, str, NotedImage]] = []  # place in the group, state, image
        for place, job in enumerate(group):
            if job.outputs["mask"].suffix.lower() != ".png":
                outcomes[place] = predict_job(predictor, job)
                continue
            try:
                with naming(job.image):
                    state = state_of(job.image)  # as it was before it was read
                image = read_with_notes(job.image, predictor.channels, predictor.value_range)
                if _is_large(client, predictor, image.pixels):
                    mask = predictor.mask(predictor.probability(image.pixels))
                    outcomes[place] = _written(job, state, image, mask)
                else:
                    small.append((place, state, image))
            except (PredictorLost, DiskLost):
                raise
            except UserError as error:
                outcomes[place] = ImageOutcome(job.image, faults=named(job.image, error))
        masks = client.masks([encode_png(image.pixels) for *_, image in small]) if small else []
        for (place, state, image), answer in zip(small, masks, strict=True):
            outcomes[place] = _written(group[place], state, image, answer)
        for place in range(len(group)):
            if advance:
                advance(1.0)
            yield outcomes[place]


def _is_large(client: Client, predictor: Predictor, pixels: np.ndarray) -> bool:
    height, width = pixels.shape[:2]
    return max(height, width) > predictor.tile if predictor.tile else height * width > client.whole_pixels


def _written(job: ImageJob, state: str, image: NotedImage, mask: np.ndarray | UserError) -> ImageOutcome:
    """The outcome of a mask that is written, or of the server's refusal."""
    if isinstance(mask, UserError):
        return ImageOutcome(job.image, faults=named(job.image, mask))
    valid = np.ones(mask.shape, bool) if image.valid is None else image.valid
    mask = np.where(valid, mask, 0).astype(mask.dtype)  # a PNG does not tell the server where there are no data
    try:
        write_png(job.outputs["mask"], mask, (KEYWORD, state))
    except DiskLost:
        raise
    except UserError as error:
        return ImageOutcome(job.image, faults=named(job.image, error))
    return ImageOutcome(job.image, image.notes, float(mask[valid].astype(bool).mean()) if valid.any() else 0.0)
