"""`descent runs`, `show` and `trajectory`: the runs of a service, one of them, and its steps."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from service.cli.connection import Url, address_of, answer_of, connected
from service.cli.options import failure
from service.cli.run_report import print_run
from service.core.run_status import RunStatus

run_commands = typer.Typer()

Format = Literal["csv", "json", "ndjson", "npz"]
COLUMNS = ("id", "name", "status", "verdict", "steps", "train MSE", "test MSE", "created")
RIGHT = frozenset({"steps", "train MSE", "test MSE"})

RunId = Annotated[str, typer.Argument(metavar="ID", help="The id of a run; default: the latest.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@run_commands.command()
def runs(
    status: Annotated[
        RunStatus | None, typer.Option(metavar="STATUS", help=f"Only runs of this status: {', '.join(RunStatus)}.")
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="KEY:VALUE", help="Only runs with this tag.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most runs to list.")] = 20,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List the newest runs of a service.

    Example: descent runs --status diverged
    """
    wanted = {"status": status and status.value, "tag": tag}
    found: list[dict[str, Any]] = []
    with connected(url) as client:
        page: dict[str, Any] = {"has_more": True, "next": None}
        while page["has_more"] and len(found) < limit:
            query = {**wanted, "limit": min(limit - len(found), 200), "after": page["next"]}
            given = {name: value for name, value in query.items() if value is not None}
            page = answer_of(client.get("/runs", params=given))
            found += page["data"]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not found:
        typer.echo("No run. `descent fit FILE` makes one.", err=True)
        return
    table = Table(box=None)
    for name in COLUMNS:
        table.add_column(name, no_wrap=name != "name", justify="right" if name in RIGHT else "left")
    for run in found:
        table.add_row(*_cells(run))
    Console(markup=False, highlight=False).print(table)


@run_commands.command()
def show(run_id: RunId = "latest", as_json: Json = False, url: Url = None) -> None:
    """Show where a run arrived, its verdict and its findings.

    Example: descent show
    """
    with connected(url) as client:
        run = answer_of(client.get(f"/runs/{run_id}"))
    if as_json:
        typer.echo(json.dumps(run, indent=2))
    else:
        print_run(run, address_of(url))
        if run["error"]:
            typer.echo(run["error"]["message"])


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
    fields: Annotated[str | None, typer.Option(help="Columns, such as step,theta,test_mse; default: all.")] = None,
    url: Url = None,
) -> None:
    """Write θ and both criteria at every step, as CSV, JSON, NDJSON or NPZ.

    Example: descent trajectory -o steps.csv
    """
    query = {"from_step": from_step, "to_step": to_step, "every": every, "fields": fields}
    given = {name: value for name, value in query.items() if value is not None}
    given["format"] = form or _format_of(output)
    with connected(url) as client, client.stream("GET", f"/runs/{run_id}/trajectory", params=given) as response:
        if response.is_error:
            response.read()
            answer_of(response)
        with _opened(output) as file, _progress(output) as advance:
            for piece in response.iter_bytes():
                file.write(piece)
                advance(len(piece))
    if output is not None:
        typer.echo(f"{output}: {output.stat().st_size:,} bytes", err=True)


def _cells(run: dict[str, Any]) -> tuple[str, ...]:
    """The texts of a run in the table, in the order of COLUMNS."""
    final, verdict = run["final"] or {}, run["convergence"] or {}
    steps = f"{run['steps_done']:,}" if run["status"] in {"succeeded", "diverged"} else _progress_of(run)
    criteria = ("" if final.get(name) is None else f"{final[name]:.4g}" for name in ("train_mse", "test_mse"))
    words = RunStatus(run["status"]).words
    created = run["created_at"][:16].replace("T", " ")
    return (run["id"], run["name"] or "", words, verdict.get("state", ""), steps, *criteria, created)


def _progress_of(run: dict[str, Any]) -> str:
    return f"{run['steps_done'] or 0:,} of {run['steps_total']:,}"


def _format_of(output: Path | None) -> str:
    """The format by the ending of the file's name. Raises typer.Exit for another ending."""
    if output is None:
        return "csv"
    ending = output.suffix.removeprefix(".").lower()
    found = {"jsonl": "ndjson"}.get(ending, ending)
    if found not in Format.__args__:  # type: ignore[attr-defined]
        raise failure(f"{output}: the name ends in none of .csv, .json, .ndjson and .npz. Give --format.")
    return found


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that takes its name when it is complete. Raises typer.Exit if it cannot be written."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise failure(f"{output}: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress(output: Path | None) -> Iterator[Any]:
    """A function that counts written bytes; on a terminal they are shown while a file is written."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=output is None or not console.is_terminal) as bar:
        task = bar.add_task("writing", total=None)
        yield lambda size: bar.advance(task, size)
