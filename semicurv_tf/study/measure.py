"""Trains and scores one configuration, resumably."""

from pathlib import Path

from rich.console import Console

from semicurv_tf.config import Config
from semicurv_tf.evaluation.score_run import score_run
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.train import resume, train


def train_to_the_end(config: Config, run: Path, console: Console):
    """Trains a new run, goes on with a stopped one, leaves a finished one as it is."""
    if not run.exists():
        train(config, run, console)
    elif not (run / run_folder.DEPLOYED).exists():
        resume(run, None, console)


def test_scores(run: Path, data_dir: str | None, console: Console) -> dict:
    """Scores the deployed network once; the test set is not opened again for a run that has them."""
    deployed = run_folder.deployed_checkpoint(run)
    step = None if deployed is None else checkpoints.step_of(deployed)
    path = run / run_folder.SCORES
    known = run_folder.read_json(path).get("test") if path.exists() else None
    return known if known and known["step"] == step else score_run(run, "test", data_dir, console)
