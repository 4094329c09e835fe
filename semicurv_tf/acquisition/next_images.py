"""Ranks unlabelled images by what a label would teach, and writes the list with a contact sheet."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.acquisition.candidates import LIST, SCORES, SHEET, ImagePool
from semicurv_tf.acquisition.coverage import choose_covering
from semicurv_tf.acquisition.disagreement import committee, disagreement
from semicurv_tf.acquisition.diverse import choose_diverse
from semicurv_tf.errors import UserError
from semicurv_tf.images.values import ValueRanges, parse_ranges
from semicurv_tf.pictures.contact_sheet import contact_sheet
from semicurv_tf.pictures.rgb import reduced
from semicurv_tf.vector.table import write_table
from semicurv_tf.whole_files import write_picture
from semicurv_tf.wording import counted

BY = ("coverage", "disagreement")  # how images are taken
_THUMBNAIL_PX = 256


@dataclasses.dataclass(frozen=True)
class Judges:
    """What ranks images.

    Attributes:
        predictors: student, and teacher where the run has one: uint8 `(height, width, channels)` to probabilities.
        features: the same images to a vector that tells what they look like.
        channels: 1, 3 or the number of bands.
        labelled: names of the images that the run was trained on with labels.
        value_range: of values wider than 8 bit, from the run's training data; None where it has none.
    """

    predictors: Sequence[Callable[[np.ndarray], np.ndarray]]
    features: Callable[[np.ndarray], np.ndarray]
    channels: int
    labelled: tuple[str, ...] = ()
    value_range: ValueRanges | None = None


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An image and what the judges say: mean disagreement in nats per pixel, foreground in percent, features."""

    index: int
    name: str
    score: float
    foreground_percent: float
    features: np.ndarray


@dataclasses.dataclass(frozen=True)
class Choice:
    """The images to label, in order, with their distances; how many candidates there were; and what was left out.

    Attributes:
        images: to label, in order.
        distances: of each to those before it and to the labelled ones.
        candidates: how many images there were to choose from.
        labelled: names left out as labelled.
        faults: a line per image that could not be read.
        recognised: whether labelled ones were recognised by more than their names.
    """

    images: list[Candidate]
    distances: list[float]
    candidates: int
    labelled: list[str]
    faults: tuple[str, ...]
    recognised: bool = False


def open_judges(run: str | Path, by: str) -> Judges:
    """Student and teacher of a run's newest checkpoint.

    Args:
        run: the run folder.
        by: one of `BY`. What images look like, the built-in network says for "coverage": it knows more than what few
            labels taught; for "disagreement" the run's own, whose doubt is told.

    Raises:
        UserError: no run, or no checkpoint.
    """
    from semicurv_tf.acquisition.features import pooled_features
    from semicurv_tf.inference.predictor import Predictor
    from semicurv_tf.training.run_folder import load_student_and_teacher
    from semicurv_tf.weights.start import built_in_network

    student, teacher, facts = load_student_and_teacher(run)
    networks = [network for network in (student, teacher) if network is not None]
    predictors = [Predictor.from_network(network, facts["channels"]).probability for network in networks]
    looking = built_in_network(facts["mean"], facts["standard_deviation"]) if by == "coverage" else networks[-1]
    features = pooled_features(looking, facts["channels"])
    value_range = parse_ranges(facts["value_range"]) if facts.get("value_range") else None
    return Judges(predictors, features, facts["channels"], tuple(facts["labelled"]), value_range)


def rank(
    judges: Judges,
    images: ImagePool,
    count: int,
    views: int = 4,
    advance: Callable[[str], None] | None = None,
    *,
    by: str,
) -> tuple[Choice, list[Candidate]]:
    """Ranks images, without writing anything; see `choose_next`.

    Returns:
        What was chosen, and all candidates.

    Raises:
        ValueError: `by` is none of `BY`.
        UserError: no image without a label.
    """
    if by not in BY:
        raise ValueError(f"Expected by to be one of {', '.join(BY)}. Received: by={by!r}")
    candidates, known, labelled = [], [], []
    faults: list[str] = []
    for index, name in enumerate(images.names):
        try:
            image, valid = images.read(index, judges.channels, judges.value_range)
            if _is_labelled(name, judges.labelled) if images.labelled is None else name in images.labelled:
                known.append(judges.features(image))
                labelled.append(name)
            else:
                candidates.append(_judge(judges, index, name, image, valid, views))
        except UserError as error:
            faults += error.lines
        except MemoryError:
            faults.append(f"{name}: not enough memory. Fix: cut it into tiles")
        if advance:
            advance(name)
    if not candidates:
        none = "--input: found no readable image without a label. Fix: name a folder of unlabelled images"
        raise UserError([*faults, none])
    features, known_features = np.stack([one.features for one in candidates]), np.stack(known) if known else None
    if by == "coverage":
        taken, distances = choose_covering(features, count, known_features)
    else:
        taken, distances = choose_diverse(np.array([one.score for one in candidates]), features, count, known_features)
    chosen = [candidates[position] for position in taken]
    choice = Choice(chosen, distances, len(candidates), labelled, tuple(faults), images.labelled is not None)
    return choice, candidates


def choose_next(
    judges: Judges,
    images: ImagePool,
    output: str | Path,
    count: int,
    views: int = 4,
    advance: Callable[[str], None] | None = None,
    *,
    by: str,
) -> Choice:
    """Ranks images and writes the first `count`: a list, all scores, and a contact sheet.

    An image's score is the mean over its pixels of the disagreement of student and teacher over the views (of the
    student's views alone in a run without a teacher), 0 where a pixel does not count. Images are then taken as `by`
    says: "coverage", those that stand for the others (`choose_covering`); "disagreement", by score and by unlikeness to
    those taken and to the labelled ones among them (`choose_diverse`). Labelled images are left out; where `images`
    cannot tell them, by their names.

    Args:
        judges: of `open_judges`.
        images: `FolderImages` or `TrainingImages`.
        output: the folder of next.csv, scores.csv and next.png.
        count: how many images to take.
        views: flips and quarter turns that each network is asked about.
        advance: called with the name of each image that was judged.
        by: one of `BY`.

    Returns:
        What was chosen; unreadable images are its faults.

    Raises:
        UserError: no image without a label, or results that cannot be written.
    """
    output = Path(output)
    choice, candidates = rank(judges, images, count, views, advance, by=by)
    chosen = choice.images
    write_table(
        output / LIST,
        (_row(one, rank, distance) for rank, (one, distance) in enumerate(zip(chosen, choice.distances), 1)),
    )
    ranks = {one.index: number for number, one in enumerate(chosen, 1)}
    by_score = sorted(candidates, key=lambda one: -one.score)
    write_table(output / SCORES, (_row(one, ranks.get(one.index, ""), None) for one in by_score))
    write_picture(output / SHEET, _sheet(judges, images, chosen, views))
    return choice


def described(choice: Choice, judges: Judges, views: int, output: str | Path, by: str) -> str:
    """A choice as text for a terminal."""
    who = "student and teacher" if len(judges.predictors) == 2 else "the student (the run has no teacher)"
    shown = f"{len(choice.images)} of {counted(choice.candidates, 'image')}"
    doubt = f"the disagreement of {who} over {counted(views, 'view')}"
    how = f"by {doubt}" if by == "disagreement" else f"those that stand for the others, each with {doubt}"
    lines = [f"{shown}, {how}:"]
    lines += [f"{rank:4}  {1000 * one.score:8.2f}  {one.name}" for rank, one in enumerate(choice.images, 1)]
    if choice.labelled:
        how = "labelled already" if choice.recognised else "named like labelled images of the run"
        lines.append(f"left out, {how}: {', '.join(choice.labelled)}")
    lines.append(f"written: {LIST}, {SCORES} (all images), {SHEET} in {output}; scores in 1000 x nats per pixel")
    return "\n".join(lines)


def _judge(judges: Judges, index: int, name: str, image: np.ndarray, valid: np.ndarray | None, views: int) -> Candidate:
    members = committee(judges.predictors, image, views)
    counts = np.ones(image.shape[:2], bool) if valid is None else valid
    # Over the whole image: a corner of doubtful pixels in a black frame is worth little to who labels it.
    score = float((disagreement(members) * counts).mean())
    foreground = 100 * float(((members.mean(axis=0) > 0.5) & counts).mean())
    return Candidate(index, name, score, foreground, judges.features(image))


def _row(one: Candidate, rank, distance) -> dict:
    row = {"rank": rank, "image": one.name, "disagreement": float(f"{one.score:.4g}")}
    if distance is not None:
        row["distance"] = round(distance, 4) if np.isfinite(distance) else ""
    return row | {"foreground_percent": round(one.foreground_percent, 3)}


def _is_labelled(name: str, labelled: tuple[str, ...]) -> bool:
    """Whether a file is one of the run's labelled images: datasets name them by path without suffix, or by path."""
    return name in labelled or str(Path(name).with_suffix("")) in labelled


def _sheet(judges: Judges, images: ImagePool, chosen: list[Candidate], views: int) -> Image.Image:
    """A row for each image: itself, what the committee predicts, and where it disagrees (yellow most)."""
    import matplotlib

    rows = []
    for rank, one in enumerate(chosen, 1):
        # Maps of 10,000 images are not kept; those of the chosen few are made again.
        image, valid = images.read(one.index, judges.channels, judges.value_range)
        members = committee(judges.predictors, image, views)
        differing = disagreement(members) if valid is None else disagreement(members) * valid
        heat = matplotlib.colormaps["inferno"](np.clip(differing / (0.5 * np.log(2)), 0, 1))[..., :3]
        pictures = [
            image[..., :3] if image.shape[-1] >= 3 else image[..., 0],
            np.rint(255 * members.mean(axis=0)).astype(np.uint8), np.rint(255 * heat).astype(np.uint8),
        ]  # fmt: skip
        label = f"{rank}. {one.name}  {1000 * one.score:.2f}"
        rows.append(
            (label.encode("ascii", "replace").decode(), [reduced(picture, _THUMBNAIL_PX) for picture in pictures])
        )
    return contact_sheet(rows, ["image", "mean prediction", "disagreement, 1000 x nats"])
