"""What the demonstration shows: each descent as a table, a curve and coefficients, then all of them side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from service.cli.demo.runner import Outcome
from service.plotting import Curve, Panel, number, panels_svg, terminal

CERTIFIED = {"intercept": -0.262323073774029, "x": 1.00211681802045}
"""NIST's B0 and B1 for Norris, https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml."""

_TABLE_STEPS = {0, 1, 2, 5, 10, 20, 50, 100, 1000}


def heading() -> RenderableType:
    text = Text.assemble(
        "NIST's sample ",
        ("Norris", "bold"),
        ": the line y = B0 + B1·x through 36 calibrations of an ozone monitor. The service keeps 9 rows back as test "
        "data and descends the mean squared error (MSE) of the other 27, from θ = 0. Only the learning rate η differs "
        "between the three runs. x is standardised: θ is in those units, the coefficients are in the data's own.",
    )
    return Group("", Rule("[bold]One data set, three learning rates[/]"), "", text)


def section(outcome: Outcome, width: int) -> RenderableType:
    """Return one run's section: what became of it, its steps as a table and as a curve, its coefficients."""
    run = outcome.run
    title = Text.assemble((outcome.attempt.verb, "bold"), f" · learning rate η = {number(run['learning_rate'])}")
    status = Text(_status(run), "bold red" if run["status"] == "diverged" else "bold green")
    lines = terminal(_curves(outcome), min(width, 100))
    curve = Text("\n").join(Text.assemble(*line) for line in lines)
    return Group("", Rule(title, align="left"), status, _steps_table(outcome), curve, _coefficients(run))


def _steps_table(outcome: Outcome) -> Table:
    """Return both criteria and θ at some steps, the first, the last and the best among them."""
    trajectory, best = outcome.trajectory, outcome.run["best"]["step"]
    steps = trajectory["step"]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    names = [f"θ {name}" for name in trajectory["parameters"]]
    for name in ("step", "train MSE", "test MSE", *names):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for i, step in enumerate(steps):
        if step in _TABLE_STEPS or step in (best, steps[-1]):
            values = [trajectory["train_mse"][i], trajectory["test_mse"][i], *trajectory["theta"][i]]
            note = ", ".join(["★ best test"] * (step == best) + ["last"] * (step == steps[-1]))
            table.add_row(str(step), *map(_show, values), note, style="bold" if step == best else "")
    return table


def _coefficients(run: dict[str, Any]) -> Table:
    """Return the line that was found beside the one that NIST certifies."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    here = f"step {run['final']['step']}, {run['dataset']['train_rows']} rows"
    for name in ("in the data's units", here, "NIST, all 36 rows", "difference"):
        table.add_column(name, justify="right" if table.columns else "left", no_wrap=True)
    for label, name in (("B0 (intercept)", "intercept"), ("B1 (slope)", "x")):
        found, certified = run["final"]["coefficients"][name], CERTIFIED[name]
        table.add_row(label, _show(found), _show(certified), _show(None if found is None else found - certified))
    return table


def comparison(outcomes: Sequence[Outcome]) -> RenderableType:
    """Return the three runs side by side."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "status", "η", "steps", "final train MSE", "final test MSE"):
        table.add_column(name, justify="left" if name in {"", "status"} else "right", no_wrap=True)
    for attempt, run, _ in outcomes:
        final = run["final"]
        numbers = (number(run["learning_rate"]), str(run["steps_done"]), _show(final["train_mse"]))
        table.add_row(attempt.verb, run["status"], *numbers, _show(final["test_mse"]))
    return Group("", Rule("[bold]The three together[/]"), table)


def moral(outcomes: Sequence[Outcome]) -> Text:
    """Say what to look at, and why a run diverged if one did."""
    text = Text.assemble(
        "Two criteria: a descent sees only the ",
        ("train MSE", "bold"),
        "; the ",
        ("test MSE", "bold"),
        ", the error on rows it never saw, is the one that matters, and is trusted to follow. With x standardised, "
        "the train MSE is a bowl of curvature 2 whichever way one looks, so a step multiplies the distance to its "
        "bottom by 1 − 2η: ",
    )
    factors = [1 - 2 * outcome.run["learning_rate"] for outcome in outcomes]
    text.append(", ".join(f"{_show(f)} {outcome.attempt.verb}" for f, outcome in zip(factors, outcomes, strict=True)))
    if outcomes[-1].run["status"] == "diverged":
        farther = f"{abs(factors[-1]) - 1:.0%}"
        text.append(f", for each step jumps across the bottom and lands {farther} farther away, until numbers run out")
    return text.append(".")


def files(paths: Sequence[Path]) -> Text:
    """Name the files, from the current folder where they are in it."""
    here = Path.cwd()
    names = [path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path for path in paths]
    return Text("\n").join([Text("\nWritten:"), *(Text(f"  {name}", "bold") for name in names)])


def picture(outcomes: Sequence[Outcome]) -> str:
    """Draw the three runs beside one another, as SVG."""
    panels = [
        Panel(
            f"{outcome.attempt.verb}: learning rate {number(outcome.run['learning_rate'])}",
            _status(outcome.run),
            _curves(outcome),
            outcome.run["diverged_at"],
        )
        for outcome in outcomes
    ]
    description = "Train and test mean squared error over the steps. " + " ".join(
        f"{outcome.run['name']}: {_status(outcome.run)}, train MSE from {_show(outcome.trajectory['train_mse'][0])} "
        f"to {_show(outcome.trajectory['train_mse'][-1])}."
        for outcome in outcomes
    )
    return panels_svg(panels, "NIST's Norris data, three learning rates", description)


def _curves(outcome: Outcome) -> list[Curve]:
    columns = outcome.trajectory
    return [Curve(f"{part} MSE", columns["step"], columns[f"{part}_mse"]) for part in ("train", "test")]


def _status(run: dict[str, Any]) -> str:
    """Say in words how a run ended."""
    if run["status"] == "diverged":
        return f"diverged at step {run['diverged_at']}: no longer finite"
    return f"finished all {run['steps_done']} steps"


def _show(value: float | None) -> str:
    return "–" if value is None else number(value, 6).replace("-", "−", value < 0)
