"""What a terminal shows of a run: where it arrived, its verdict and its findings."""

from typing import Any

import typer

from service.core.run_status import RunStatus


def print_run(run: dict[str, Any], address: str) -> None:
    """Prints a run and the address of its page."""
    rate = "" if run["learning_rate"] is None else f", learning rate {run['learning_rate']!r}"
    typer.echo(f"{RunStatus(run['status']).words}: {run['steps_done']} steps{rate}")
    if final := run["final"]:
        criteria = {"E(θ)": final["train_loss"], "train MSE": final["train_mse"], "test MSE": final["test_mse"]}
        for name, value in [*final["coefficients"].items(), *criteria.items()]:
            if value is not None:
                typer.echo(f"  {name} = {value!r}")
    if run["convergence"]:
        typer.echo(run["convergence"]["sentence"])
    for finding in run["diagnosis"]:
        typer.echo(finding["sentence"])
    typer.echo(f"{address}/#/runs/{run['id']}")
