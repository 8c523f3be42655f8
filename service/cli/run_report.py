"""Report of a run for the terminal: where it arrived, its verdict and its findings."""

import json
from collections.abc import Iterator
from shlex import quote
from typing import Any
from unicodedata import category

import typer

from service.core.plurals import counted
from service.core.run_status import FINISHED, RunStatus


def printable(text: str) -> str:
    """The text without control characters, by which a name could give orders to the terminal."""
    return "".join(
        each if each.isprintable() or category(each) == "Zs" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def _as_options(change: dict[str, Any]) -> str:
    """A change of the request as options of `descent fit`."""
    return " ".join(f"--set {quote(f'{path}={value}')}" for path, value in fields_of("", change))


def fields_of(path: str, value: object) -> Iterator[tuple[str, str]]:
    """The fields of a request below a path, each with its value as a text."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from fields_of(f"{path}.{name}".lstrip("."), each)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def _outcome(promise: dict[str, Any] | None) -> str:
    """What the change gave when the service tried it."""
    if promise is None:
        return ""
    before = "" if promise["before"] is None else f"{promise['before']:.4g} → "
    return f" ({promise['criterion']} {before}{promise['after']:.4g} in {counted(promise['steps'], 'step')}, tried)"


def print_run(run: dict[str, Any], address: str | None) -> None:
    """Prints a run and the address of its page; None for a service that ends with the command."""
    rate = "" if run["learning_rate"] is None else f", learning rate {run['learning_rate']!r}"
    more = "" if run["status"] in FINISHED else f" of {run['steps_total']}"
    steps = f"{run['steps_done']}{more} steps" if more else counted(run["steps_done"], "step")
    typer.echo(f"{RunStatus(run['status']).words}: {steps}{rate}")
    if final := run["final"]:
        criteria = {"E(θ)": final["train_loss"], "train MSE": final["train_mse"], "test MSE": final["test_mse"]}
        for name, value in [*final["coefficients"].items(), *criteria.items()]:
            if value is not None:
                typer.echo(f"  {printable(name)} = {value!r}")
    if run["convergence"]:
        typer.echo(printable(run["convergence"]["sentence"]))
    for finding in run["diagnosis"]:
        typer.echo(printable(finding["sentence"]))
        if finding["change"]:
            typer.echo(f"  Instead: {printable(_as_options(finding['change']))}{_outcome(finding['promise'])}")
    if address is not None:
        typer.echo(page_of(address, run["id"]))


def page_of(address: str, run_id: str) -> str:
    """The address of a run's page."""
    return f"{address}/#/runs/{run_id}"
