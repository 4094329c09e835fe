"""Trains a network, in the words of `semicurv-tf train`."""

from pathlib import Path

from semicurv_tf.api.interrupted import interrupted
from semicurv_tf.api.run import Run
from semicurv_tf.api.settings import console, settings_of
from semicurv_tf.data.catalog import dataset_names
from semicurv_tf.errors import UserError


def train(
    folder_or_dataset: str | Path | None = None,
    /,
    *,
    run: str | Path | None = None,
    labels: int | float | str | None = None,
    recipe: str | None = None,
    config: str | Path | None = None,
    start: str | Path | None = None,
    budget_minutes: float | None = None,
    quiet: bool = False,
    **settings,
) -> Run:
    """Trains a network from few labelled and many unlabelled images, as `semicurv-tf train` does.

    Args:
        folder_or_dataset: a folder with `images/` and `masks/`, or a name from `semicurv-tf datasets list`; None: the
            dataset of the recipe. A folder that is named as a dataset is: write "./drive".
        run: a new folder for the run; None: `runs/FOLDER`, of a dataset `runs/DATASET-METHOD-LABELS-seedN`.
        labels: labelled training images: a count (3; 0 for none), a fraction (0.05) or "all"; None: all of a folder,
            0.05 of other datasets, or what the recipe says.
        recipe: a name from `semicurv-tf recipes`; None: the default recipe, unless `config`, `method` or `model` is
            named.
        config: a YAML file of your own; not with `recipe`.
        start: what to begin with, as `--from`: another run, or a file of weights.
        budget_minutes: the length is planned so that the run ends within this time on this machine.
        quiet: no progress.
        **settings: the other words of the command line: `data_dir`, `unlabelled_dir`, `method`, `model`, `steps`,
            `seed`, `devices`, `precision`; or sections with their keys, e.g. `training={"learning_rate": 1e-4}`,
            `model={"widths": [16, 32, 64]}`. Words win over sections, sections over the recipe.

    Returns:
        The run: `predict`, `evaluate`, `export`.

    Raises:
        UserError: whatever the user can put right, as the command says it.
        TypeError: an unknown keyword.
        KeyboardInterrupt: after Ctrl-C, with a checkpoint written; `open_run(folder).resume()` goes on.

    Example:
        >>> import semicurv_tf
        >>> run = semicurv_tf.train("photos", run="runs/mine")  # doctest: +SKIP
        >>> run.predict("photos/images/1.jpg").mask.mean()  # doctest: +SKIP
        0.021
    """
    if recipe is not None and config is not None:
        raise UserError(f"recipe={recipe!r}, config={str(config)!r}: expected one of them. Fix: leave one out")
    folder, dataset = _folder_or_dataset(folder_or_dataset, settings)
    values = settings_of("train", {**settings, "labels": labels}) | dataset

    from semicurv_tf.planning.request import read_request
    from semicurv_tf.planning.train import run_of, train_request

    request = read_request(
        folder,
        recipe=recipe,
        config_file=config,
        start=start,
        settings=values,
        budget_minutes=budget_minutes,
    )
    target = Path(run) if run is not None else run_of(request)
    with interrupted(target):
        train_request(request, target, console(quiet))
    return Run(target)


def _folder_or_dataset(folder_or_dataset: str | Path | None, settings: dict) -> tuple[Path | None, dict]:
    """A folder, or the setting that names a dataset."""
    if folder_or_dataset is None:
        return None, {}
    text, path = str(folder_or_dataset), Path(folder_or_dataset)
    if isinstance(folder_or_dataset, str) and text in dataset_names():
        return None, {"data.dataset": text}
    if not path.is_dir():
        found = "a file" if path.exists() else "neither"
        raise UserError(
            f"{text}: expected a folder of images or the name of a dataset ({', '.join(dataset_names())}), found "
            f"{found}. Fix: check the path"
        )
    if settings.get("data_dir") is not None:
        raise UserError(f"data_dir: {text} is the folder already. Fix: leave data_dir out")
    return path, {}
