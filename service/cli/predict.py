"""`descent predict`: f(θ, x) for the rows of a CSV file or of a dataset."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.connection import Url, connected, run_of
from service.cli.options import Json, failure, print_json
from service.cli.subject import STANDARD_INPUT, Reading, reading_of
from service.cli.trajectory import opened

if TYPE_CHECKING:
    from httpx2 import Response

    from service.client import Descent

predict_commands = typer.Typer()


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
    reading: Reading = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Predict the target for rows of features, as CSV: the predictions, and the probabilities of classes.

    Example: descent predict heights.csv
    """
    if (file is None) == (dataset is None):
        raise failure("Give either a file or --dataset.")
    if file is None and reading:
        raise failure("--reading is for a file.")
    if as_json and output is not None:
        raise failure("--output is a CSV file: leave out --json.")
    form = "application/json" if as_json else "text/csv"
    with connected(url) as client:
        run = run_of(client, run_id)
        if run["dataset"] is None:
            raise failure(f"The run {run.id} descended a function: it has nothing to predict.")
        path = f"/runs/{run.id}/predict"
        if file is None:
            answer = _of_dataset(client, path, dataset, step, form)
        else:
            query = reading_of(None, None, reading) | {"step": step}
            answer = _of_file(client, path, file, query, form)
        if as_json:
            print_json(answer.json())
            return
        with opened(output) as written:
            written.write(answer.content)


def _of_dataset(client: "Descent", path: str, dataset: str | None, step: str, form: str) -> "Response":
    body = {"dataset": {"id": dataset}, "step": int(step) if step.isdecimal() else step}
    return client.connection.send("POST", path, body=body, headers={"Accept": form}, repeatable=True)


def _of_file(client: "Descent", path: str, file: Path, query: dict[str, str], form: str) -> "Response":
    """The service reads the file as it reads an upload. Raises typer.Exit for one that cannot be opened."""
    try:
        content = sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()
    except OSError as error:
        raise failure(f"{file}: {error.strerror}.") from None
    headers = {"Accept": form, "Content-Type": "text/csv"}
    return client.connection.send("POST", path, query=query, content=content, headers=headers, repeatable=True)
