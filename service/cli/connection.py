"""The connection of a command to a running service: its address, the API key, and the messages of its failures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

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
    if key and not key.isascii():
        raise failure("DESCENT_KEY: this is no API key. `descent keys create NAME` prints one.")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx2.Client(base_url=address, headers=headers, timeout=TIMEOUT_SECONDS) as client:
            yield client
    except httpx2.ConnectError:
        raise failure(f"No service answers at {address}. Start it with `descent serve`, or give --url.") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise failure(f"{address}: {error}") from None


def run_path(run_id: str) -> str:
    """The path of a run. Raises typer.Exit for what would be another path."""
    if "/" in run_id or not run_id.strip("."):
        raise failure(f"No run has the id '{run_id}'. `descent runs` lists the runs.")
    return f"/runs/{quote(run_id, safe='', errors='replace')}"


def answer_of(response: "httpx2.Response", member: str = "id") -> dict[str, Any]:
    """The JSON object of an answer, which has this member. Raises typer.Exit with each fault that the service names."""
    try:
        answer: Any = response.json()
    except ValueError:
        answer = None
    found: dict[str, Any] = answer if isinstance(answer, dict) else {}
    if not (isinstance(found.get("detail"), str) if response.is_error else member in found):
        status = f"{response.status_code} {response.reason_phrase}".strip()
        raise failure(f"{response.url}: {status}, and not an answer of Descent. Check the address that --url gives.")
    if response.status_code == UNAUTHORIZED:
        raise failure(f"{found['detail']} DESCENT_KEY sets the API key.")
    if response.is_error:
        raise failure(faults(found))
    return found
