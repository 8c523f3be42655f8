"""The command `descent fit`: sends a run to a service, waits for its end, and prints where it arrived."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.connection import Url, address_of, connected
from service.cli.fit_request import model_of, rate_of, request_of, theta0_of
from service.cli.live_run import report, wait_for
from service.cli.options import Json, failure
from service.cli.private_service import private_service
from service.cli.subject import Data, Function, Missing, Reading, Sample, Subject, Target, reading_of, subject_of
from service.cli.trajectory import format_of, write_steps

fit_commands = typer.Typer()

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
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write every step to this file: .csv, .json, .ndjson, .npz or .parquet."),
]
Local = Annotated[bool, typer.Option("--local", help="Fit without a running service; nothing is stored.")]


@fit_commands.command()
def fit(
    data: Data = None,
    target: Target = None,
    missing: Missing = None,
    reading: Reading = None,
    function: Function = None,
    sample: Sample = None,
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
    output: Output = None,
    local: Local = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Fit a model to a file, or descend a function. DESCENT_KEY is the API key, if any.

    Example: descent fit heights.csv --target height --standardize
    """
    subject = subject_of(data, function, sample, reading_of(target, missing, reading))
    of_data = (model, standardize or None, loss, test_fraction)
    if function is not None and any(each is not None for each in of_data):
        raise failure("--model, --standardize, --loss and --test-fraction are for files, not for --function.")
    chosen: dict[tuple[str, ...], object] = {
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
    if local and url is not None:
        raise failure("Give either --local or --url.")
    with private_service() if local else nullcontext(address_of(url)) as address:
        _descend(address, subject, request, output, local=local, as_json=as_json)


def _descend(
    address: str, subject: Subject, request: dict[str, Any], output: Path | None, *, local: bool, as_json: bool
) -> None:
    """Sends the subject and the request, writes the steps, and prints the end of the run. Raises typer.Exit."""
    form = None if output is None else format_of(output)
    page = None if local else address
    with connected(address) as client:
        body = request | subject.sent(client, quiet=as_json)
        run = client.fit(wait=False, request=body)
        wait_for(run, page)
        if form is not None and run["steps_done"] is not None:
            write_steps(client, run.id, output, {"format": form})
    report(run, page, as_json=as_json)
