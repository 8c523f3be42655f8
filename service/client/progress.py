"""Progress bars on a terminal or in a notebook."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Protocol

PROGRESS, ASYNC_PROGRESS = None, False
"""Whether progress is shown if nobody asks: that of many runs at once would write over each other."""


class Bar(Protocol):
    """Shows how much of a task is done."""

    def __call__(self, done: float, total: float | None) -> None:
        """Shows that so much is done."""


def is_shown(asked: bool | None) -> bool:
    """Whether progress is shown: as asked, else on a terminal, and in a notebook that has the widgets for it."""
    if asked is not None:
        return asked
    return find_spec("ipywidgets") is not None if is_notebook() else sys.stderr.isatty()


def is_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    shell = sys.modules.get("ipykernel.zmqshell")
    return shell is not None and bool(shell.ZMQInteractiveShell.initialized())


@contextmanager
def bar(title: str, unit: str, *, shown: bool) -> Iterator[Bar]:
    """A bar, which begins with the first progress and disappears at the end; one that shows nothing unless `shown`."""
    with ExitStack() as stack:
        update: Callable[..., None] | None = None

        def show(done: float, total: float | None) -> None:
            nonlocal update
            if shown and update is None:
                update = _begun(stack, title)
            if update is not None:
                of_all = "" if total is None else f" of {total:,.0f}"
                update(completed=done, total=total, amount=f"{done:,.0f}{of_all} {unit}")

        yield show


def _begun(stack: ExitStack, title: str) -> Callable[..., None]:
    from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second to import
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"), TimeElapsedColumn())
    console = Console(stderr=True)
    progress = stack.enter_context(Progress(*columns, console=console, transient=console.is_terminal))
    return partial(progress.update, progress.add_task(title, total=None, amount=""))
