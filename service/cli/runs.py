"""`descent runs`, `show`, `compare`, `cancel` and `open`: the runs of a service, and one of them."""

import webbrowser
from typing import Annotated, Any

import typer

from service.cli.connection import Url, address_of, connected, run_of
from service.cli.options import Json, failure, print_json
from service.cli.run_report import fields_of, page_of, print_run, printable
from service.cli.table import Row, number_cell, print_table, run_row
from service.core.run_status import RunStatus

run_commands = typer.Typer()

RunId = Annotated[str, typer.Argument(metavar="ID", help="The id of a run; default: the latest.", show_default=False)]


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
    code = {each.words: each.value for each in RunStatus}.get(status or "", status)
    with connected(url) as client:
        found = [run.facts for run in client.runs.list(status=code, tag=tag, name=name, sort=sort, limit=limit)]
    if as_json:
        print_json(found)
    elif found:
        print_table([run_row(run) for run in found])
    else:
        is_filtered = any(each is not None for each in (status, tag, name))
        message = "No run matches these filters." if is_filtered else "No run. `descent fit FILE` makes one."
        typer.echo(message, err=True)


@run_commands.command()
def show(run_id: RunId = "latest", as_json: Json = False, url: Url = None) -> None:
    """Show where a run arrived, its verdict and its findings.

    Example: descent show
    """
    with connected(url) as client:
        run = run_of(client, run_id).facts
    if as_json:
        print_json(run)
        return
    print_run(run, address_of(url))
    if run["error"]:
        typer.echo(printable(run["error"]["message"]))


@run_commands.command()
def compare(
    run_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="The ids of runs; default: the two latest.", show_default=False),
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Compare runs: where each arrived, and the fields in which their requests differ.

    Example: descent compare
    """
    with connected(url) as client:
        found = [run_of(client, each) for each in run_ids] if run_ids else client.runs.list(limit=2)
        compared = [run.facts for run in found]
    if not compared:
        raise failure("No run. `descent fit FILE` makes one.")
    if as_json:
        print_json(compared)
    else:
        print_table(_compared(compared))


def _compared(found: list[dict[str, Any]]) -> list[Row]:
    """A row for each run, with a column for each field of the requests that differs."""
    requests = [dict(fields_of("", run["request"])) for run in found]
    paths = dict.fromkeys(path for request in requests for path in request)
    differing = [path for path in paths if path != "name" and len({request.get(path) for request in requests}) > 1]
    rows = []
    for run, request in zip(found, requests, strict=True):
        loss = {"E(θ)": number_cell((run["final"] or {}).get("train_loss"))}
        rows.append(run_row(run) | loss | {path: request.get(path, "") for path in differing})
        del rows[-1]["created (UTC)"]
    return rows


@run_commands.command()
def cancel(
    run_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a run, as `descent runs` shows it.")],
    as_json: Json = False,
    url: Url = None,
) -> None:
    """End a run; its steps stay.

    Example: descent cancel 44d15014a28a7e6c
    """
    with connected(url) as client:
        run = run_of(client, run_id).cancel().facts
    if as_json:
        print_json(run)
        return
    typer.echo(f"{RunStatus(run['status']).words}: {run['steps_done']:,} of {run['steps_total']:,} steps", err=True)


@run_commands.command(name="open")
def open_page(run_id: RunId = "latest", as_json: Json = False, url: Url = None) -> None:
    """Print the address of a run's page, and open it in the browser. BROWSER chooses another one.

    Example: descent open
    """
    with connected(url) as client:
        page = page_of(address_of(url), run_of(client, run_id).id)
    if as_json:
        print_json({"url": page})
    else:
        typer.echo(page)
    if not webbrowser.open(page):
        typer.echo("No browser is found here: open the address yourself.", err=True)
