"""`descent backup` and `descent check`: what is done to the database file itself, also beside a running service."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from service.cli.options import DatabaseUrl, failure, settings_of

database_commands = typer.Typer()

UNSOUND, UNREADABLE = 1, 2


@database_commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Copy the database while the service runs: the whole of one moment, checked, or no file."""
    from service.storage.sqlite.backup import BackupError, back_up  # noqa: PLC0415 - a --help need not wait for it

    source = _file(database)
    try:
        with _bar() as tell:
            size = back_up(source, file, force=force, progress=lambda done, of: tell("copying", done, of))
    except (BackupError, OSError) as error:
        raise failure(str(error)) from None
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
        f"{file} is a copy of {source}, {size / 2**20:,.1f} MiB, and was checked. "
        f"Use it with `descent serve --database sqlite:///{file}`."
    )


@database_commands.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Look for damage: structure, checksums, gaps, orphans. Exits with 0 for none, 1 for some, 2 if unreadable."""
    from service.storage.integrity import fsck  # noqa: PLC0415

    file = _file(database)
    try:
        with _bar() as tell:
            findings = list(fsck.check(file, tell))
    except fsck.CheckError as error:
        failure(str(error))
        raise typer.Exit(UNREADABLE) from None
    if as_json:
        told = [each._asdict() | {"advice": fsck.ADVICE[each.kind]} for each in findings]
        typer.echo(json.dumps({"file": str(file), "sound": not findings, "findings": told}, indent=2))
    else:
        _show(file, findings, fsck.ADVICE)
    raise typer.Exit(UNSOUND if findings else 0)


def _show(file: Path, findings: list[Any], advice: dict[str, str]) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not findings:
        console.print(f"{file} is sound.")
        return
    table = Table("kind", "where", "finding", box=None)
    for finding in findings:
        table.add_row(*finding)
    console.print(table)
    for kind in dict.fromkeys(finding.kind for finding in findings):
        console.print(f"{kind}: {advice[kind]}")


def _file(url: str | None) -> Path:
    settings = settings_of(database_url=url)
    if settings.database_file is None:
        raise failure(f"{settings.database_url} is no SQLite file.")
    return settings.database_file


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, of: progress.update(task, description=what, completed=done, total=of)
