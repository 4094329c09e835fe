"""The plan of a training: a table of what will be done, what it will take, and what to type for the same."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from semicurv_tf.config import Config
from semicurv_tf.config.data import described_labels
from semicurv_tf.data.load import Dataset
from semicurv_tf.errors import UserError
from semicurv_tf.methods.schedule import steps_of_run
from semicurv_tf.planning.choose import Choice, choose, choose_resize, steps_within
from semicurv_tf.planning.forecast import cores, free_memory, memory_of_run, on_gpu, seconds_of_run, step_pixels
from semicurv_tf.planning.measure import ImageFacts, measure_images
from semicurv_tf.planning.request import Request
from semicurv_tf.planning.start_score import score_of_start
from semicurv_tf.training.precision import resolve_precision
from semicurv_tf.training.task import read_task
from semicurv_tf.wording import counted, duration

SIZES_SHOWN = 3


class Plan(NamedTuple):
    """What will be done.

    Attributes:
        config: the configuration to train with.
        rows: of the table: a heading, and what stands beside it.
        memory_bytes: what the training will take.
        command: what to type for the same.
    """

    config: Config
    rows: tuple[tuple[str, str], ...]
    memory_bytes: int
    command: str


def make_plan(request: Request, dataset: Dataset, labelled: Sequence[str], run: Path, config: Config) -> Plan:
    """Plans a training.

    Args:
        request: what was asked for.
        dataset: the images.
        labelled: names of those whose masks are learned from.
        run: the run folder.
        config: the request's, with what opening the dataset added.
    """
    indices = dataset.train.indices(labelled)
    whole = images = measure_images(dataset.train, indices)
    resize = choose_resize(config, whole, request.settings) if request.planned else None
    choices = [] if resize is None else [resize]
    config = _with(config, choices)
    seen = dataset.shrunk(config.data.times_smaller)
    if config.data.resize:
        images = measure_images(seen.train, indices)
    # Not on a cluster: TensorFlow wants to connect its workers before it computes anything.
    if request.planned and config.start_share and read_task().workers == 1:
        images = dataclasses.replace(images, start_iou=score_of_start(config, seen, indices))
    if request.planned:
        choices += choose(config, images, request.settings)
        config = _with(config, choices)
    precision = resolve_precision(config.training.precision).name
    pixels = step_pixels(config, images.largest)
    if request.budget_minutes is not None:
        choices = [choice for choice in choices if choice.key != "training.steps"]
        choices.append(_within(request.budget_minutes, request.config, config, pixels, precision))
        config = _with(config, choices[-1:])
    steps = steps_of_run(config.training, len(labelled))
    memory = memory_of_run(config, pixels, math.prod(images.largest), precision)
    command = request.command(run, **{choice.key.replace(".", "__"): choice.value for choice in choices})
    recipe = request.recipe or (str(request.config_file) if request.config_file else "none: the paper's values")
    rows = (
        ("images", _images(whole, config, dataset)),
        ("structures", _structures(whole)),
        ("recipe", recipe),
        *_size(config, choices),
        ("crop", _with_reason(f"{config.data.crop} px" if config.data.crop else "none", "data.crop", choices)),
        ("batch", _batch(config)),
        *_start(config, choices, images),
        ("length", _with_reason(counted(steps, "step"), "training.steps", choices)),
        *_rate(config, choices),
        ("memory", _memory(memory)),
        ("time", _time(seconds_of_run(config, steps, pixels, precision))),
        ("run", str(run)),
        ("the same", command),
    )
    return Plan(config, rows, memory, command)


def show(plan: Plan, console: Console) -> None:
    """Prints the table: a heading and a line each; to a console with a method `report`, one object."""
    report = getattr(console, "report", None)
    if report is not None:
        report({"plan": dict(plan.rows)})
        return
    width = max(len(heading) for heading, _ in plan.rows)
    for heading, text in plan.rows:
        console.print(f"{heading:<{width}}  {text}")


def require_memory(plan: Plan) -> None:
    """Refuses a training that does not fit into this machine's memory.

    Raises:
        UserError: with crops or a batch that would fit.
    """
    free = free_memory()
    if free is None or plan.memory_bytes <= free or on_gpu():
        return
    crop, batch = plan.config.data.crop, plan.config.training.batch_labelled
    fixes = [] if crop is not None and crop <= 128 else ["--set data.crop=128"]
    fixes += ["--set training.batch_labelled=1"] if batch > 1 else []
    raise UserError(
        f"data.crop: expected a training of at most {free / 1e9:.1f} GB, the memory that is free, found "
        f"{plan.memory_bytes / 1e9:.1f} GB for {'crops of ' + str(crop) + ' px' if crop else 'whole images'}. "
        f"Fix: {', or '.join(fixes or ['--set data.crop=64'])}"
    )


def _within(minutes: float, recipe: Config, config: Config, pixels: int, precision: str) -> Choice:
    def seconds_of(steps: int) -> float:
        seconds = seconds_of_run(config, steps, pixels, precision)
        if seconds is None:
            raise UserError(
                f"--budget-minutes {minutes:g}: expected a processor, whose steps are forecast, found a GPU. "
                "Fix: --steps N instead"
            )
        return seconds

    return steps_within(minutes, recipe, seconds_of)


def _with(config: Config, choices: list[Choice]) -> Config:
    values = config.model_dump()
    for choice in choices:
        section, key = choice.key.split(".")
        values[section][key] = choice.value
    return Config.model_validate(values)


def _images(images: ImageFacts, config: Config, dataset: Dataset) -> str:
    sizes = [f"{width}x{height}" for height, width in list(images.sizes)[:SIZES_SHOWN]]
    more = f" and {len(images.sizes) - SIZES_SHOWN} more sizes" if len(images.sizes) > SIZES_SHOWN else ""
    held = [f"{len(store)} {name}" for name in ("validation", "test") if (store := getattr(dataset, name)) is not None]
    understood = described_labels(config.data.labels, sum(dataset.train.labelled))
    return (
        f"{', '.join([f'{images.labelled} labelled ({understood})', f'{images.unlabelled} unlabelled', *held])}; "
        f"{', '.join(sizes)}{more} px, {counted(dataset.channels, 'channel')}"
    )


def _structures(images: ImageFacts) -> str:
    if not images.masks:
        return "unknown: no image is labelled"
    if images.width_px is None:
        return f"none in {counted(images.masks, 'mask')}"
    return f"{images.width_px:.1f} px wide on average, by {counted(images.masks, 'mask')}"


def _with_reason(text: str, key: str, choices: list[Choice]) -> str:
    reason = next((choice.reason for choice in choices if choice.key == key), None)
    return text if reason is None else f"{text}: {reason}"


def _size(config: Config, choices: list[Choice]) -> list[tuple[str, str]]:
    if not config.data.resize:
        return []
    return [("size", _with_reason(f"{config.data.resize} of it", "data.resize", choices))]


def _rate(config: Config, choices: list[Choice]) -> list[tuple[str, str]]:
    key = "training.learning_rate"
    if key not in [choice.key for choice in choices]:
        return []  # it is the recipe's
    return [("rate", _with_reason(f"{config.training.learning_rate:g}", key, choices))]


def _start(config: Config, choices: list[Choice], images: ImageFacts) -> list[tuple[str, str]]:
    if not config.start_share and "method.start_share" not in [choice.key for choice in choices]:
        return []
    text = f"{config.model.start}, of which {100 * config.start_share:.0f} % stays in the network"
    start = ("start", _with_reason(text, "method.start_share", choices))
    if images.start_iou is None:
        return [start]
    return [start, ("it alone", f"IoU {100 * images.start_iou:.0f} % on labelled images, at one scale")]


def _batch(config: Config) -> str:
    training = config.training
    unlabelled = f" + {training.batch_unlabelled} unlabelled" if config.method.reads_unlabelled else ""
    return f"{training.batch_labelled} labelled{unlabelled}"


def _memory(needed: int) -> str:
    free = free_memory()
    return f"about {needed / 1e9:.1f} GB" + ("" if free is None else f" of {free / 1e9:.1f} GB free")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown on a GPU; the progress tells after the first steps"
    verb = "has" if cores() == 1 else "have"
    return f"about {duration(seconds)}, if {counted(cores(), 'core')} {verb} nothing else to do"
