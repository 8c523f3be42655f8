"""The connection of a command to a running service: its address, the API key, and the messages of its failures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.fit_problem import faults
from service.cli.options import failure

if TYPE_CHECKING:
    import httpx2

URL = "http://127.0.0.1:8000"
TIMEOUT_SECONDS = 60
"""The longest wait for a part of an answer."""
UNAUTHORIZED = 401

Url = Annotated[str | None, typer.Option(help=f"The address of the service [DESCENT_URL; {URL}].")]


def address_of(url: str | None) -> str:
    """The address of the service: the option, else DESCENT_URL, else that of `descent serve`."""
    return (url or os.environ.get("DESCENT_URL") or URL).rstrip("/")


@contextmanager
def connected(url: str | None) -> Iterator["httpx2.Client"]:
    """A client of the service, with the key of DESCENT_KEY. Raises typer.Exit if no service answers."""
    import httpx2  # noqa: PLC0415 - keeps --help fast

    address, key = address_of(url), os.environ.get("DESCENT_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx2.Client(base_url=address, headers=headers, timeout=TIMEOUT_SECONDS) as client:
            yield client
    except httpx2.ConnectError:
        raise failure(f"No service answers at {address}. Start it with `descent serve`, or give --url.") from None
    except httpx2.HTTPError as error:
        raise failure(f"{address}: {error}") from None


def answer_of(response: "httpx2.Response") -> dict[str, Any]:
    """The JSON object of an answer. Raises typer.Exit with each fault that the service names."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or (response.is_error and "detail" not in answer):
        status = f"{response.status_code} {response.reason_phrase}".strip()
        raise failure(f"{response.url}: {status}, and not an answer of Descent. Check the address that --url gives.")
    if response.status_code == UNAUTHORIZED:
        raise failure(f"{answer['detail']} DESCENT_KEY sets the API key.")
    if response.is_error:
        raise failure(faults(answer))
    return answer
