"""The printed report of the demonstration: a table, curves and coefficients of each run, then a comparison."""

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from service.cli.demo.runner import Outcome
from service.core.run_status import RunStatus
from service.plotting import Curve, Panel, number, panels_svg, terminal

CERTIFIED = {"intercept": -0.262323073774029, "x": 1.00211681802045}
"""NIST's B0 and B1 for Norris, https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml."""

_TABLE_STEPS = {0, 1, 2, 5, 10, 20, 50, 100, 1000}


def heading() -> RenderableType:
    """The heading: the dataset, the split, and the difference between the runs."""
    text = Text.assemble(
        "NIST's sample ",
        ("Norris", "bold"),
        ": the line y = B0 + B1·x through 36 calibrations of an ozone monitor. The service keeps 9 rows as test data "
        "and minimises the mean squared error (MSE) of the other 27, from θ = 0. The three runs differ in the learning "
        "rate η; the third has more steps, so that θ overflows. x is standardised: θ has standardised units, the "
        "coefficients have the units of the data.",
    )
    return Group("", Rule("[bold]One dataset, three learning rates[/]"), "", text)


def section(outcome: Outcome, width: int) -> RenderableType:
    """The section of one run: its end, its steps as a table and as curves, its coefficients."""
    attempt = outcome.attempt
    title = Text.assemble((attempt.verb, "bold"), f" · learning rate η = {number(attempt.learning_rate)}")
    status = Text(_status(outcome), "bold red" if outcome.status == RunStatus.DIVERGED else "bold")
    lines = terminal(_curves(outcome), min(width, 100))
    curve = Text("\n").join(Text.assemble(*line) for line in lines)
    return Group("", Rule(title, align="left"), status, _steps_table(outcome), curve, _coefficients(outcome))


def _steps_table(outcome: Outcome) -> Table:
    """The table of both criteria and θ at selected steps, among them the first, the last and the best."""
    trajectory, best = outcome.trajectory, outcome.best_step
    steps = trajectory.step
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    names = [f"θ {name}" for name in trajectory.parameters]
    for name in ("step", "train MSE", "test MSE", *names):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for i, step in enumerate(steps):
        if step in _TABLE_STEPS or step in (best, steps[-1]):
            values = [trajectory.train_mse[i], trajectory.test_mse[i], *trajectory.theta[i]]
            note = ", ".join(["★ best test"] * (step == best) + ["last"] * (step == steps[-1]))
            table.add_row(str(step), *map(_show, values), note, style="bold" if step == best else "")
    return table


def _coefficients(outcome: Outcome) -> Table:
    """The table of the fitted coefficients beside NIST's certified ones."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    fitted = f"step {outcome.final['step']}, {outcome.train_rows} rows"
    for name in ("in the data's units", fitted, "NIST, all 36 rows", "difference"):
        table.add_column(name, justify="right" if table.columns else "left", no_wrap=True)
    for label, name in (("B0 (intercept)", "intercept"), ("B1 (slope)", "x")):
        found, certified = outcome.final["coefficients"][name], CERTIFIED[name]
        table.add_row(label, _show(found), _show(certified), _show(None if found is None else found - certified))
    return table


def comparison(outcomes: Sequence[Outcome]) -> RenderableType:
    """The comparison of the three runs."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "status", "η", "steps", "final train MSE", "final test MSE"):
        table.add_column(name, justify="left" if name in {"", "status"} else "right", no_wrap=True)
    for outcome in outcomes:
        attempt, final = outcome.attempt, outcome.final
        numbers = (number(attempt.learning_rate), str(outcome.steps_done), _show(final["train_mse"]))
        table.add_row(attempt.verb, outcome.status.words, *numbers, _show(final["test_mse"]))
    return Group("", Rule("[bold]Comparison[/]"), table)


def explanation(outcomes: Sequence[Outcome]) -> Text:
    """The explanation of the two criteria, and of the divergence if a run diverged."""
    text = Text.assemble(
        "Two criteria: the descent minimises the ",
        ("train MSE", "bold"),
        ". The goal is a small ",
        ("test MSE", "bold"),
        ", the error on rows that the descent does not use. With x standardised, the train MSE has the curvature 2 in "
        "every direction, so a step multiplies the distance to the minimum by 1 − 2η: ",
    )
    factors = [1 - 2 * outcome.attempt.learning_rate for outcome in outcomes]
    text.append(", ".join(f"{_show(f)} {outcome.attempt.verb}" for f, outcome in zip(factors, outcomes, strict=True)))
    if outcomes[-1].status == RunStatus.DIVERGED:
        farther = f"{abs(factors[-1]) - 1:.0%}"
        text.append(f". Each step of the last run jumps over the minimum and ends {farther} farther away")
    return text.append(".")


def files(paths: Sequence[Path]) -> Text:
    """The list of the written files, relative to the current folder if they are inside it."""
    current = Path.cwd()
    names = [path.resolve().relative_to(current) if path.resolve().is_relative_to(current) else path for path in paths]
    return Text("\n").join([Text("\nWritten:"), *(Text(f"  {name}", "bold") for name in names)])


def picture(outcomes: Sequence[Outcome]) -> str:
    """The SVG picture of the three runs side by side."""
    panels = [
        Panel(
            f"{outcome.attempt.verb}: learning rate {number(outcome.attempt.learning_rate)}",
            _status(outcome),
            _curves(outcome),
            outcome.diverged_at,
        )
        for outcome in outcomes
    ]
    description = "Train and test mean squared error over the steps. " + " ".join(
        f"{outcome.name}: {_status(outcome)}, train MSE from {_show(outcome.trajectory.train_mse[0])} "
        f"to {_show(outcome.trajectory.train_mse[-1])}."
        for outcome in outcomes
    )
    return panels_svg(panels, "NIST's Norris data, three learning rates", description)


def _curves(outcome: Outcome) -> list[Curve]:
    columns = outcome.trajectory
    return [
        Curve("train MSE", columns.step, columns.train_mse),
        Curve("test MSE", columns.step, columns.test_mse),
    ]


def _status(outcome: Outcome) -> str:
    """How the run ended, in words."""
    if outcome.status == RunStatus.DIVERGED:
        return f"diverged at step {outcome.diverged_at}: not finite"
    return f"finished all {outcome.steps_done} steps"


def _show(value: float | None) -> str:
    return "–" if value is None else number(value, 6).replace("-", "−", value < 0)
