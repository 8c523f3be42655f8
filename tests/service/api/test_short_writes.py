"""Short writes: a few at a time, in rotation among users, and one transaction for simultaneous deletions."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from types import NoneType
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, text

from service.api.short_writes import ShortWrites
from service.core.concurrency_limit import ConcurrencyLimit
from service.core.exceptions import TooManyRequestsError
from service.core.settings import Settings
from service.storage import run_deletion
from service.storage.database import Database
from service.storage.essential_write import essential_write
from tests.service.helpers import fit_body, stored_run
from tests.waiting import LONGEST, result_of, until

MANY = 60
ROWS = list(range(1_200))
RATES = {"/descent/learning_rate": [0.1, 0.2]}


def test_another_user_waits_for_few_writes_of_one_who_has_many() -> None:
    limit = ConcurrencyLimit(2 * MANY, "short writes", keys=False)
    writes, other_has_written = ShortWrites(limit), threading.Event()

    async def write_all() -> None:
        others = (writes.do("a", partial(wait, other_has_written)) for _ in range(MANY))
        await asyncio.gather(*others, writes.do("b", other_has_written.set))

    result_of(write_all())
    assert limit.use("a") == 0


def test_a_user_has_a_share_of_the_waiting_writes() -> None:
    writes, release = ShortWrites(ConcurrencyLimit(8, "short writes that wait", keys=True)), threading.Event()

    async def write_all() -> list[BaseException | None]:
        threading.Timer(0.1, release.set).start()
        made = (writes.do(user, partial(wait, release)) for user in "aaab")
        return await asyncio.gather(*made, return_exceptions=True)

    assert [type(each) for each in result_of(write_all())] == [NoneType, NoneType, TooManyRequestsError, NoneType]


def wait(release: threading.Event) -> None:
    assert release.wait(LONGEST)


class Recorder(ShortWrites):
    """Short writes that count."""

    def __init__(self) -> None:
        super().__init__(ConcurrencyLimit(1, "short writes that wait", keys=False))
        self.count = 0

    async def do(self, user: str, write: Callable[[], Any]) -> Any:
        """Counts the write and does it."""
        self.count += 1
        return await super().do(user, write)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/fit", fit_body()),
        ("POST", "/runs/{finished}/fork", {"from_step": 1}),
        ("POST", "/runs/{queued}/cancel", None),
        ("POST", "/runs/{queued}/pause", None),
        ("POST", "/runs/{paused}/resume", None),
        ("POST", "/runs/{finished}/verify", None),
        ("DELETE", "/runs/{queued}", None),
        ("DELETE", "/datasets/{dataset}", None),
        ("POST", "/datasets", fit_body()["dataset"]),
    ],
)
def test_each_short_write_takes_its_turn(
    method: str, path: str, body: Any, api: TestClient, database: Database, settings: Settings
) -> None:
    made = existing(api, database)
    # no worker verifies the run
    api.app.state.descent.settings = settings.model_copy(update={"max_wait_seconds": 0.1})  # type: ignore[attr-defined]
    recorder = api.app.state.descent.short_writes = Recorder()  # type: ignore[attr-defined]
    answer = api.request(method, path.format_map(made), json=body)
    assert answer.is_success, answer.text
    assert recorder.count == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fit?validate_only=true", fit_body()),
        ("/fit?validate_only=true", fit_body(dataset={"x": [[row] for row in ROWS], "y": ROWS})),
        ("/sweeps?validate_only=true", {"base": fit_body(), "grid": RATES}),
        ("/runs/{finished}/predict", {"x": [[1.0]]}),
        ("/check", fit_body() | {"trajectory": {"theta": [[0.0, 0.0], [0.1, 0.2]]}}),
    ],
)
def test_a_read_takes_no_turn_of_a_write(path: str, body: Any, api: TestClient, database: Database) -> None:
    made = existing(api, database)
    recorder = api.app.state.descent.short_writes = Recorder()  # type: ignore[attr-defined]
    answer = api.post(path.format_map(made), json=body)
    assert answer.is_success, answer.text
    assert recorder.count == 0


def existing(api: TestClient, database: Database) -> dict[str, str]:
    """The ids of a finished, a queued and a paused run, and of a dataset."""
    finished = stored_run(database, fit_body(), np.ones((3, 2)))
    queued, paused = (api.post("/fit", json=fit_body()).json()["id"] for _ in range(2))
    api.post(f"/runs/{paused}/pause").raise_for_status()
    dataset = api.post("/datasets", json={"x": [[1], [2], [4]], "y": [1, 2, 3]}).json()["id"]
    return {"finished": finished, "queued": queued, "paused": paused, "dataset": dataset}


def test_simultaneous_deletions_share_a_transaction(database: Database) -> None:
    found = [stored_run(database, fit_body(), np.ones((3, 2))) for _ in range(5)]
    began, release = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        began.set()
        wait(release)

    def threads_of(*works: Callable[[Connection], object]) -> list[threading.Thread]:
        threads = [threading.Thread(target=essential_write, args=(database, work)) for work in works]
        for thread in threads:
            thread.start()
        return threads

    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    holder = threads_of(hold)
    assert began.wait(LONGEST)
    deletions = threads_of(*(partial(run_deletion.remove, run_id=run) for run in found))
    until(lambda: database.essential_commit.waiting == len(found))
    release.set()
    for thread in holder + deletions:
        thread.join()
    assert len(commits) == 2  # the holder, the deletions
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
