"""One worker and two keys: what one key queues or computes does not keep the runs of the other waiting."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from sqlalchemy import func, select

from service.server.live_server import Service
from service.storage import runs, tables
from service.storage.database import Database
from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.api_keys import make_key, service_with_keys
from tests.waiting import LONGEST, until

SHORT_STEPS = 20
STEPS = (4_000, 24_000, 144_000)
"""A second of computation, of many short blocks between which the run can yield; more for a machine so busy that the
other key is late.
"""
ENDLESS = 5_000_000


Locked = tuple[Service, Database, Path]


class Users(NamedTuple):
    """Clients with two keys of one service, and its database."""

    a: httpx2.Client
    b: httpx2.Client
    database: Database

    def claims(self, run_id: str) -> int:
        """How often the run was claimed."""
        with self.database.reading() as connection:
            found = runs.find(connection, run_id)
        assert found is not None
        return found.lease_token


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """A service of one worker for all tests: each has keys that have computed nothing."""
    with service_with_keys(tmp_path_factory.mktemp("shares"), DESCENT_BLOCK_SECONDS="0.05") as found:
        yield found


@pytest.fixture
def users(locked: Locked) -> Iterator[Users]:
    service, database, _ = locked
    with ExitStack() as stack:
        a, b = (
            stack.enter_context(
                httpx2.Client(base_url=service.url, headers=make_key(database).headers, timeout=LONGEST)
            )
            for _ in range(2)
        )
        yield Users(a, b, database)


def has_steps(client: httpx2.Client, run_id: str, more_than: int = 0) -> bool:
    return bool(run_of(client, run_id)["steps_done"] > more_than)


def test_the_only_worker_interrupts_a_long_run_for_another_key_and_resumes_it(users: Users) -> None:
    long = long_run(users.a, ENDLESS)
    until(lambda: has_steps(users.a, long))
    assert finished(users.b, long_run(users.b, SHORT_STEPS))["status"] == "succeeded"
    interrupted = run_of(users.a, long)
    assert interrupted["status"] in {"queued", "running"}
    until(lambda: has_steps(users.a, long, interrupted["steps_done"]))
    users.a.post(f"/runs/{long}/cancel")
    assert finished(users.a, long)["status"] == "cancelled"


def test_a_run_that_yields_has_the_bits_of_one_that_never_did(users: Users) -> None:
    for steps in STEPS:
        disturbed = long_run(users.a, steps)
        until(partial(has_steps, users.a, disturbed))
        while run_of(users.a, disturbed)["finished_at"] is None:
            finished(users.b, long_run(users.b, SHORT_STEPS))
        if users.claims(disturbed) > 2:
            break
    assert users.claims(disturbed) > 2
    undisturbed = long_run(users.a, steps)
    first, second = finished(users.a, undisturbed), run_of(users.a, disturbed)
    assert users.claims(undisturbed) == 1
    assert first["trajectory_sha256"] == second["trajectory_sha256"]
    assert first["diagnosis"] == second["diagnosis"]
    assert trajectory(users.a, undisturbed) == trajectory(users.a, disturbed)


def test_a_long_queue_of_one_key_does_not_delay_another(users: Users) -> None:
    base = {"dataset": {"sample": "norris"}, "descent": {"steps": 2_000, "learning_rate": 0.01}}
    grid = {"/descent/seed": list(range(300))}
    sweep = users.a.post("/sweeps", json={"base": base, "grid": grid}).json()
    assert finished(users.b, long_run(users.b, SHORT_STEPS))["status"] == "succeeded"
    assert users.a.get(f"/sweeps/{sweep['id']}").json()["statuses"].get("queued", 0) > 0
    users.a.post(f"/sweeps/{sweep['id']}/cancel")


def test_a_verification_yields_and_resumes(users: Users) -> None:
    for steps in STEPS:
        found, meanwhile = verified_beside_a_run(users, steps)
        assert (found["identical"], found["error"]) == (True, None)
        if meanwhile["finished_at"] < found["verified_at"]:
            break
    assert meanwhile["finished_at"] < found["verified_at"]


def verified_beside_a_run(users: Users, steps: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The verification of a run, and the run of another key that was queued meanwhile."""
    run_id = long_run(users.a, steps)
    finished(users.a, run_id)
    with ThreadPoolExecutor(1) as aside:
        verifying = aside.submit(users.a.post, f"/runs/{run_id}/verify")
        until(lambda: verifying.done() or is_verified(users.database))
        meanwhile = finished(users.b, long_run(users.b, SHORT_STEPS))
        verifying.result()
    return until(lambda: run_of(users.a, run_id)["verification"]), meanwhile


def is_verified(database: Database) -> bool:
    """Whether a worker verifies a run."""
    verifications = select(func.count()).where(tables.runs.c.verifies.is_not(None), tables.runs.c.status == "running")
    with database.reading() as connection:
        return bool(connection.execute(verifications).scalar_one())


def test_a_key_alone_is_not_interrupted(users: Users) -> None:
    first, second = long_run(users.a, STEPS[0]), long_run(users.a, SHORT_STEPS)
    finished(users.a, second)
    assert users.claims(first) == 1
