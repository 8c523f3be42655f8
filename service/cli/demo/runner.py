"""Submits three runs, waits for their ends and downloads their trajectories over HTTP."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from service.core.run_record import Criteria
from service.core.run_status import FINISHED, RunStatus

RUN_SECONDS = 120.0
"""The time limit of one run."""
POLL_SECONDS = 0.2


class DemoError(Exception):
    """The demonstration failed; the message names the cause."""


class Attempt(NamedTuple):
    """A learning rate, and a number of steps that shows its effect."""

    verb: str
    learning_rate: float
    steps: int


class Trajectory(NamedTuple):
    """The columns of a trajectory, a value or a row each step. A number that is not finite is None."""

    parameters: list[str]
    step: list[int]
    theta: list[list[float | None]]
    train_mse: list[float | None]
    test_mse: list[float | None]


class Outcome(NamedTuple):
    """The result of an attempt: its finished run and the trajectory. `diverged_at` is None unless it diverged."""

    attempt: Attempt
    run_id: str
    name: str
    status: RunStatus
    steps_done: int
    diverged_at: int | None
    train_rows: int
    best_step: int
    final: Criteria
    trajectory: Trajectory


ATTEMPTS = (
    Attempt("crawls", 0.005, 100),
    Attempt("converges", 0.1, 100),
    Attempt("diverges", 1.05, 5000),  # 10 % farther each step: θ overflows after thousands of steps
)


def descend(client: httpx2.Client, attempt: Attempt) -> Outcome:
    """Submits one run, waits for its end, and returns it. Raises DemoError."""
    body = {
        "dataset": {"sample": "norris"},
        "standardize": True,
        "objective": {"loss": "mse"},
        "descent": {"steps": attempt.steps, "learning_rate": attempt.learning_rate},
        "name": f"norris-{attempt.verb}",
    }
    # The answer may take the 10 s of `Prefer: wait`, longer than the client's default timeout.
    run = _json(client.post("/fit", json=body, headers={"Prefer": "wait=10"}, timeout=30))
    url = f"/runs/{run['id']}"
    deadline = time.monotonic() + RUN_SECONDS
    while run["status"] not in FINISHED:
        if time.monotonic() > deadline:
            raise DemoError(f"Run {run['id']} is still {run['status']} after {RUN_SECONDS:.0f} seconds.")
        time.sleep(POLL_SECONDS)
        run = _json(client.get(url, timeout=30))
    if run["status"] in {"failed", "cancelled"}:
        cause = run["error"]["message"] if run["error"] else "no cause given"
        raise DemoError(f"Run {run['id']} ({run['name']}) has the status {run['status']}: {cause}")
    columns = _json(client.get(f"{url}/trajectory", timeout=30))
    return Outcome(
        attempt=attempt,
        run_id=run["id"],
        name=run["name"],
        status=RunStatus(run["status"]),
        steps_done=run["steps_done"],
        diverged_at=run["diverged_at"],
        train_rows=run["dataset"]["train_rows"],
        best_step=run["best"]["step"],
        final=run["final"],
        trajectory=Trajectory(*(columns[name] for name in Trajectory._fields)),
    )


def save_csv(client: httpx2.Client, run_id: str, path: Path) -> Path:
    """Downloads a trajectory as CSV to the file `path`. Raises DemoError."""
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
    """The error for a refused request, with the service's detail if the body is JSON."""
    try:
        cause = response.json()["detail"]
    except ValueError:
        cause = response.reason_phrase
    request = response.request
    return DemoError(f"{request.method} {request.url.path} returned {response.status_code}: {cause}")
