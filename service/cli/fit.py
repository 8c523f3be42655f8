"""The command `descent fit`: sends a run to a service, waits for its end, and prints where it arrived."""

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.options import failure
from service.core.run_status import FINISHED, RunStatus

if TYPE_CHECKING:
    import httpx2

fit_commands = typer.Typer()

URL = "http://127.0.0.1:8000"
POLL_SECONDS = 0.2
NAME = re.compile("[a-z][a-z_]+")
"""The name of a function; any other text is a formula."""

Data = Annotated[
    Path | None, typer.Argument(help="A CSV or Excel file, unless there is a function.", show_default=False)
]
Target = Annotated[str | None, typer.Option(help="The column of the file to predict [the last one].")]
Missing = Annotated[
    str | None, typer.Option(help="Rows of the file with a missing value: refuse, drop, or mean, which fills numbers.")
]
Reading = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="NAME=VALUE", help="More parameters of the upload: features, dates=days, …"),
]
Function = Annotated[
    str | None, typer.Option(help="A function without data: a name, such as rosenbrock, or a formula: '(a - 1)**2'.")
]
Theta0 = Annotated[str | None, typer.Option(help="Where to start: a=-1.2,b=1 by name, or -1.2,1 in order.")]
Steps = Annotated[int | None, typer.Option(help="The number of steps [100].")]
Rate = Annotated[str | None, typer.Option(help="A number, or auto [auto].")]
Kind = Annotated[
    str | None,
    typer.Option("--optimizer", help="gd, momentum, nesterov, adagrad, rmsprop, adam, adamw, ista or fista."),
]
Url = Annotated[str | None, typer.Option(help=f"The address of the service [DESCENT_URL; {URL}].")]


@fit_commands.command()
def fit(
    data: Data = None,
    target: Target = None,
    missing: Missing = None,
    reading: Reading = None,
    function: Function = None,
    theta0: Theta0 = None,
    steps: Steps = None,
    learning_rate: Rate = None,
    optimizer: Kind = None,
    url: Url = None,
) -> None:
    """Descend a function, or fit a linear model to a file, on a running service. DESCENT_KEY is the API key, if any."""
    import httpx2  # noqa: PLC0415 - keeps --help fast

    if (data is None) == (function is None):
        raise failure("Give either a file or --function.")
    if function is not None and (target or missing or reading):
        raise failure("--target, --missing and --reading are for files, not for --function.")
    key = os.environ.get("DESCENT_KEY")
    address = (url or os.environ.get("DESCENT_URL") or URL).rstrip("/")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    chosen = {
        "theta0": _theta0(theta0),
        "steps": steps,
        "learning_rate": _rate(learning_rate),
        "optimizer": None if optimizer is None else {"kind": optimizer},
    }
    descent = {name: value for name, value in chosen.items() if value is not None}
    try:
        with httpx2.Client(base_url=address, headers=headers, timeout=60) as client:
            query = {"target": target, "missing": missing} | dict(_parameter(each) for each in reading or [])
            subject = _function(function) if function is not None else _uploaded(client, data or Path(), query)
            run = _finished(client, {**subject, "descent": descent})
    except httpx2.HTTPError as error:
        raise failure(f"{address}: {error}. Start the service with `make serve`, or give --url.") from None
    _print(run, address)


def _function(given: str) -> dict[str, Any]:
    return {"function": {"name": given} if NAME.fullmatch(given) else {"formula": given}}


def _theta0(given: str | None) -> list[float] | dict[str, float] | None:
    """The numbers of θ₀, by name if there are names. Raises typer.Exit."""
    if given is None:
        return None
    parts = [part.rpartition("=") for part in re.split(r"[\s,;]+", given.strip())]
    try:
        numbers = [float(number) for _, _, number in parts]
    except ValueError:
        raise failure(f"--theta0: {given!r} is no start. Write a=-1.2,b=1 or -1.2,1.") from None
    names = [name.strip() for name, _, _ in parts]
    if any(names) and (not all(names) or len({*names}) < len(names)):
        raise failure(f"--theta0: {given!r} is no start. Name each parameter once, as in a=-1.2,b=1, or none.")
    return dict(zip(names, numbers, strict=True)) if all(names) else numbers


def _rate(given: str | None) -> float | str | None:
    try:
        return None if given is None or given == "auto" else float(given)
    except ValueError:
        raise failure(f"--learning-rate: {given!r} is no number. Write a number, or auto.") from None


def _parameter(given: str) -> tuple[str, str]:
    """The name and the value of a parameter. Raises typer.Exit."""
    name, sign, value = given.partition("=")
    if not sign:
        raise failure(f"--reading: {given!r} is no parameter. Write dates=days, decimal=, or another one.")
    return name, value


def _uploaded(client: "httpx2.Client", file: Path, query: dict[str, str | None]) -> dict[str, Any]:
    """The dataset of a file, uploaded; prints what the service understood. Raises typer.Exit."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise failure(f"{file}: {error.strerror}.") from None
    given = {name: value for name, value in query.items() if value is not None}
    csv = {"Content-Type": "text/csv"}
    uploaded = _json(client.post("/datasets", params={"name": file.name} | given, content=content, headers=csv))
    typer.echo(f"{uploaded['rows']} rows: {uploaded['target']} by {', '.join(uploaded['features'])}")
    for entry in uploaded["report"]:
        typer.echo(f"  {entry['message']}")
    return {"dataset": {"id": uploaded["id"]}}


def _finished(client: "httpx2.Client", body: dict[str, Any]) -> dict[str, Any]:
    run = _json(client.post("/fit", json=body, headers={"Prefer": "wait=10"}))
    while run["status"] not in FINISHED:
        time.sleep(POLL_SECONDS)
        run = _json(client.get(f"/runs/{run['id']}"))
    return run


def _json(response: "httpx2.Response") -> dict[str, Any]:
    """The answer. Raises typer.Exit with each fault that the service names."""
    if not response.is_error:
        found: dict[str, Any] = response.json()
        return found
    try:
        problem = response.json()
    except ValueError:
        raise failure(f"The service answered {response.status_code} {response.reason_phrase}.") from None
    faults = [
        " ".join(filter(None, (_place(error), error["message"], error.get("hint"))))
        for error in problem.get("errors", ())
    ]
    raise failure("\n".join(faults or [problem["detail"]]))


def _place(error: dict[str, Any]) -> str:
    """The place of a fault: a field of the request, or a row and a column of the file."""
    places = [f"{name} {error[name]}" for name in ("row", "column", "parameter") if name in error]
    return error.get("pointer") or ", ".join(places) + (":" if places else "")


def _print(run: dict[str, Any], address: str) -> None:
    """Prints the end of a run. Raises typer.Exit for a failed one."""
    typer.echo(f"{RunStatus(run['status']).words}: {run['steps_done']} steps, learning rate {run['learning_rate']!r}")
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
    if run["status"] == "failed":
        raise failure(run["error"]["message"])
