"""`descent sweep`: many runs that differ in some fields of the request, in the order of a criterion."""

import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from service.cli.connection import Url, address_of, connected
from service.cli.fit_request import OPTIONS, request_of
from service.cli.live_run import told_of_interruption
from service.cli.options import Json, failure, print_json
from service.cli.subject import Data, Function, Missing, Reading, Sample, Target, reading_of, subject_of
from service.cli.table import Row, number_cell, print_table
from service.core.run_status import RunStatus

if TYPE_CHECKING:
    from service.client import Sweep

sweep_commands = typer.Typer()

Vary = Annotated[
    list[str],
    typer.Option(
        metavar="FIELD=VALUES",
        help="A field and its values: learning_rate=0.01,0.1, model.degree=1,2,3, or a range: "
        """'l2={"from": 0.001, "to": 1, "count": 4, "scale": "log"}'. Several fields give every combination.""",
    ),
]


@sweep_commands.command()
def sweep(
    vary: Vary,
    data: Data = None,
    target: Target = None,
    missing: Missing = None,
    reading: Reading = None,
    function: Function = None,
    sample: Sample = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="A field that all runs have: standardize=true, descent.steps=500, … May be given several times.",
        ),
    ] = None,
    rank_by: Annotated[
        str | None, typer.Option(help="test_mse, train_loss, …; default: test_mse where there are test rows.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Fit once for each combination of values, and rank the runs.

    Example: descent sweep heights.csv --target height --vary learning_rate=0.001,0.01 --set descent.steps=200
    """
    subject = subject_of(data, function, sample, reading_of(target, missing, reading))
    request, grid = request_of({}, others or []), dict(map(_varied, vary))
    with connected(url) as client:
        body = request | subject.sent(client, quiet=as_json)
        found = client.sweep(grid, request=body, rank_by=rank_by, wait=False)
        with told_of_interruption(f"The sweep continues: {address_of(url)}/#/sweeps/{found.id}"):
            found.wait()
    if as_json:
        print_json(found.facts)
    else:
        _print_ranking(found, address_of(url))


def _varied(given: str) -> tuple[str, Any]:
    """The JSON pointer of a field and its values. Raises typer.Exit."""
    name, sign, text = given.partition("=")
    if not sign or not text or not all(name.split(".")):
        raise failure(f"--vary: {given!r} has no values. Write learning_rate=0.01,0.1, or another field.")
    try:
        values = json.loads(text)
    except ValueError:
        values = [_value(each) for each in re.split(r",\s*", text)]
    return _pointer(name), values if isinstance(values, list | dict) else [values]


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pointer(name: str) -> str:
    """The pointer of a field: that of an option, such as learning_rate, or of a path, such as model.degree."""
    paths = {option.removeprefix("--").replace("-", "_"): path for path, option in OPTIONS.items()}
    return "/" + "/".join(paths.get(name.replace("-", "_"), name.split(".")))


def _print_ranking(found: "Sweep", address: str) -> None:
    """Prints the runs in the order of the criterion, and the address of the sweep's page."""
    rows: list[Row] = []
    for member in found["ranking"]:
        values = {pointer[1:].replace("/", "."): json.dumps(value) for pointer, value in member["values"].items()}
        numbers = {"train MSE": number_cell(member["train_mse"]), "test MSE": number_cell(member["test_mse"])}
        rank, status = str(member["rank"] or ""), RunStatus(member["status"]).words
        criterion = {} if found["rank_by"] in ("train_mse", "test_mse") else {found["rank_by"]: member["value"]}
        shown = {name: number_cell(value) for name, value in criterion.items()}
        rows.append({"rank": rank, "id": member["run_id"]} | values | {"status": status} | numbers | shown)
    print_table(rows)
    Console(highlight=False, markup=False, soft_wrap=True).print(f"{address}/#/sweeps/{found.id}")
