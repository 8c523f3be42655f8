"""The subject of a descent: a file, standard input, or a function without data."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from service.cli.fit_problem import as_option
from service.cli.fit_request import function_of
from service.cli.options import failure
from service.cli.run_report import printable

if TYPE_CHECKING:
    from service.client import Descent

STANDARD_INPUT = Path("-")

Data = Annotated[
    Path | None,
    typer.Argument(
        help="A CSV, Excel or Parquet file, - for standard input, or a function instead.", show_default=False
    ),
]
Target = Annotated[str | None, typer.Option(help="The column of the file to predict; default: the last one.")]
Missing = Annotated[
    str | None, typer.Option(help="Rows of the file with a missing value: refuse, drop, or mean, which fills numbers.")
]
Reading = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="How the file is read: features=age,height, dates=days, decimal=, … May be given several times.",
    ),
]
Function = Annotated[
    str | None, typer.Option(help="A function without data: a name, such as rosenbrock, or a formula: '(a - 1)**2'.")
]
Sample = Annotated[str | None, typer.Option(help="A dataset that ships, as `descent samples` lists them.")]


class Subject(NamedTuple):
    """What is descended: a file with the parameters of its upload, a function, or a dataset that ships."""

    file: Path | None
    function: str | None
    sample: str | None
    reading: dict[str, Any]

    def sent(self, client: "Descent", *, quiet: bool) -> dict[str, Any]:
        """The part of a request. Uploads the file, and prints what is understood of it unless `quiet`.

        Raises typer.Exit for a file that cannot be read.
        """
        if self.function is not None:
            return {"function": function_of(self.function)}
        if self.file is None:
            return {"dataset": {"sample": self.sample}}
        dataset = uploaded(client, self.file, self.reading)
        if not quiet:
            print_understood(dataset)
        return {"dataset": {"id": dataset["id"]}}


def subject_of(file: Path | None, function: str | None, sample: str | None, reading: dict[str, Any]) -> Subject:
    """The subject by the options of a command. Raises typer.Exit unless there is one."""
    if [file, function, sample].count(None) != 2:
        raise failure("Give either a file, --function or --sample.")
    if file is None and reading:
        raise failure("--target, --missing and --reading are for files, not for --function and --sample.")
    return Subject(file, function, sample, reading)


def reading_of(target: str | None, missing: str | None, others: list[str] | None) -> dict[str, Any]:
    """The parameters of an upload. Raises typer.Exit."""
    given = {"target": target, "missing": missing} | dict(map(_parameter, others or []))
    return {name: value for name, value in given.items() if value is not None}


def _parameter(given: str) -> tuple[str, str]:
    name, sign, value = given.partition("=")
    if not sign:
        raise failure(f"--reading: {given!r} is no parameter. Write dates=days, decimal=, or another one.")
    return name, value


def uploaded(client: "Descent", file: Path, reading: dict[str, Any]) -> dict[str, Any]:
    """The dataset of a file or of standard input. Raises typer.Exit for a file that cannot be read."""
    if file == STANDARD_INPUT:
        return client.datasets.upload(sys.stdin.buffer.read(), **reading)
    try:
        return client.datasets.upload(file, **{"name": file.name} | reading)
    except OSError as error:
        raise failure(f"{file}: {error.strerror}.") from None


def print_understood(dataset: dict[str, Any]) -> None:
    """Prints what the service understood of a file."""
    typer.echo(printable(f"{dataset['rows']} rows: {dataset['target']} by {', '.join(dataset['features'])}"))
    for entry in dataset["report"]:
        typer.echo(f"  {printable(as_option(entry['message']))}")
