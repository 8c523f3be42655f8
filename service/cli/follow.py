"""`descent watch`, `fork` and `verify`: a run as it descends, another from one of its steps, and its recomputation."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console

from service.cli.connection import Url, address_of, connected, run_of
from service.cli.fit_request import request_of
from service.cli.live_run import LiveRun, continues, end, events_of, report, told_of_interruption, wait_for
from service.cli.options import DIVERGED_OR_DIFFERENT, Json, failure, print_json
from service.cli.runs import RunId

follow_commands = typer.Typer()


@follow_commands.command()
def watch(run_id: RunId = "latest", as_json: Json = False, url: Url = None) -> None:
    """Follow a run to its end: a live picture on a terminal, lines elsewhere; --json prints an event a line.

    Example: descent watch
    """
    with connected(url) as client:
        run = run_of(client, run_id)
        if as_json:
            with told_of_interruption(continues(run)):
                for event in events_of(run):
                    typer.echo(json.dumps({"event": event.kind, **event.data}))
            end(run)
            return
        if Console(stderr=True).is_terminal:
            wait_for(run, address_of(url))
        else:
            picture = LiveRun(run.facts, None)
            with told_of_interruption(continues(run)):
                for event in events_of(run):
                    picture.add(event)
                    typer.echo(picture.line(), err=True)
    report(run, address_of(url), as_json=False)


@follow_commands.command()
def fork(
    run_id: RunId = "latest",
    from_step: Annotated[
        int | None, typer.Option(min=0, help="The step whose θ is the start; default: the last one.")
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="A field of the request that changes: descent.learning_rate=0.01, … May be given several times.",
        ),
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Start another run from a step of a run, with the same data and split, and wait for its end.

    Example: descent fork --from-step 40 --set descent.learning_rate=0.01
    """
    changes = request_of({}, others or [])
    with connected(url) as client:
        run = run_of(client, run_id)
        forked = run.fork(run["steps_done"] if from_step is None else from_step, changes, wait=False)
        wait_for(forked, address_of(url))
    report(forked, address_of(url), as_json=as_json)


@follow_commands.command()
def verify(run_id: RunId = "latest", as_json: Json = False, url: Url = None) -> None:
    """Recompute a run, and compare every step: its bits, or 12 digits on another platform. Exit code 3: they differ.

    Example: descent verify
    """
    with connected(url) as client, Console(stderr=True).status("recomputing"):
        run = run_of(client, run_id)
        found = run.verify()
    if as_json:
        print_json(found)
    if found["error"]:
        raise failure(found["error"]["message"])
    if not as_json:
        typer.echo("\n".join(_comparison(found, run.id)))
    if not found["agrees"]:
        raise typer.Exit(DIVERGED_OR_DIFFERENT)


def _comparison(found: dict[str, Any], run_id: str) -> Iterator[str]:
    """The result of a verification, in lines."""
    if found["identical"]:
        yield f"identical: the recomputed steps of the run {run_id} have the same bits."
        return
    if found["agrees"]:
        size = f"{found['tolerance']:g} of its size"
        yield f"agrees: no recomputed number of the run {run_id} differs by more than {size}."
    else:
        yield f"different: the run {run_id} and its recomputation differ at step {found['step']}."
    for each in found["differences"]:
        yield f"  {each['column']}: {each['stored']!r} is stored, {each['recomputed']!r} recomputed"
    for change in found["platform_changes"]:
        yield f"  {change['part']}: {change['stored']} then, {change['recomputed']} now"
