"""`descent datasets` and `samples`: the uploaded datasets, and those that ship."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.connection import Url, connected
from service.cli.options import Json, failure, print_json
from service.cli.subject import Missing, Reading, Target, print_understood, reading_of, uploaded
from service.cli.table import minute_of, print_table

dataset_commands = typer.Typer(name="datasets", help="List, upload and delete datasets.", no_args_is_help=True)
sample_commands = typer.Typer()


@dataset_commands.command(name="list")
def list_datasets(
    limit: Annotated[int, typer.Option(min=1, max=200, help="The most datasets to list.")] = 20,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List the newest datasets.

    Example: descent datasets list
    """
    with connected(url) as client:
        found = client.datasets.list(limit=limit)
    if as_json:
        print_json(found)
    elif found:
        print_table(
            [
                {
                    "id": each["id"],
                    "name": each["name"] or "",
                    "rows": f"{each['rows']:,}",
                    "target": each["target"],
                    "features": ", ".join(each["features"]),
                    "uploaded (UTC)": minute_of(each["created_at"]),
                }
                for each in found
            ]
        )
    else:
        typer.echo("No dataset. `descent datasets upload FILE` stores one.", err=True)


@dataset_commands.command()
def upload(
    file: Annotated[Path, typer.Argument(help="A CSV, Excel, Parquet or NPZ file, or - for standard input.")],
    target: Target = None,
    missing: Missing = None,
    reading: Reading = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Upload a file, and print what is understood of it; the last line is the id.

    Example: descent datasets upload heights.csv --target height
    """
    parameters = reading_of(target, missing, reading)
    with connected(url) as client:
        found = uploaded(client, file, parameters)
    if as_json:
        print_json(found)
        return
    print_understood(found)
    typer.echo(found["id"])


@dataset_commands.command()
def delete(
    dataset_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of datasets.")],
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Delete datasets that no run uses.

    Example: descent datasets delete 44d15014a28a7e6c
    """
    with connected(url) as client:
        for each in dataset_ids:
            if "/" in each or not each.strip("."):
                raise failure(f"No dataset has the id '{each}'. `descent datasets list` lists them.")
            client.datasets.delete(each)
    if as_json:
        print_json({"deleted": dataset_ids})
    else:
        typer.echo(f"deleted: {', '.join(dataset_ids)}", err=True)


@sample_commands.command()
def samples(as_json: Json = False, url: Url = None) -> None:
    """List the datasets that ship; `descent fit --sample norris` fits one.

    Example: descent samples
    """
    with connected(url) as client:
        found = client.samples()
    if as_json:
        print_json(found)
        return
    names = ("name", "rows", "target", "description")
    print_table([{name: str(each[name]) for name in names} for each in found])
