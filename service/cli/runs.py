"""`descent runs`, `show`, `trajectory` and `cancel`: the runs of a service, one of them, its steps, and its end."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from service.cli.connection import Url, address_of, answer_of, connected, run_path
from service.cli.options import failure
from service.cli.run_report import print_run, printable
from service.core.run_status import FINISHED, RunStatus

run_commands = typer.Typer()

Format = Literal["csv", "json", "ndjson", "npz", "parquet"]
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "npz": "application/x-npz",
    "parquet": "application/vnd.apache.parquet",
}
BINARY = {"npz": "NPZ", "parquet": "Parquet"}
MOST_WIDTH = 1000
"""A width in characters in which every table fits."""
COLUMNS = ("id", "name", "status", "verdict", "steps", "train MSE", "test MSE", "created (UTC)")
LEFT_OUT = ("created (UTC)", "verdict", "steps")
"""The columns that a narrow terminal does without, the least important one first."""
RIGHT = frozenset({"steps", "train MSE", "test MSE"})

RunId = Annotated[str, typer.Argument(metavar="ID", help="The id of a run; default: the latest.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@run_commands.command()
def runs(
    status: Annotated[
        str | None, typer.Option(help=f"Only runs of this status: {', '.join(each.words for each in RunStatus)}.")
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="KEY:VALUE", help="Only runs with this tag.")] = None,
    name: Annotated[str | None, typer.Option(help="Only runs of this name; * stands for any text.")] = None,
    sort: Annotated[
        str | None,
        typer.Option(help="created_at, name, train_loss, train_mse, test_mse or best_test_mse; -name is descending."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most runs to list.")] = 20,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List the newest runs of a service, or the first ones in another order.

    Example: descent runs --status diverged
    """
    codes = {each.words: each.value for each in RunStatus}
    wanted = {"status": status and codes.get(status, status), "tag": tag, "name": name, "sort": sort}
    found: list[dict[str, Any]] = []
    with connected(url) as client:
        page: dict[str, Any] = {"has_more": True, "next": None}
        while page["has_more"] and len(found) < limit:
            query = {**wanted, "limit": min(limit - len(found), 200), "after": page["next"]}
            given = {name: value for name, value in query.items() if value is not None}
            page = answer_of(client.get("/runs", params=given), "data")
            found += page["data"]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not found:
        is_filtered = any(each is not None for each in (status, tag, name))
        message = "No run matches these filters." if is_filtered else "No run. `descent fit FILE` makes one."
        typer.echo(message, err=True)
        return
    _print_table([dict(zip(COLUMNS, _cells(run), strict=True)) for run in found])


@run_commands.command()
def show(run_id: RunId = "latest", as_json: Json = False, url: Url = None) -> None:
    """Show where a run arrived, its verdict and its findings.

    Example: descent show
    """
    with connected(url) as client:
        run = answer_of(client.get(run_path(run_id)))
    if as_json:
        typer.echo(json.dumps(run, indent=2))
    else:
        print_run(run, address_of(url))
        if run["error"]:
            typer.echo(printable(run["error"]["message"]))


@run_commands.command()
def trajectory(
    run_id: RunId = "latest",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; default: standard output.")
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: by the name of the file, or csv.", show_default=False)
    ] = None,
    from_step: Annotated[int | None, typer.Option(min=0, help="The first step.")] = None,
    to_step: Annotated[int | None, typer.Option(min=0, help="The last step, included.")] = None,
    every: Annotated[int | None, typer.Option(min=1, help="Only every k-th step.")] = None,
    max_points: Annotated[
        int | None, typer.Option(min=3, help="The most steps: evenly spaced ones, with the first, last and best.")
    ] = None,
    fields: Annotated[str | None, typer.Option(help="Columns, such as step,theta,test_mse; default: all.")] = None,
    url: Url = None,
) -> None:
    """Write θ and both criteria at every step, as CSV, JSON, NDJSON, NPZ or Parquet.

    Example: descent trajectory -o steps.csv
    """
    query = {"from_step": from_step, "to_step": to_step, "every": every, "max_points": max_points, "fields": fields}
    given = {name: value for name, value in query.items() if value is not None}
    kind = given["format"] = form or _format_of(output)
    if output is None and kind in BINARY and sys.stdout.isatty():
        raise failure(f"{BINARY[kind]} is not for a terminal. Name a file by -o.")
    with connected(url) as client, client.stream("GET", f"{run_path(run_id)}/trajectory", params=given) as response:
        if response.is_error or not response.headers.get("Content-Type", "").startswith(MEDIA_TYPES[kind]):
            response.read()
            answer_of(response)
            raise failure(f"{response.url}: this is no trajectory. Check the address that --url gives.")
        with _opened(output) as file, _download_bar(output) as advance:
            for piece in response.iter_bytes():
                file.write(piece)
                advance(len(piece))
    if output is not None:
        typer.echo(f"{output}: {output.stat().st_size:,} bytes", err=True)


@run_commands.command()
def cancel(
    run_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a run, as `descent runs` shows it.")],
    url: Url = None,
) -> None:
    """End a run; its steps stay.

    Example: descent cancel 44d15014a28a7e6c
    """
    with connected(url) as client:
        run = answer_of(client.post(f"{run_path(run_id)}/cancel"))
    typer.echo(f"{RunStatus(run['status']).words}: {run['steps_done']:,} of {run['steps_total']:,} steps", err=True)


def _print_table(rows: list[dict[str, str]]) -> None:
    """Prints the runs, one a line: ids are never cut, so that they can be given to other commands."""
    console = Console(markup=False, highlight=False)
    names = list(COLUMNS)
    for name in (*LEFT_OUT, None):
        table = Table(box=None)
        for each in names:
            table.add_column(each, no_wrap=each != "name", justify="right" if each in RIGHT else "left")
        for row in rows:
            table.add_row(*(row[each] for each in names))
        needed = Measurement.get(console, console.options.update(width=MOST_WIDTH), table).maximum
        if not console.is_terminal and "COLUMNS" not in os.environ:  # a pipe
            console.width = needed
        if needed <= console.width or name is None:
            break
        names.remove(name)
    console.print(table)


def _cells(run: dict[str, Any]) -> tuple[str, ...]:
    """The texts of a run in the table, in the order of COLUMNS."""
    final, verdict = run["final"] or {}, run["convergence"] or {}
    steps = (
        f"{run['steps_done']:,}" if run["status"] in FINISHED else f"{run['steps_done']:,} of {run['steps_total']:,}"
    )
    criteria = ("" if final.get(name) is None else f"{final[name]:.4g}" for name in ("train_mse", "test_mse"))
    words = RunStatus(run["status"]).words
    created = run["created_at"][:16].replace("T", " ")
    return (run["id"], printable(run["name"] or ""), words, verdict.get("state", ""), steps, *criteria, created)


def _format_of(output: Path | None) -> str:
    """The format by the ending of the file's name. Raises typer.Exit for another ending."""
    if output is None:
        return "csv"
    ending = output.suffix.removeprefix(".").lower()
    found = {"jsonl": "ndjson"}.get(ending, ending)
    if found not in MEDIA_TYPES:
        raise failure(f"{output}: the name ends in none of .csv, .json, .ndjson, .npz and .parquet. Give --format.")
    return found


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, a device, or a file that takes its name when it is complete. Raises typer.Exit for a file that
    cannot be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    output = output.resolve()  # a link stays
    part = output.parent / f"{secrets.token_hex(8)}.part"
    is_device = output.exists() and not output.is_file()
    try:
        with output.open("wb") if is_device else part.open("xb") as file:
            yield file
        if not is_device:
            part.replace(output)
    except OSError as error:
        raise failure(f"{output}: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _download_bar(output: Path | None) -> Iterator[Callable[[int], None]]:
    """A function that counts written bytes; on a terminal they are shown while a file is written."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=output is None or not console.is_terminal) as bar:
        task = bar.add_task("writing", total=None)
        yield lambda size: bar.advance(task, size)
