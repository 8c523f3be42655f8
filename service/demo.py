"""The demonstration: one data set, three learning rates, and what both criteria do at every step.

It talks to a service that is already running, over HTTP alone, so it shows what any client would see.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from service.curves import Curve, Panel, number, svg, terminal

CERTIFIED = {"intercept": -0.262323073774029, "x": 1.00211681802045}
"""NIST's B0 and B1 for Norris, https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml."""

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.2
_ENDED = {"succeeded", "diverged", "failed", "cancelled"}
_TABLE_STEPS = {0, 1, 2, 5, 10, 20, 50, 100, 1000}


class DemoError(Exception):
    """The demonstration could not be finished; the message says why, for a person."""


class Attempt(NamedTuple):
    """A learning rate to try, and the number of steps after which one sees what it does."""

    verb: str
    learning_rate: float
    steps: int


class Outcome(NamedTuple):
    """What the service answered to an attempt: the run and its trajectory, as in the HTTP contract."""

    attempt: Attempt
    run: dict[str, Any]
    trajectory: dict[str, Any]


ATTEMPTS = (
    Attempt("crawls", 0.005, 100),
    Attempt("converges", 0.1, 100),
    Attempt("diverges", 1.05, 5000),  # 10 % farther each time: it takes thousands of steps to run out of numbers
)


def run_demo(client: httpx2.Client, folder: Path, console: Console) -> list[Path]:
    """Fit Norris three times, show what happened and write the files; return their paths.

    Raises `DemoError` if the service does not answer, refuses, or a run fails.
    """
    console.print(_heading())
    outcomes, paths = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for attempt in ATTEMPTS:
            run = _fit(client, attempt)
            outcome = Outcome(attempt, run, _get(client, f"/runs/{run['id']}/trajectory"))
            console.print(_report(outcome, console))
            paths.append(_save_csv(client, run["id"], folder / f"norris-{attempt.verb}.csv"))
            outcomes.append(outcome)
        paths.append(_save_svg(outcomes, folder / "norris.svg"))
    except httpx2.HTTPError as error:
        raise DemoError(f"the service at {client.base_url} does not answer: {error}") from error
    except OSError as error:
        raise DemoError(f"cannot write to {folder}: {error}") from error
    except (LookupError, TypeError, ValueError) as error:
        raise DemoError(f"the service's answer is not what its contract promises: {error!r}") from error
    console.print(_comparison(outcomes), _moral(outcomes))
    console.print(_files(paths), soft_wrap=True)  # a long path is worth more whole than folded
    return paths


def _fit(client: httpx2.Client, attempt: Attempt) -> dict[str, Any]:
    """Submit one descent and return its run once it has ended."""
    body = {
        "dataset": {"sample": "norris"},
        "standardize": True,
        "objective": {"loss": "mse"},
        "descent": {"steps": attempt.steps, "learning_rate": attempt.learning_rate},
        "name": f"norris-{attempt.verb}",
    }
    # The answer may take the ten seconds asked for, which is longer than a client's usual patience.
    run = _json(client.post("/fit", json=body, headers={"Prefer": "wait=10"}, timeout=30))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run["status"] not in _ENDED:
        if time.monotonic() > deadline:
            raise DemoError(f"run {run['id']} is still {run['status']} after {PATIENCE_SECONDS:.0f} seconds")
        time.sleep(POLL_SECONDS)
        run = _get(client, f"/runs/{run['id']}")
    if run["status"] in {"failed", "cancelled"}:
        raise DemoError(f"run {run['id']} ({run['name']}) was not finished but {run['status']}: {_why(run['error'])}")
    return run


def _get(client: httpx2.Client, path: str) -> dict[str, Any]:
    return _json(client.get(path, timeout=30))


def _json(response: httpx2.Response) -> dict[str, Any]:
    """Return the answer's JSON object, or raise with what the service said went wrong."""
    if response.is_error:
        request = response.request
        try:
            why = _why(response.json())
        except ValueError:
            why = response.reason_phrase
        raise DemoError(f"{request.method} {request.url.path} was answered with {response.status_code}: {why}")
    answer = response.json()
    if not isinstance(answer, dict):
        raise TypeError(f"{answer!r} is no JSON object")
    return answer


def _why(problem: object) -> str:
    """Say in words what a problem document or a run's `error` says."""
    if not isinstance(problem, dict):
        return str(problem or "no reason given")
    why = str(problem.get("detail") or problem.get("message") or problem.get("title") or problem)
    fields = [f"{error.get('pointer', '')}: {error.get('message', '')}" for error in problem.get("errors") or []]
    return "; ".join([why, *(field for field in fields if field not in why)])


def _save_csv(client: httpx2.Client, run_id: str, path: Path) -> Path:
    """Stream a trajectory to a file as CSV."""
    url = f"/runs/{run_id}/trajectory"
    with client.stream("GET", url, params={"format": "csv"}, timeout=30) as response:
        if response.is_error:
            response.read()
            _json(response)
        with path.open("wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
    return path


def _save_svg(outcomes: Sequence[Outcome], path: Path) -> Path:
    """Draw the three runs beside one another."""
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
    path.write_text(svg(panels, "NIST's Norris data, three learning rates", description), encoding="utf-8")
    return path


def _heading() -> RenderableType:
    text = Text.assemble(
        "NIST's sample ",
        ("Norris", "bold"),
        ": the line y = B0 + B1·x through 36 calibrations of an ozone monitor. The service keeps 9 rows back as test "
        "data and descends the mean squared error (MSE) of the other 27, from θ = 0. Only the learning rate η differs "
        "between the three runs. x is standardised: θ is in those units, the coefficients are in the data's own.",
    )
    return Group("", Rule("[bold]One data set, three learning rates[/]"), "", text)


def _report(outcome: Outcome, console: Console) -> RenderableType:
    """Return one run's section: what became of it, its steps as a table and as a curve, its coefficients."""
    run = outcome.run
    title = Text.assemble((outcome.attempt.verb, "bold"), f" · learning rate η = {number(run['learning_rate'])}")
    status = Text(_status(run), "bold red" if run["status"] == "diverged" else "bold green")
    lines = terminal(_curves(outcome), min(console.width, 100), 12)
    picture = Text("\n").join(Text.assemble(*line) for line in lines)
    return Group("", Rule(title, align="left"), status, _steps_table(outcome), picture, _coefficients(run))


def _steps_table(outcome: Outcome) -> Table:
    """Return both criteria and θ at some steps, the first, the last and the best among them."""
    trajectory, best = outcome.trajectory, (outcome.run["best"] or {}).get("step")
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


def _curves(outcome: Outcome) -> list[Curve]:
    columns = outcome.trajectory
    return [Curve(f"{part} MSE", columns["step"], columns[f"{part}_mse"]) for part in ("train", "test")]


def _comparison(outcomes: Sequence[Outcome]) -> RenderableType:
    """Return the three runs side by side."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "status", "η", "steps", "final train MSE", "final test MSE"):
        table.add_column(name, justify="left" if name in {"", "status"} else "right", no_wrap=True)
    for attempt, run, _ in outcomes:
        final = run["final"]
        numbers = (number(run["learning_rate"]), str(run["steps_done"]), _show(final["train_mse"]))
        table.add_row(attempt.verb, run["status"], *numbers, _show(final["test_mse"]))
    return Group("", Rule("[bold]The three together[/]"), table)


def _moral(outcomes: Sequence[Outcome]) -> Text:
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


def _files(paths: Sequence[Path]) -> Text:
    """Name the files, from the current folder where they are in it."""
    here = Path.cwd()
    names = [path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path for path in paths]
    return Text("\n").join([Text("\nWritten:"), *(Text(f"  {name}", "bold") for name in names)])


def _status(run: dict[str, Any]) -> str:
    """Say in words how a run ended."""
    if run["status"] == "diverged":
        return f"diverged at step {run['diverged_at']}: no longer finite"
    if run["stop_reason"] == "max_steps":
        return f"finished all {run['steps_done']} steps"
    return f"stopped after {run['steps_done']} steps ({run['stop_reason']})"


def _show(value: float | None) -> str:
    return "–" if value is None else number(value, 6).replace("-", "−", value < 0)
