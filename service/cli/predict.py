"""`descent predict`: f(θ, x) for the rows of a CSV file or of a dataset."""

import csv
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.connection import Url, connected, run_of
from service.cli.options import Json, failure, print_json
from service.cli.subject import STANDARD_INPUT
from service.cli.trajectory import opened

if TYPE_CHECKING:
    from service.client import Descent

predict_commands = typer.Typer()

PIECE_VALUES = 200_000
"""The numbers of one request: some MB."""
DELIMITERS = ";\t,"
Rows = list[list[float]]


@predict_commands.command()
def predict(
    file: Annotated[
        Path | None,
        typer.Argument(help="A CSV file with the columns of the run, or - for standard input.", show_default=False),
    ] = None,
    run_id: Annotated[str, typer.Option("--run", metavar="ID", help="The run.")] = "latest",
    dataset: Annotated[
        str | None, typer.Option(metavar="ID", help="A dataset of the service instead of a file; or latest.")
    ] = None,
    step: Annotated[str, typer.Option(help="The step of θ: a number, last, or best.")] = "last",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The CSV file to write; default: standard output.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Predict the target for rows of features, as CSV: the predictions, and the probabilities of classes.

    Example: descent predict heights.csv
    """
    if (file is None) == (dataset is None):
        raise failure("Give either a file or --dataset.")
    if as_json and output is not None:
        raise failure("--output is a CSV file: leave out --json.")
    with connected(url) as client:
        run = run_of(client, run_id)
        if run["dataset"] is None:
            raise failure(f"The run {run.id} descended a function: it has nothing to predict.")
        chosen = {"step": int(step) if step.isdecimal() else step}
        if file is None:
            bodies: list[dict[str, Any]] = [{"dataset": {"id": dataset}}]
        else:
            bodies = [{"x": rows} for rows in _pieces(_rows(file, run["dataset"]["features"]))]
        path = f"/runs/{run.id}/predict"
        if as_json:
            print_json(_joined([_answer(client, path, body | chosen).json() for body in bodies]))
            return
        with opened(output) as written:
            for number, body in enumerate(bodies):
                content = _answer(client, path, body | chosen, "text/csv").content
                written.write(content.partition(b"\n")[2] if number else content)


def _answer(client: "Descent", path: str, body: dict[str, Any], form: str = "application/json") -> Any:
    return client.connection.send("POST", path, body=body, headers={"Accept": form}, repeatable=True)


def _joined(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """One answer with the lists of all."""
    found = answers[0]
    for answer in answers[1:]:
        for name in ("y", "probabilities"):
            if found.get(name) is not None:
                found[name] += answer[name]
    return found


def _pieces(rows: Rows) -> Iterator[Rows]:
    height = max(1, PIECE_VALUES // len(rows[0]))
    for first in range(0, len(rows), height):
        yield rows[first : first + height]


def _rows(file: Path, features: list[str]) -> Rows:
    """The rows of features, in the order of the run. Numbers have decimal commas where semicolons separate them.

    Raises typer.Exit for a file that lacks a column, or has a cell without a number.
    """
    try:
        text = (sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise failure(f"{file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise failure(f"{file}: this is no CSV in UTF-8. Upload other files: `descent datasets upload FILE`.") from None
    head = text.partition("\n")[0]
    delimiter = next((each for each in DELIMITERS if each in head), ",")
    lines = [line for line in csv.reader(StringIO(text, newline=""), delimiter=delimiter) if line]
    names = [name.strip() for name in lines[0]] if lines else []
    for feature in features:
        if feature not in names:
            raise failure(
                f"{file}: there is no column of numbers {feature!r}. The run needs {', '.join(features)}. "
                "For texts and dates use `descent datasets upload FILE` and --dataset latest."
            )
    if len(lines) < 2:
        raise failure(f"{file}: there is no row below the names of the columns.")
    places = [(feature, names.index(feature)) for feature in features]
    return [
        [_number(line, place, f"{file}, row {number}, column {feature}", delimiter) for feature, place in places]
        for number, line in enumerate(lines[1:], start=2)
    ]


def _number(line: list[str], place: int, where: str, delimiter: str) -> float:
    cell = line[place].strip() if place < len(line) else ""
    try:
        return float(cell.replace(",", ".") if delimiter == ";" else cell)
    except ValueError:
        raise failure(f"{where}: {cell!r} is no number. Correct it, or leave the row out.") from None
