"""The connection of a command to a running service: its address, the API key, and the messages of its failures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.fit_problem import faults
from service.cli.options import failure

if TYPE_CHECKING:
    from service.client import Descent, ServiceError
    from service.client.synchronous.runs import Run

URL = "http://127.0.0.1:8000"
RETRIES = 3
"""The attempts after the first one at a request that a busy service refused, in about a second."""

Url = Annotated[str | None, typer.Option(help=f"The address of the service [DESCENT_URL; {URL}].")]


def address_of(url: str | None) -> str:
    """The address of the service: the option, else DESCENT_URL, else that of `descent serve`."""
    return (url or os.environ.get("DESCENT_URL") or URL).rstrip("/")


@contextmanager
def connected(url: str | None) -> Iterator["Descent"]:
    """A client of the service, with the key of DESCENT_KEY. Raises typer.Exit for each failure of the service."""
    import httpx2  # noqa: PLC0415 - keeps --help fast

    from service.client import Descent, NotReachableError, ServiceError  # noqa: PLC0415

    address = address_of(url)
    try:
        client = Descent(address, retries=RETRIES)
    except (ValueError, httpx2.InvalidURL) as error:
        raise failure(str(error)) from None
    try:
        with client:
            yield client
    except NotReachableError as error:
        raise failure(f"{error} --url or DESCENT_URL gives the address.") from None
    except ServiceError as error:
        raise failure(_refusal(error, address)) from None


def _refusal(error: "ServiceError", address: str) -> str:
    """Each fault that the service names, a line each, or the status of another program's answer."""
    problem = dict(error.problem)
    if not isinstance(problem.get("detail"), str):
        status = f"{error.status_code} {responses.get(error.status_code, '')}".strip()
        return f"{address}: {status}, and not an answer of Descent. Check the address that --url gives."
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return f"{problem['detail']} DESCENT_KEY sets the API key."
    return faults(problem)


def run_of(client: "Descent", run_id: str) -> "Run":
    """The run with this id, or the newest one. Raises typer.Exit for what is no id."""
    if "/" in run_id or not run_id.strip("."):
        raise failure(f"No run has the id '{run_id}'. `descent runs` lists the runs.")
    return client.runs.get(run_id.encode(errors="replace").decode())
