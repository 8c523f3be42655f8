"""Short writes: a few at a time, in rotation among users, and one transaction for simultaneous deletions."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from service.api.short_writes import AT_ONCE, ShortWrites
from service.storage import run_deletion
from service.storage.database import Database
from service.storage.essential_write import essential_write
from tests.service.helpers import fit_body, stored_run
from tests.waiting import result_of, until

MANY = 60
RATES = {"/descent/learning_rate": [0.1, 0.2]}


def test_another_user_waits_for_few_writes_of_one_who_has_many() -> None:
    writes, written = ShortWrites(), list[str]()

    async def write_all() -> None:
        await asyncio.gather(*(writes.do(user, partial(written.append, user)) for user in MANY * "a" + "b"))

    result_of(write_all())
    assert written.count("a") == MANY
    assert written.index("b") < 2 * AT_ONCE


class Recorder(ShortWrites):
    """Short writes that count."""

    def __init__(self) -> None:
        super().__init__()
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
        ("DELETE", "/runs/{queued}", None),
        ("DELETE", "/datasets/{dataset}", None),
        ("POST", "/datasets", fit_body()["dataset"]),
    ],
)
def test_each_short_write_takes_its_turn(
    method: str, path: str, body: Any, api: TestClient, database: Database
) -> None:
    finished = stored_run(database, fit_body(), np.ones((3, 2)))
    queued = api.post("/fit", json=fit_body()).json()["id"]
    dataset = api.post("/datasets", json={"x": [[1], [2], [4]], "y": [1, 2, 3]}).json()["id"]
    recorder = api.app.state.short_writes = Recorder()  # type: ignore[attr-defined]
    answer = api.request(method, path.format(finished=finished, queued=queued, dataset=dataset), json=body)
    assert answer.is_success, answer.text
    assert recorder.count == 1


def test_simultaneous_deletions_share_a_transaction(database: Database) -> None:
    found = [stored_run(database, fit_body(), np.ones((3, 2))) for _ in range(5)]
    threads = [
        threading.Thread(target=essential_write, args=(database, lambda c, run=run: run_deletion.remove(c, run)))
        for run in found
    ]
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    with database.writing():
        for thread in threads:
            thread.start()
            # the first waits for the lock, the others for its transaction
            until(database.essential_commit._turn.locked)
        until(lambda: len(database.essential_commit._waiting) == len(found) - 1)
    for thread in threads:
        thread.join()
    assert len(commits) == 3  # this one, the first deletion, the others
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
