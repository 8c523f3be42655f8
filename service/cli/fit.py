"""The command `descent fit`: sends a run to a service, waits for its end, and prints where it arrived."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from service.cli.connection import Url, address_of, answer_of, connected
from service.cli.fit_problem import as_option
from service.cli.fit_request import function_of, model_of, parameter_of, rate_of, request_of, theta0_of
from service.cli.options import failure
from service.cli.run_report import print_run
from service.core.run_status import FINISHED, RunStatus

if TYPE_CHECKING:
    import httpx2

fit_commands = typer.Typer()

SHORT_SECONDS = 2
"""The duration of a run whose progress is not shown."""
POLL_SECONDS = 0.2
INTERRUPTED = 130
"""The exit code after Ctrl-C."""

Data = Annotated[
    Path | None, typer.Argument(help="A CSV, Excel or Parquet file, unless there is a function.", show_default=False)
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
ModelOption = Annotated[
    str | None,
    typer.Option(
        help="linear, polynomial, logistic, softmax, mlp, or a formula: 'b1*(1 - exp(-b2*x))'; default: linear."
    ),
]
Standardize = Annotated[
    bool, typer.Option("--standardize", help="Give all features mean 0 and standard deviation 1 on the training rows.")
]
Loss = Annotated[str | None, typer.Option(help="mse, sse, mae, huber or log_loss; default: mse, or log_loss.")]
L1 = Annotated[float | None, typer.Option("--l1", help="The lasso penalty λ₁; default: 0.")]
L2 = Annotated[float | None, typer.Option("--l2", help="The ridge penalty λ₂; default: 0.")]
TestFraction = Annotated[
    float | None, typer.Option(help="The share of the rows that the descent never sees; default: 0.25.")
]
Theta0 = Annotated[str | None, typer.Option(help="Where to start: a=-1.2,b=1 by name, or -1.2,1 in order.")]
Steps = Annotated[int | None, typer.Option(help="The number of steps; default: 100.")]
Rate = Annotated[str | None, typer.Option(help="A number, or auto; default: auto.")]
Kind = Annotated[
    str | None,
    typer.Option("--optimizer", help="gd, momentum, nesterov, adagrad, rmsprop, adam, adamw, ista or fista."),
]
Name = Annotated[str | None, typer.Option(help="The name of the run in lists.")]
Others = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Any other field of the request: model.degree=3, descent.batch_size=16, … May be given several times.",
    ),
]


@fit_commands.command()
def fit(
    data: Data = None,
    target: Target = None,
    missing: Missing = None,
    reading: Reading = None,
    function: Function = None,
    model: ModelOption = None,
    standardize: Standardize = False,
    loss: Loss = None,
    l1: L1 = None,
    l2: L2 = None,
    test_fraction: TestFraction = None,
    theta0: Theta0 = None,
    steps: Steps = None,
    learning_rate: Rate = None,
    optimizer: Kind = None,
    name: Name = None,
    others: Others = None,
    url: Url = None,
) -> None:
    """Descend a function, or fit a model to a file, on a running service. DESCENT_KEY is the API key, if any."""
    if (data is None) == (function is None):
        raise failure("Give either a file or --function.")
    of_data = (target, missing, reading, model, standardize or None, loss, test_fraction)
    if function is not None and any(each is not None for each in of_data):
        only = "--target, --missing, --reading, --model, --standardize, --loss and --test-fraction"
        raise failure(f"{only} are for files, not for --function.")
    chosen: dict[tuple[str, ...], object] = {
        ("function",): function and function_of(function),
        ("model",): model and model_of(model),
        ("standardize",): standardize or None,
        ("objective", "loss"): loss,
        ("objective", "l1"): l1,
        ("objective", "l2"): l2,
        ("split", "test_fraction"): test_fraction,
        ("descent", "theta0"): theta0_of(theta0),
        ("descent", "steps"): steps,
        ("descent", "learning_rate"): rate_of(learning_rate),
        ("descent", "optimizer"): optimizer and {"kind": optimizer},
        ("name",): name,
    }
    request = request_of(chosen, others or [])
    query = {"target": target, "missing": missing} | dict(map(parameter_of, reading or []))
    _descend(url, request, data, query)


def _descend(url: str | None, request: dict[str, Any], data: Path | None, query: dict[str, str | None]) -> None:
    """Sends the file, if any, and the request, and prints the end of the run. Raises typer.Exit."""
    with connected(url) as client:
        subject = {} if data is None else _uploaded(client, data, query)
        run = _finished(client, request | subject, address_of(url))
    print_run(run, address_of(url))
    if run["status"] == "failed":
        raise failure(run["error"]["message"])


def _uploaded(client: "httpx2.Client", file: Path, query: dict[str, str | None]) -> dict[str, Any]:
    """The dataset of a file, uploaded; prints what the service understood. Raises typer.Exit."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise failure(f"{file}: {error.strerror}.") from None
    given = {name: value for name, value in query.items() if value is not None}
    csv = {"Content-Type": "text/csv"}
    uploaded = answer_of(client.post("/datasets", params={"name": file.name} | given, content=content, headers=csv))
    typer.echo(f"{uploaded['rows']} rows: {uploaded['target']} by {', '.join(uploaded['features'])}")
    for entry in uploaded["report"]:
        typer.echo(f"  {as_option(entry['message'])}")
    return {"dataset": {"id": uploaded["id"]}}


def _finished(client: "httpx2.Client", body: dict[str, Any], address: str) -> dict[str, Any]:
    """The finished run. Shows the progress of a long one; Ctrl-C ends the wait and not the run."""
    run = answer_of(client.post("/fit", json=body, headers={"Prefer": f"wait={SHORT_SECONDS}"}))
    if run["status"] in FINISHED:
        return run
    console = Console(stderr=True, highlight=False, markup=False)
    try:
        console.print(f"{address}/#/runs/{run['id']}", soft_wrap=True)
        with console.status("") as shown:
            while run["status"] not in FINISHED:
                shown.update(f"{RunStatus(run['status']).words}: {run['steps_done']:,} of {run['steps_total']:,} steps")
                time.sleep(POLL_SECONDS)
                run = answer_of(client.get(f"/runs/{run['id']}"))
    except KeyboardInterrupt:
        raise failure(f"The run continues. `descent cancel {run['id']}` ends it.", INTERRUPTED) from None
    return run
