"""Times one training step of SemiCurv, or of the default recipe, here and in PyTorch, side by side.

    python scripts/benchmark_step.py
    python scripts/benchmark_step.py --step recipe --json results/benchmark_recipe_step.json
    python scripts/benchmark_step.py --variant "semicurv-tf bfloat16" --rounds 3

This project runs as in training: its loop over its batches, of 128x128 px. PyTorch runs a step of the same
network, views, losses, optimizer and moving average, written for the comparison: eager float32, and bfloat16
autocast with channels-last. Each variant has its own process; they take turns block by block, so a machine that
slows down slows all of them, and ratios are taken within a round.
"""

import contextlib
import importlib.util
import json
import multiprocessing
import os
import statistics
import sys
from pathlib import Path

import click
from benchmark.machine import describe_machine
from benchmark.worker import VARIANTS, work
from rich.console import Console
from rich.table import Table

from semicurv_tf.errors import UserError

PYTORCH_MISSING = (
    "PyTorch is not installed: its rows are left out. Fix: pip install 'semicurv-tf[benchmark]', or pip install torch"
)

BUSY = 0.7  # load average above which times are not to be quoted
PLAIN_WIDTH = 120  # of tables that go to a file, in characters

EXAMPLES = """Examples:

\b
  python scripts/benchmark_step.py
  python scripts/benchmark_step.py --json results/benchmark_step.json
  python scripts/benchmark_step.py --step recipe --json results/benchmark_recipe_step.json
  python scripts/benchmark_step.py --variant "semicurv-tf bfloat16" --rounds 3 --threads 1

Takes about three minutes on two free cores; other work on the machine stretches it, and shows in the spread."""


STEPS = {
    "paper": "one step: student forward and backward over {labelled} labelled + {unlabelled} unlabelled images of "
    "128x128, teacher forward over {unlabelled}; {threads} threads",
    "recipe": "one step of the default recipe: half the widths forward and backward over {labelled} labelled images of "
    "128x128 in geometric, colour and photometric views, weights averaged; {threads} threads",
}


@click.command(epilog=EXAMPLES)
@click.option(
    "--step",
    "step",
    type=click.Choice(list(STEPS)),
    default="paper",
    show_default=True,
    help="The paper's, or that of the default recipe.",
)
@click.option(
    "--variant", "variants", multiple=True, type=click.Choice(list(VARIANTS)), help="Only this one; may be repeated."
)
@click.option("--rounds", type=click.IntRange(min=1), default=6, show_default=True, help="Turns of each variant.")
@click.option("--steps", type=click.IntRange(min=1), default=4, show_default=True, help="Steps a turn.")
@click.option(
    "--warmup",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Steps before the first turn, not counted.",
)
@click.option(
    "--labelled", type=click.IntRange(min=1, max=16), default=4, show_default=True, help="Labelled images per step."
)
@click.option(
    "--unlabelled",
    type=click.IntRange(min=2, max=16),
    default=4,
    show_default=True,
    help="Unlabelled images per step, of the paper's.",
)
@click.option("--threads", type=click.IntRange(min=1), help="Of each framework. Default: one for each core.")
@click.option(
    "--profile/--no-profile", default=True, show_default=True, help="Which part of this project's step takes how long."
)
@click.option(
    "--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Keep all results in this file."
)
def main(step, variants, rounds, steps, warmup, labelled, unlabelled, threads, profile, output):
    """Seconds per training step of this project and of PyTorch, their ratios, peak memory, and shares of the step."""
    if output is not None and not output.parent.is_dir():
        raise UserError(f"--json {output}: the folder {output.parent} does not exist. Fix: mkdir -p {output.parent}")
    machine = describe_machine()
    images = {"labelled": labelled, "unlabelled": unlabelled if step == "paper" else 0}
    settings = {"step": step, "threads": threads or machine["cores"], **images}
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    _introduce(machine, settings, console)
    chosen = _available(variants or tuple(VARIANTS), console)
    with Workers(chosen, settings) as workers:
        with console.status("") as status:
            results = measure(workers, rounds, steps, warmup, lambda text: status.update(text))
            if profile:
                status.update("tracing single operations")
                add_shares(workers, results, steps)
    for variant, result in results.items():
        console.print(f"{variant}: {result['version']}, {result['parameters']:,} trainable parameters")
    console.print(_times(results))
    if any("shares" in result for result in results.values()):
        console.print(_shares(results))
    if output is not None:
        content = {"machine": machine, "settings": {**settings, "rounds": rounds, "steps": steps}, "variants": results}
        output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        console.print(f"kept in {output}")


class Workers:
    """One process for each variant, alive together; use as a context."""

    def __init__(self, variants, settings):
        self._variants, self._settings = variants, settings
        self.facts = {}

    def __enter__(self):
        context = multiprocessing.get_context("spawn")
        self._connections, self._processes = {}, []
        for variant in self._variants:
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, variant, self._settings), daemon=True)
            process.start()
            theirs.close()
            self._connections[variant] = ours
            self._processes.append(process)
            # One after the other: what they say of themselves comes once everything is loaded.
            self.facts[variant] = self._receive(variant)
        return self

    def __exit__(self, *exception):
        for connection in self._connections.values():
            with contextlib.suppress(OSError):  # ended already
                connection.send(("stop",))
        for process in self._processes:
            process.join(timeout=20)
            if process.is_alive():
                process.terminate()

    def ask(self, variant, command, steps):
        """Has a variant do `steps` steps, and returns its answer."""
        self._connections[variant].send((command, steps))
        return self._receive(variant)

    def _receive(self, variant):
        try:
            answer = self._connections[variant].recv()
        except EOFError:
            raise UserError(
                f"{variant}: its process ended without a word. Fix: free memory, or leave it out by --variant"
            ) from None
        if "failure" in answer:
            raise RuntimeError(f"{variant} failed:\n{answer['failure']}")
        return answer


def measure(workers, rounds, steps, warmup, say):
    """Blocks of steps in turn.

    Returns:
        Variant to a dict of `seconds_by_round`, `seconds` (median), `fastest`, `slowest`, `processor_seconds` (of all
        threads, median), `peak_bytes`, `version` and `parameters`.
    """
    variants = list(workers.facts)
    for variant in variants:
        say(f"warming up: {variant}")
        workers.ask(variant, "run", warmup)
    answers = {variant: [] for variant in variants}
    for turn in range(rounds):
        # Every other round backwards: nobody always comes first.
        for variant in variants if turn % 2 == 0 else reversed(variants):
            say(f"round {turn + 1} of {rounds}: {variant}")
            answers[variant].append(workers.ask(variant, "run", steps))
    return {variant: workers.facts[variant] | _summary(answers[variant]) for variant in variants}


def _summary(answers):
    seconds = [answer["seconds"] for answer in answers]
    return {
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "seconds_by_round": seconds,
        "processor_seconds": statistics.median(answer["processor_seconds"] for answer in answers),
        "peak_bytes": answers[-1]["peak_bytes"],
    }


def add_shares(workers, results, steps):
    """Adds the trace of this project's variants to their results, as milliseconds and as shares."""
    for variant, result in results.items():
        if VARIANTS[variant][0] != "tensorflow":
            continue
        trace = workers.ask(variant, "profile", steps)
        total = sum(trace["milliseconds"].values())
        result["shares"] = {part: spent / total for part, spent in trace["milliseconds"].items()}
        result["thread_milliseconds"] = trace["milliseconds"]
        result["longest_of_the_rest"] = trace["operations"]


def ratio(results, variant, reference):
    """How many times as fast as the reference: the median over the rounds of the ratio within a round."""
    pairs = zip(results[reference]["seconds_by_round"], results[variant]["seconds_by_round"])
    return statistics.median(slow / fast for slow, fast in pairs)


def _available(variants, console):
    if importlib.util.find_spec("torch") is not None:
        return variants
    kept = tuple(variant for variant in variants if VARIANTS[variant][0] != "torch")
    if not kept:
        raise UserError(PYTORCH_MISSING)
    if kept != variants:
        console.print(PYTORCH_MISSING)
    return kept


def _introduce(machine, settings, console):
    console.print(
        f"{machine['processor']} ({', '.join(machine['instructions']) or 'no AVX'}), {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}"
    )
    if (machine["load_before"] or 0.0) > BUSY:
        console.print(
            f"warning: other work runs on this machine (load {machine['load_before']:.1f}); it slows PyTorch, whose "
            "threads wait "
            "for each other, more than TensorFlow. Fix: repeat on an idle machine before quoting a ratio"
        )
    console.print(STEPS[settings["step"]].format(**settings))


def _times(results):
    references = [variant for variant in results if VARIANTS[variant][0] == "torch"]
    table = Table(
        title="Seconds per training step",
        caption="x PyTorch: how many times as fast. CPU time: of all threads, waiting in loops included",
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("variant", no_wrap=True)
    speeds = [f"x {name}" for name in references]
    for heading in ("median", "fastest", "slowest", "CPU time", "peak GB", *speeds):
        table.add_column(heading, justify="right", no_wrap=True)
    for variant, result in results.items():
        peak = "-" if result["peak_bytes"] is None else f"{result['peak_bytes'] / 2**30:.2f}"
        ratios = [f"{ratio(results, variant, reference):.2f}" for reference in references]
        times = [f"{result[key]:.3f}" for key in ("seconds", "fastest", "slowest", "processor_seconds")]
        table.add_row(variant, *times, peak, *ratios)
    return table


def _shares(results):
    traced = {variant: result for variant, result in results.items() if "shares" in result}
    parts = max((result["shares"] for result in traced.values()), key=len)
    table = Table(
        title="Shares of the step, percent",
        caption="of the time that all threads spend in operations",
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("part")
    for variant in traced:
        table.add_column(variant, justify="right")
    for part in parts:
        table.add_row(part, *(f"{100 * result['shares'].get(part, 0.0):.1f}" for result in traced.values()))
    return table


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        main()
    except UserError as error:
        for line in error.lines:
            click.echo(f"error: {line}", err=True)
        raise SystemExit(2) from None
