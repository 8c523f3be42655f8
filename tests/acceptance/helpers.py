"""Long runs, and functions that wait for them."""

import os
from typing import Any

import httpx2

from tests.waiting import LONGEST, until

SHORT_LEASES = {**os.environ, "DESCENT_HEARTBEAT_SECONDS": "0.5", "DESCENT_LEASE_SECONDS": "2"}
"""An environment in which the run of a killed worker is soon claimed by another."""
ROWS = 6_000
WAVES: dict[str, list[Any]] = {
    "x": [[i % 97 / 10, i * i % 89 / 10] for i in range(ROWS)],
    "y": [float(i % 5) for i in range(ROWS)],
}
SLOW = {"kind": "formula", "formula": "a + b*sin(c*x1) + d*cos(e*x2)"}
"""A model for which there is no shortcut: each step has sines to take of every row."""


def long_run(client: httpx2.Client, steps: int = 5_000, **more: Any) -> str:
    """Queues a run of this many steps of some tenths of a millisecond each; returns its id."""
    body = {"dataset": WAVES, "model": SLOW, "descent": {"steps": steps, "learning_rate": 0.001}} | more
    answer = client.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def run_of(client: httpx2.Client, run_id: str) -> dict[str, Any]:
    answer = client.get(f"/runs/{run_id}")
    answer.raise_for_status()
    return dict(answer.json())


def finished(client: httpx2.Client, run_id: str, seconds: float = LONGEST) -> dict[str, Any]:
    """Waits for the end of the run and returns it."""
    ends = {"succeeded", "diverged", "failed", "cancelled"}

    def ended() -> dict[str, Any] | None:
        run = run_of(client, run_id)
        return run if run["status"] in ends else None

    return until(ended, seconds) or {}


def trajectory(client: httpx2.Client, run_id: str) -> bytes:
    """Every number of the run, as text in which each double is exact."""
    answer = client.get(f"/runs/{run_id}/trajectory?format=csv", timeout=LONGEST)
    answer.raise_for_status()
    return answer.content
