"""Progress bars on a terminal or in a notebook."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Bar(Protocol):
    """Shows how much of a task is done."""

    def __call__(self, done: float, total: float | None) -> None:
        """Shows that so much is done."""


def is_shown(asked: bool | None) -> bool:
    """Whether progress is shown: as asked, else on a terminal and in a notebook."""
    return is_notebook() or sys.stderr.isatty() if asked is None else asked


def is_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    shell = sys.modules.get("ipykernel.zmqshell")
    return shell is not None and bool(shell.ZMQInteractiveShell.initialized())


@contextmanager
def bar(title: str, unit: str, *, shown: bool) -> Iterator[Bar]:
    """A bar, which disappears at the end; one that shows nothing unless `shown`."""
    if not shown:
        yield lambda done, total: None  # noqa: ARG005
        return
    from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second to import
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None, amount="")

        def show(done: float, total: float | None) -> None:
            of_all = "" if total is None else f" of {total:,.0f}"
            progress.update(task, completed=done, total=total, amount=f"{done:,.0f}{of_all} {unit}")

        yield show
