"""What more labels would bring a run: trains on nested label sets, fits, writes RUN/advice.json and RUN/advice.png."""

import shlex
from pathlib import Path

from rich.console import Console

from semicurv_tf.advice.outcome import Advice, as_dict, summarise_advice
from semicurv_tf.advice.picture import curve_picture
from semicurv_tf.advice.progress import AdviceProgress
from semicurv_tf.advice.trainings import (
    FOLDS,
    Training,
    default_steps,
    photographs_with_masks,
    plan_trainings,
    remedy,
    seconds_of,
)
from semicurv_tf.data.load import Dataset
from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.folds import fold_scores, known_scores
from semicurv_tf.images.own_files import require_own_folder
from semicurv_tf.quiet import without_retracing_notes
from semicurv_tf.training import run_folder
from semicurv_tf.training.run_data import moved, open_run_dataset
from semicurv_tf.training.run_lock import locked
from semicurv_tf.whole_files import write_json, write_picture
from semicurv_tf.wording import counted, duration, typed

TABLE, PICTURE = "advice.json", "advice.png"
FEWEST = 3  # photographs with a mask


def advise(
    run: Path,
    console: Console,
    folds: int = FOLDS,
    steps: int | None = None,
    data_dir: str | None = None,
    unlabelled_dir: str | None = None,
    dry_run: bool = False,
) -> Advice | None:
    """Trains what is not trained yet, then says what twice the labels are expected to bring.

    Called again it goes on where it stopped, to the step.

    Args:
        run: a finished run; its own network is neither changed nor scored.
        console: for progress.
        folds: into how many parts its masks are put, at least 2.
        steps: length of each network; None: a third of the run's.
        data_dir, unlabelled_dir: the dataset's folders, if they moved.
        dry_run: say what would be done and how long it takes, and write nothing.

    Returns:
        The advice, which RUN/advice.json and RUN/advice.png hold, too; None after a dry run.

    Raises:
        UserError: no finished run, none with labels, too few photographs, an advice of another recipe, or a file of
            someone else's in place of what is written.
        Stopped: after Ctrl-C, with a checkpoint written.
    """
    if not dry_run:
        # An earlier version's picture has no mark: the table beside it tells.
        require_own_folder(str(run), run / TABLE, [run / TABLE, run / PICTURE], "move them away first")
    config, facts = moved(run_folder.read_config(run), data_dir, unlabelled_dir), run_folder.read_facts(run)
    if not facts["labelled"]:
        raise UserError(
            f"{run}: expected a run that learned from masks, found none (data.labels 0). "
            "Fix: label a few images, and train with them"
        )
    if not (run / run_folder.DEPLOYED).exists():
        raise UserError(
            f"{run}: expected a finished run, found one without {run_folder.DEPLOYED}. "
            f"Fix: wait until it ends, or semicurv-tf train --resume {typed(run)}"
        )
    dataset = open_run_dataset(run, config, console)
    # Those that are gone since, or lost their mask, were named when the images were opened.
    there = {row["name"] for row in dataset.train.rows if row["labelled"]}
    learned = [name for name in facts["labelled"] if name in there]
    further = lambda count: next_command(run, dataset, learned, count, data_dir, unlabelled_dir)
    missing = FEWEST - photographs_with_masks(dataset, learned)
    if missing > 0:
        which = f" (which: {command})" if (command := further(missing)) else ""
        raise UserError(
            f"{run}: expected at least {FEWEST} photographs with masks, two to learn from and one to score, found "
            f"{FEWEST - missing}: no curve can be fitted yet, and the first few labels nearly always pay. "
            f"Fix: label {missing} more{which}, and train again"
        )
    length = default_steps(facts["steps"]) if steps is None else steps
    trainings = plan_trainings(run, config, dataset, learned, folds, length)
    _introduce(trainings, run, len(learned), length, facts["steps"], console)
    if dry_run:
        console.print("dry run: nothing was written")
        return None
    with locked(run):
        found = _scores(trainings, length, run, console)
        advice = summarise_advice(
            [(training.fold, training.level, len(training.images.images.labelled)) for training in trainings],
            found, labels=len(learned), steps=length, run_steps=facts["steps"], command=further(len(learned)),
            longer=_longer(run, folds, facts["steps"], data_dir, unlabelled_dir) if length < facts["steps"] else None,
        )  # fmt: skip
        write_json(run / TABLE, as_dict(advice))
        write_picture(run / PICTURE, curve_picture(advice))
    return advice


def next_command(
    run: Path, dataset: Dataset, learned, count: int, data_dir: str | None = None, unlabelled_dir: str | None = None
) -> str | None:
    """What to type for the images to label next among the run's own; None where all of them have a mask."""
    since = [] if dataset.changes is None else [entry.name for entry in dataset.changes.masks_added]
    candidates = len(set(dataset.train.names) - {*learned, *since})
    if not candidates:
        return None
    words = ["semicurv-tf", "next", "--run", str(run), "--count", str(min(count, candidates))]
    words += ["--output", str(run / "next")]
    return shlex.join([*words, *_folders(data_dir, unlabelled_dir)])


def _longer(run: Path, folds: int, steps: int, data_dir: str | None, unlabelled_dir: str | None) -> str:
    words = ["semicurv-tf", "advise", str(run), *(["--folds", str(folds)] if folds != FOLDS else [])]
    return shlex.join([*words, "--steps", str(steps), *_folders(data_dir, unlabelled_dir)])


def _folders(data_dir: str | None, unlabelled_dir: str | None) -> list[str]:
    """The options that say where a run's images are now."""
    return [
        *(["--data-dir", data_dir] if data_dir else []),
        *(["--unlabelled-dir", unlabelled_dir] if unlabelled_dir else []),
    ]


def _introduce(trainings: list[Training], run: Path, learned: int, steps: int, run_steps: int, console: Console):
    sizes = sorted({len(training.images.images.labelled) for training in trainings}, reverse=True)
    folds = max(training.fold for training in trainings)
    masks = f"{', '.join(map(str, sizes[:-1]))} and {sizes[-1]} masks" if len(sizes) > 1 else counted(sizes[0], "mask")
    if len(sizes) < 2:
        raise UserError(
            f"--folds {folds}: expected folds that leave photographs to learn from for two sizes, found one of "
            f"{masks}. Fix: leave --folds out, or label more images, and train again"
        )
    times = [seconds_of(training, run) for training in trainings]
    left = sum(1 for seconds in times if seconds != 0)
    done = f", {len(times) - left} of them done already" if left < len(times) else ""
    known = [seconds for seconds in times if seconds is not None]
    takes = f"about {duration(sum(known))}" if len(known) == len(times) else "time unknown on a GPU"
    console.print(
        f"{run} learned from {counted(learned, 'mask')}; {len(times)} networks in {folds} folds learn from {masks}, "
        f"each {counted(steps, 'step')} long (the run: {run_steps}){done}: {takes if left else 'nothing to train'}"
    )


def _scores(trainings: list[Training], steps: int, run: Path, console: Console) -> list[dict]:
    """What each network scored, in the order of the trainings."""
    found = [known_scores(training.folder) for training in trainings]
    with AdviceProgress(console, found.count(None), steps) as progress, without_retracing_notes():
        for place, training in enumerate(trainings):
            if found[place] is None:
                progress.begins(f"fold {training.fold}, {counted(len(training.images.images.labelled), 'mask')}")
                found[place] = fold_scores(training.folder, training.config, training.images, progress, remedy(run))
    return [scores for scores in found if scores is not None]
