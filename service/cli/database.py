"""`descent backup`, `check` and `status`: commands on the database file, also beside a running service."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from service.cli.options import NO_DATABASE, DatabaseUrl, Json, failure, print_json, settings_of
from service.core.plurals import counted
from service.core.run_status import RunStatus
from service.core.times import rfc3339

if TYPE_CHECKING:
    from service.storage.summary import Summary

database_commands = typer.Typer()

UNSOUND, UNREADABLE = 1, 2
DAY = 86_400.0


@database_commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file of the copy.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    damaged: Annotated[bool, typer.Option("--damaged", help="Copy damaged runs and data too.")] = False,
    as_json: Json = False,
    database: DatabaseUrl = None,
) -> None:
    """Copy one consistent state of the database, also while the service runs, and check the copy.

    Example: descent backup ../descent-copy.db
    """
    from service.storage.sqlite.backup import BackupError, back_up  # noqa: PLC0415 - keeps --help fast

    source = _file(database)
    try:
        with _progress_bar() as show:
            size = back_up(
                source, file, force=force, damaged=damaged, progress=lambda done, total: show("copying", done, total)
            )
    except (BackupError, OSError) as error:
        raise failure(str(error)) from None
    if as_json:
        print_json({"file": str(file), "bytes": size})
        return
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
        f"{file} is a checked copy of {source}, {size / 2**20:,.1f} MiB. "
        f"Serve it with `descent serve --database sqlite:///{file}`."
    )


@database_commands.command()
def check(
    as_json: Json = False,
    database: DatabaseUrl = None,
) -> None:
    """Check structure, checksums, gaps and orphans. Exit code 0: sound, 1: damaged, 2: unreadable.

    Example: descent check
    """
    from service.storage.integrity import fsck  # noqa: PLC0415

    file = _file(database, missing=UNREADABLE)
    try:
        with _progress_bar() as show:
            findings = list(fsck.check(file, show))
    except fsck.CheckError as error:
        raise failure(str(error), UNREADABLE) from None
    if as_json:
        entries = [each._asdict() | {"advice": fsck.ADVICE[each.kind]} for each in findings]
        print_json({"file": str(file), "sound": not findings, "findings": entries})
    else:
        _print_findings(file, findings, fsck.ADVICE)
    raise typer.Exit(UNSOUND if findings else 0)


@database_commands.command()
def status(
    as_json: Json = False,
    database: DatabaseUrl = None,
) -> None:
    """Show what the database holds, and what DESCENT_KEEP_DAYS lets the service delete.

    Example: descent status
    """
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415

    from service.storage.sqlite.readonly import read_only  # noqa: PLC0415
    from service.storage.summary import summarize  # noqa: PLC0415

    file, settings = _file(database), settings_of(database_url=database)
    keep_days = settings.keep_days
    before = None if keep_days is None else time.time() - keep_days * DAY
    try:
        with read_only(file).connect() as connection, connection.begin():
            found = summarize(connection, before, settings.keep_notice_seconds)
    except (DatabaseError, OSError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        raise failure(f"{file} cannot be read: {cause}. `descent check` says more.") from None
    if as_json:
        shown = {"file": str(file), "bytes": file.stat().st_size, "keep_days": keep_days, **_as_json(found)}
        print_json(shown)
        return
    table = Table(box=None, show_header=False)
    table.add_row("file", f"{file}, {file.stat().st_size / 2**20:,.1f} MiB")
    table.add_row(
        "runs", ", ".join(f"{count:,} {RunStatus(name).words}" for name, count in found.runs.items()) or "none"
    )
    table.add_row("uploaded datasets", f"{found.datasets:,}")
    table.add_row("deletion by age", _deletion(keep_days, found))
    Console(highlight=False, markup=False, soft_wrap=True).print(table)


def _deletion(keep_days: float | None, found: "Summary") -> str:
    if (announced := found.deletion) is not None:
        return (
            f"The service deletes {counted(announced.runs, 'run')} that ended before "
            f"{rfc3339(announced.ended_before, 'seconds')}, not before {rfc3339(announced.at, 'seconds')}."
        )
    if keep_days is None:
        return "off: DESCENT_KEEP_DAYS is not set here"
    return (
        f"{counted(found.old_runs, 'run')} ended more than {keep_days:g} days ago. "
        "A service with this DESCENT_KEEP_DAYS announces the deletion in its log, and deletes after the notice."
    )


def _as_json(found: "Summary") -> dict[str, Any]:
    deletion = None
    if (announced := found.deletion) is not None:
        times = {"ended_before": rfc3339(announced.ended_before), "at": rfc3339(announced.at)}
        deletion = announced._asdict() | times
    return found._asdict() | {"deletion": deletion}


def _print_findings(file: Path, findings: list[Any], advice: dict[str, str]) -> None:
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


def _file(url: str | None, missing: int = 1) -> Path:
    """The database file. Raises typer.Exit with the code `missing` if there is none."""
    try:
        file = settings_of(database_url=url).database_file
    except typer.Exit:
        raise typer.Exit(missing) from None
    if not file.is_file():
        raise failure(NO_DATABASE.format(file.resolve()), missing)
    return file


@contextmanager
def _progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error, if standard error is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda phase, done, total: progress.update(task, description=phase, completed=done, total=total)
