"""Long tasks: one at a time, in rotation among users, with as much time between them as they take."""

import asyncio
import time
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from service.api.long_tasks import LongTasks
from service.core.concurrency_limit import ConcurrencyLimit
from service.core.exceptions import TooManyRequestsError
from tests.service.helpers import fit_body, problem_of
from tests.waiting import result_of

WRITE_SECONDS = 0.02
SWEEP = {"base": fit_body(), "grid": {"/descent/learning_rate": [0.1, 0.2, 0.3]}}


class Written:
    """Long tasks that record their user, begin and end."""

    def __init__(self) -> None:
        self.tasks = LongTasks(ConcurrencyLimit(20, "long tasks", keys=True))
        self.users: list[str] = []
        self.times: list[tuple[float, float]] = []

    async def of(self, user: str) -> None:
        """A long task."""

        def write() -> None:
            began = time.monotonic()
            time.sleep(WRITE_SECONDS)
            self.users.append(user)
            self.times.append((began, time.monotonic()))

        await self.tasks.do(user, write)


def test_the_lock_is_free_for_as_long_as_each_write_took() -> None:
    made = Written()

    async def write_all() -> None:
        await asyncio.gather(*(made.of("a") for _ in range(4)))

    result_of(write_all())
    assert len(made.times) == 4
    for (_, ended), (began, _) in pairwise(made.times):
        assert began - ended >= WRITE_SECONDS * 0.9


def test_users_take_turns() -> None:
    made = Written()

    async def write_all() -> None:
        await asyncio.gather(*(made.of(user) for user in "aaaab"))

    result_of(write_all())
    assert made.users.index("b") <= 2


def test_a_failed_write_leaves_its_place() -> None:
    made = Written()

    async def write_all() -> None:
        with pytest.raises(ZeroDivisionError):
            await made.tasks.do("a", lambda: 1 // 0)
        await made.of("a")

    result_of(write_all())
    assert made.users == ["a"]
    assert made.tasks.use("a") == 0


def test_a_user_has_a_share_of_the_waiting_writes() -> None:
    made = Written()

    async def write_all() -> list[BaseException | None]:
        return await asyncio.gather(*(made.of("a") for _ in range(6)), made.of("b"), return_exceptions=True)

    results = result_of(write_all())
    assert [type(each) for each in results].count(TooManyRequestsError) == 1
    assert made.users.count("b") == 1


def test_each_long_task_of_a_sweep_takes_its_turn(api: TestClient) -> None:
    sweep = api.post("/sweeps", json=SWEEP).json()["id"]
    limit = ConcurrencyLimit(1, "long tasks", keys=True)
    api.app.state.descent.long_tasks = LongTasks(limit)  # type: ignore[attr-defined]
    taken = limit.take("testclient")
    for path in ("/sweeps", "/sweeps?validate_only=true"):
        problem_of(api.post(path, json=SWEEP), 429)
    problem_of(api.post(f"/sweeps/{sweep}/cancel"), 429)
    problem_of(api.delete(f"/sweeps/{sweep}"), 429)
    limit.leave(taken)
    assert api.delete(f"/sweeps/{sweep}").status_code == 204
