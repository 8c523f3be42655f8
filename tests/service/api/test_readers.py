"""Reading takes place on a few threads, in rotation among users."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.readers import Readers
from service.core.concurrency_limit import ConcurrencyLimit
from service.storage.database import Database
from tests.service.api.test_short_writes import MANY, existing, wait
from tests.service.helpers import fit_body
from tests.waiting import result_of


def readers() -> Readers:
    return Readers(ConcurrencyLimit(1, "lists being read", keys=False))


def test_another_user_reads_while_one_has_many_looks() -> None:
    shared, other_has_read = readers(), threading.Event()

    async def read_all() -> None:
        others = (shared.read("a", partial(wait, other_has_read)) for _ in range(MANY))
        await asyncio.gather(*others, shared.read("b", other_has_read.set))

    result_of(read_all())


class Recorder(Readers):
    """Readers that count."""

    count = 0

    async def read(self, user: str, look: Callable[[], Any]) -> Any:
        """Counts the look and does it."""
        self.count += 1
        return await super().read(user, look)


@pytest.mark.parametrize(
    "path",
    [
        *("/runs", "/runs/{finished}", "/runs/{finished}/trajectory", "/runs/{finished}/steps/1"),
        *("/datasets", "/datasets/{dataset}", "/datasets/{dataset}/rows", "/sweeps", "/limits"),
    ],
)
def test_each_look_takes_its_turn(path: str, api: TestClient, database: Database) -> None:
    made = existing(api, database)
    recorder = api.app.state.descent.readers = Recorder(ConcurrencyLimit(1, "lists being read", keys=False))  # type: ignore[attr-defined]
    answer = api.get(path.format_map(made))
    assert answer.is_success, answer.text
    assert recorder.count > 0


def test_a_dry_run_and_a_wait_take_their_turns(api: TestClient) -> None:
    recorder = api.app.state.descent.readers = Recorder(ConcurrencyLimit(1, "lists being read", keys=False))  # type: ignore[attr-defined]
    assert api.post("/fit?validate_only=true", json=fit_body()).is_success
    assert recorder.count == 1
    assert api.post("/fit", json=fit_body(), headers={"Prefer": "wait=0"}).is_success
    assert recorder.count == 3, "the state of the run, and the answer"
