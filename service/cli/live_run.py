"""A run while it descends: a bar, both criteria and their curves on a terminal, lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from service.cli.options import DIVERGED_OR_DIFFERENT, INTERRUPTED, failure, print_json
from service.cli.run_report import page_of, print_run
from service.cli.table import number_cell
from service.core.run_status import RunStatus
from service.plotting import sparkline

if TYPE_CHECKING:
    from service.client import Event
    from service.client.synchronous.runs import Run

SHORT_SECONDS = 2
"""The duration of a run whose page is not named while it runs."""
POINTS = 1000
"""The most points of a curve, about: a client needs no more of a long run."""
FRAMES = 8
"""The pictures in a second."""
BAR_WIDTH, LINE_WIDTH = 30, 40
CRITERIA = {"train_loss": "E(θ)", "train_mse": "train MSE", "test_mse": "test MSE"}
COLUMNS = ",".join(("step", *CRITERIA))


class LiveRun:
    """The picture of a run, made of its events."""

    def __init__(self, run: dict[str, Any], page: str | None) -> None:
        self.run, self.page = run, page
        self.step = run["steps_done"]
        self.begun = time.monotonic()
        self.curves: dict[str, list[float | None]] = {name: [] for name in CRITERIA}

    @property
    def last(self) -> dict[str, float | None]:
        """The newest value of each criterion that the run has, by its title."""
        ends = {title: self.curves[name][-1] for name, title in CRITERIA.items() if self.curves[name]}
        return {title: value for title, value in ends.items() if value is not None}

    def add(self, event: "Event") -> None:
        """Takes the news of an event."""
        if event.kind == "progress":
            self.step = event.data["step"][-1]
            for name, curve in self.curves.items():
                curve.extend(event.data[name])
        else:
            self.run = event.data
            self.step = self.run["steps_done"]

    def line(self) -> str:
        """The state of the run in a line."""
        criteria = "".join(f", {title} {number_cell(value)}" for title, value in self.last.items())
        return f"{RunStatus(self.run['status']).words}: {self.step:,} of {self.run['steps_total']:,} steps{criteria}"

    def __rich__(self) -> RenderableType:
        total, words = self.run["steps_total"], RunStatus(self.run["status"]).words
        head, table = Table.grid(padding=(0, 1)), Table.grid(padding=(0, 2))
        amount = f"{self.step:,} of {total:,} steps"
        seconds = f"{time.monotonic() - self.begun:.0f} s"
        head.add_row(words, ProgressBar(total, self.step, width=BAR_WIDTH), amount, seconds)
        for name, title in CRITERIA.items():
            values = [value for value in self.curves[name] if value is not None]
            if values and not (name == "train_loss" and self.curves["train_mse"][-1] is not None):
                table.add_row(title, number_cell(values[-1]), Text(sparkline(values, LINE_WIDTH), "cyan"))
        return Group(head, table, *([Text(self.page, "dim")] if self.page else []))


def events_of(run: "Run") -> Iterator["Event"]:
    """The events of a run until its end, with about as many steps as a curve has points."""
    yield from run.follow(fields=COLUMNS, every=max(1, run["steps_total"] // POINTS))


def wait_for(run: "Run", address: str | None) -> None:
    """Waits for the end of the run and for its verdict; shows the progress on standard error.

    Raises typer.Exit after Ctrl-C, which ends the wait and not the run. `address` is None for a service that ends with
    the command.
    """
    from service.client import RunFailedError  # noqa: PLC0415 - keeps --help fast

    console = Console(stderr=True, highlight=False, markup=False)
    page = None if address is None else page_of(address, run.id)
    left = "The run ended with its service." if address is None else continues(run)
    with told_of_interruption(left), suppress(RunFailedError):
        if console.is_terminal:
            _show(run, page, console)
        elif page is not None and not run.refresh(wait=SHORT_SECONDS).is_finished:
            console.print(page, soft_wrap=True)
        run.wait(progress=False)


def _show(run: "Run", page: str | None, console: Console) -> None:
    picture = LiveRun(run.facts, page)
    with Live(picture, console=console, refresh_per_second=FRAMES):
        for event in events_of(run):
            picture.add(event)
        picture.page = None  # the report ends with it


@contextmanager
def told_of_interruption(what: str) -> Iterator[None]:
    """Says after Ctrl-C that the work continues. Raises typer.Exit."""
    try:
        yield
    except KeyboardInterrupt:
        raise failure(what, INTERRUPTED) from None


def continues(run: "Run") -> str:
    """What an interrupted wait leaves."""
    return f"The run continues. `descent cancel {run.id}` ends it."


def report(run: "Run", address: str | None, *, as_json: bool) -> None:
    """Prints a finished run. Raises typer.Exit for one that diverged, failed or was cancelled."""
    if as_json:
        print_json(run.facts)
    else:
        print_run(run.facts, address)
    end(run)


def end(run: "Run") -> None:
    """Raises typer.Exit for a run that diverged, failed or was cancelled."""
    if run.status == "failed":
        raise failure(run["error"]["message"])
    if run.status == "cancelled":
        raise failure("The run was cancelled.")
    if run.status == "diverged":
        raise typer.Exit(DIVERGED_OR_DIFFERENT)
