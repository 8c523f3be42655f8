"""`descent trajectory`: the steps of a run as a file."""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from service.cli.connection import Url, connected, run_of
from service.cli.options import Json, failure
from service.cli.runs import RunId

if TYPE_CHECKING:
    from service.client import Descent

trajectory_commands = typer.Typer()

Format = Literal["csv", "json", "ndjson", "npz", "parquet"]
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "npz": "application/x-npz",
    "parquet": "application/vnd.apache.parquet",
}
BINARY = {"npz": "NPZ", "parquet": "Parquet"}


@trajectory_commands.command()
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
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Write θ and both criteria at every step, as CSV, JSON, NDJSON, NPZ or Parquet. --json is --format json.

    Example: descent trajectory -o steps.csv
    """
    query = {"from_step": from_step, "to_step": to_step, "every": every, "max_points": max_points, "fields": fields}
    kind = form or ("json" if as_json else format_of(output))
    if output is None and kind in BINARY and sys.stdout.isatty():
        raise failure(f"{BINARY[kind]} is not for a terminal. Name a file by -o.")
    with connected(url) as client:
        write_steps(client, run_of(client, run_id).id, output, query | {"format": kind})


def write_steps(client: "Descent", run_id: str, output: Path | None, query: dict[str, Any]) -> None:
    """Writes the steps of a run to a file or to standard output. Raises typer.Exit for one that cannot be written."""
    media_type = MEDIA_TYPES[query["format"]]
    with (
        client.connection.stream(f"/runs/{run_id}/trajectory", media_type, query=query) as response,
        opened(output) as file,
        _download_bar(output) as advance,
    ):
        for piece in response.iter_bytes():
            file.write(piece)
            advance(len(piece))
    if output is not None:
        typer.echo(f"{output}: {output.stat().st_size:,} bytes", err=True)


def format_of(output: Path | None) -> str:
    """The format by the ending of the file's name. Raises typer.Exit for another ending."""
    if output is None:
        return "csv"
    ending = output.suffix.removeprefix(".").lower()
    found = {"jsonl": "ndjson"}.get(ending, ending)
    if found not in MEDIA_TYPES:
        raise failure(f"{output}: the name ends in none of .csv, .json, .ndjson, .npz and .parquet. Give --format.")
    return found


@contextmanager
def opened(output: Path | None) -> Iterator[IO[bytes]]:
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
