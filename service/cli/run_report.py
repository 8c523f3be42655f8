"""Report of a run for the terminal: where it arrived, its verdict and its findings."""

from typing import Any
from unicodedata import category

import typer

from service.core.run_status import FINISHED, RunStatus


def printable(text: str) -> str:
    """The text without control characters, by which a name could give orders to the terminal."""
    return "".join(
        each if each.isprintable() or category(each) == "Zs" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def print_run(run: dict[str, Any], address: str) -> None:
    """Prints a run and the address of its page."""
    rate = "" if run["learning_rate"] is None else f", learning rate {run['learning_rate']!r}"
    more = "" if run["status"] in FINISHED else f" of {run['steps_total']}"
    typer.echo(f"{RunStatus(run['status']).words}: {run['steps_done']}{more} steps{rate}")
    if final := run["final"]:
        criteria = {"E(θ)": final["train_loss"], "train MSE": final["train_mse"], "test MSE": final["test_mse"]}
        for name, value in [*final["coefficients"].items(), *criteria.items()]:
            if value is not None:
                typer.echo(f"  {printable(name)} = {value!r}")
    if run["convergence"]:
        typer.echo(printable(run["convergence"]["sentence"]))
    for finding in run["diagnosis"]:
        typer.echo(printable(finding["sentence"]))
    typer.echo(f"{address}/#/runs/{run['id']}")
