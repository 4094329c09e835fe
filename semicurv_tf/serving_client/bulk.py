"""Sends many image files in batches; large ones by tiles; bad ones named while the others go on."""

from collections.abc import Callable, Iterator

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.opened import read_with_notes
from semicurv_tf.inference.folder import Job, Outcome
from semicurv_tf.inference.predictor import Predictor, PredictorLost
from semicurv_tf.serving_client.client import Client
from semicurv_tf.whole_files import write_png


def predict_by_server(
    client: Client,
    jobs: list[Job],
    *,
    channels: int,
    batch: int = 8,
    threshold: float = 0.5,
    tile: int | None = None,
    advance: Callable[[float], None] | None = None,
) -> Iterator[Outcome]:
    """Predicts the jobs' images by a server and writes their masks.

    Images up to `client.whole_pixels` (or up to a tile) travel `batch` to a request, as PNG, and get
    the server's own mask; larger ones by tiles, blended here, with `threshold`.

    Args:
        client: see `client.connect`.
        jobs: from `semicurv_tf.inference.folder.plan_jobs`.
        channels: what the model takes, see `Client.describe`.
        batch: images of one request.
        threshold: of tiled images.
        tile: side of the tiles in pixels; images larger than it are tiled. None tiles images above
            `client.whole_pixels` by 1024.
        advance: called with 1.0 for each image that is done.

    Raises:
        ServerLost: the server does not answer; masks written before stay.
    """
    tiled = Predictor(client.probability, channels, threshold=threshold, tile=tile, whole_pixels=client.whole_pixels)

    def is_large(pixels: np.ndarray) -> bool:
        height, width = pixels.shape[:2]
        return max(height, width) > tile if tile else height * width > client.whole_pixels

    for start in range(0, len(jobs), batch):
        group = jobs[start : start + batch]
        outcomes: list[Outcome | None] = [None] * len(group)
        small = []  # (place in the group, notes, PNG)
        for place, job in enumerate(group):
            try:
                image = read_with_notes(job.source, channels)
                if is_large(image.pixels):
                    outcomes[place] = _write(job, image.notes, tiled.mask(tiled.probability(image.pixels)))
                else:
                    small.append((place, image.notes, encode_png(image.pixels)))
            except PredictorLost:
                raise
            except UserError as error:
                outcomes[place] = _failed(job, error)
        masks = client.masks([encoded for *_, encoded in small]) if small else []
        for (place, notes, _), mask in zip(small, masks, strict=True):
            job = group[place]
            outcomes[place] = _failed(job, mask) if isinstance(mask, UserError) else _write(job, notes, mask)
        for outcome in outcomes:
            if advance:
                advance(1.0)
            yield outcome


def _write(job: Job, notes: tuple[str, ...], mask: np.ndarray) -> Outcome:
    write_png(job.outputs["mask"], mask)
    return Outcome(job.source, notes, float(np.mean(mask > 0)))


def _failed(job: Job, error: UserError) -> Outcome:
    return Outcome(
        job.source, faults=tuple(line if str(job.source) in line else f"{job.source}: {line}" for line in error.lines)
    )
