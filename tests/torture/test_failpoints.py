"""Each failpoint × kill, stall, error: the invariants hold after a failure at any point.

All failpoints of one action are set together on one file, so that recoveries also overlap with failures.
"""

import random
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from service.core.failpoints import PLACES
from tests.acceptance.helpers import trajectory
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import OPEN, STORED, broken
from tests.torture.report import Measured
from tests.torture.request_kinds import KINDS, Undisturbed, differs, undisturbed
from tests.waiting import until

LEASE_SECONDS = 1.0
OPEN_RUNS = 6
USED = ("batches, adam", "logistic", "formula", "perceptron, batches", "diverges")
REASONS = {"disk_full", "disk_error", "internal_error"}
"""Why a run may have failed when the database did."""


@dataclass
class Asked:
    """The client's knowledge of a request with an idempotency key."""

    kind: str
    run_id: str | None = None
    to_delete: bool = False
    deleted: bool = False


class Clients:
    """A client that submits, deletes some runs, and resends unanswered requests."""

    def __init__(self) -> None:
        self.asked: dict[str, Asked] = {}

    def do_something(self, client: httpx2.Client) -> None:
        """Sends one request. Raises TransportError."""
        known = [one for one in self.asked.values() if one.run_id and not one.deleted]
        if known and random.random() < 0.4:
            self.delete(client, random.choice(known))
        else:
            key = secrets.token_hex(8)
            self.asked[key] = Asked(random.choice(USED))
            self.submit(client, key)

    def submit(self, client: httpx2.Client, key: str) -> None:
        asked = self.asked[key]
        request = KINDS[asked.kind] | {"tags": {"kind": asked.kind}}
        answer = client.post("/fit", json=request, headers={"Idempotency-Key": key})
        assert answer.status_code in {202, 500, 503, 507}, answer.text
        if answer.status_code == 202:
            run_id = answer.json()["id"]
            assert asked.run_id in {None, run_id}
            asked.run_id = run_id

    def delete(self, client: httpx2.Client, asked: Asked) -> None:
        asked.to_delete = True
        answer = client.delete(f"/runs/{asked.run_id}")
        assert answer.status_code in {204, 404, 500, 503, 507}, answer.text
        asked.deleted = answer.status_code in {204, 404}


def entry(place: str, act: str, mark: Path, number: int) -> str:
    """A failpoint that is hit once, at the first to third passing of a process. Errors take turns."""
    argument = ""
    if act == "fail":
        # Only SQLite makes a commit fail, so that its error is SQLite's.
        errors = ["full", "io"] if place.startswith("commit") else ["full", "io", "bug"]
        argument = f":{errors[number % len(errors)]}"
    elif act == "stall":
        argument = f":{1.5 * LEASE_SECONDS}"
    return f"{place}={act}{argument}@{random.randint(1, 3)}>{mark}"


def drive(fragile: FragileService, clients: Clients, failpoints: Mapping[Path, str]) -> int:
    """Works until each failpoint has been hit and restarts a dead service. Returns the number of restarts.

    A restarted service has the remaining failpoints.
    """
    starts, end = 0, time.monotonic() + 60 + 15 * len(failpoints)
    while left := to_be_hit(failpoints):
        starts += 1
        try:
            with fragile.serving(failpoints=";".join(failpoints[mark] for mark in left)) as live:
                _use(fragile, live, clients, left, end)
        except (RuntimeError, httpx2.TransportError):  # the service died at its start or during a request
            assert time.monotonic() < end, f"not reached: {to_be_hit(failpoints)}; see {fragile.log}"
    return starts


def to_be_hit(marks: Iterable[Path]) -> list[Path]:
    return [mark for mark in marks if not mark.exists()]


def _use(fragile: FragileService, live: LiveService, clients: Clients, marks: list[Path], end: float) -> None:
    while live.service.process.poll() is None and (left := to_be_hit(marks)):
        assert time.monotonic() < end, f"not reached: {left}; see {fragile.log}"
        if fragile.look(OPEN)[0][0] < OPEN_RUNS:
            clients.do_something(live.client)
        time.sleep(0.02)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Undisturbed]]:
    with FragileService(tmp_path_factory.mktemp("undisturbed"), workers=2).serving() as live:
        yield undisturbed(live.client, USED)


@pytest.mark.torture(20, least=1)
@pytest.mark.parametrize("act", ["kill", "stall", "fail"])
def test_every_failpoint(
    tmp_path: Path, act: str, cases: int, reference: Mapping[str, Undisturbed], measured: Measured
) -> None:
    fragile = FragileService(
        tmp_path, heartbeat_seconds=LEASE_SECONDS / 4, lease_seconds=LEASE_SECONDS, block_seconds=0.02, workers=4
    )
    clients = Clients()
    failpoints = {
        (mark := tmp_path / f"{place} {number}"): entry(place, act, mark, turn + number)
        for turn, place in enumerate(PLACES)
        for number in range(cases)
    }
    starts = drive(fragile, clients, failpoints)
    kept = {key: asked for key, asked in clients.asked.items() if not asked.to_delete}
    with fragile.serving(workers=2) as live:
        for key in kept:
            clients.submit(live.client, key)
        for asked in clients.asked.values():
            if asked.to_delete:
                clients.delete(live.client, asked)
                assert live.client.get(f"/runs/{asked.run_id}").status_code == 404
        until(lambda: fragile.look(OPEN) == [(0,)], 120)
        until(lambda: fragile.look(STORED) == [(len(kept),)], 120)  # a deleted long run is purged in slices
        ended = [outcome(live.client, asked, reference, may_fail=act == "fail") for asked in kept.values()]
    wrong = [one for one in ended if one not in {"identical", "failed"}]
    measured("failpoints", len(PLACES))
    measured(
        "… hit, each of them",
        min(sum(mark.exists() for mark in failpoints if place in mark.name) for place in PLACES),
        at_least=cases,
    )
    measured("times that the service was started for that", starts)
    measured("runs", len(clients.asked))
    measured("runs lost, stuck, doubled or changed", len(wrong), at_most=0)
    measured("runs that failed and say why", ended.count("failed"))
    assert wrong == []
    assert broken(fragile) == []


def outcome(client: httpx2.Client, asked: Asked, reference: Mapping[str, Undisturbed], *, may_fail: bool) -> str:
    """`identical`, or `failed` for a run with a message and a prefix of its steps; else the error in words."""
    run = client.get(f"/runs/{asked.run_id}").json()
    if not (may_fail and run["status"] == "failed"):
        return differs(client, run, reference) or "identical"
    rows = trajectory(client, run["id"]).splitlines() if run["steps_done"] else []
    kept_a_part = rows == reference[asked.kind].rows[: len(rows)]
    return "failed" if run["error"]["code"] in REASONS and kept_a_part else f"{run['id']}: {run['error']}"
