"""Three descents, submitted, awaited and fetched as the HTTP contract has it."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from service.core.run_status import FINISHED

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.2


class DemoError(Exception):
    """The demonstration could not be finished; the message says why, for a person."""


class Attempt(NamedTuple):
    """A learning rate to try, and the number of steps after which one sees what it does."""

    verb: str
    learning_rate: float
    steps: int


class Outcome(NamedTuple):
    """What the service answered to an attempt: the run and its trajectory, as in the HTTP contract."""

    attempt: Attempt
    run: dict[str, Any]
    trajectory: dict[str, Any]


ATTEMPTS = (
    Attempt("crawls", 0.005, 100),
    Attempt("converges", 0.1, 100),
    Attempt("diverges", 1.05, 5000),  # 10 % farther each time: it takes thousands of steps to run out of numbers
)


def descend(client: httpx2.Client, attempt: Attempt) -> Outcome:
    """Submit one descent, and return it once it has ended."""
    body = {
        "dataset": {"sample": "norris"},
        "standardize": True,
        "objective": {"loss": "mse"},
        "descent": {"steps": attempt.steps, "learning_rate": attempt.learning_rate},
        "name": f"norris-{attempt.verb}",
    }
    # The answer may take the ten seconds asked for, which is longer than a client's usual patience.
    run = _json(client.post("/fit", json=body, headers={"Prefer": "wait=10"}, timeout=30))
    url = f"/runs/{run['id']}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run["status"] not in FINISHED:
        if time.monotonic() > deadline:
            raise DemoError(f"run {run['id']} is still {run['status']} after {PATIENCE_SECONDS:.0f} seconds")
        time.sleep(POLL_SECONDS)
        run = _json(client.get(url, timeout=30))
    if run["status"] in {"failed", "cancelled"}:
        why = run["error"]["message"] if run["error"] else "no reason given"
        raise DemoError(f"run {run['id']} ({run['name']}) was not finished but {run['status']}: {why}")
    return Outcome(attempt, run, _json(client.get(f"{url}/trajectory", timeout=30)))


def save_csv(client: httpx2.Client, run_id: str, path: Path) -> Path:
    """Stream a trajectory to a file as CSV."""
    with client.stream("GET", f"/runs/{run_id}/trajectory", params={"format": "csv"}, timeout=30) as response:
        if response.is_error:
            response.read()
            raise _refusal(response)
        with path.open("wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
    return path


def _json(response: httpx2.Response) -> Any:
    if response.is_error:
        raise _refusal(response)
    return response.json()


def _refusal(response: httpx2.Response) -> DemoError:
    """What the service said went wrong, if it was the service that answered."""
    try:
        why = response.json()["detail"]
    except ValueError:
        why = response.reason_phrase
    request = response.request
    return DemoError(f"{request.method} {request.url.path} was answered with {response.status_code}: {why}")
