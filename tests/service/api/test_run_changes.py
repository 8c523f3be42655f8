"""Changes of runs: those who wait for a run are woken by its changes, and by those of no other run."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from service.api.app import create_app
from service.api.changes import Changes
from service.api.run_changes import RunChanges
from service.core.settings import Settings
from service.storage import run_deletion, runs
from service.storage.database import Database
from tests.service.helpers import fit_body, problem_of, served, stored_run
from tests.waiting import LONGEST, result_of


def seq_of(database: Database, run_id: str) -> int:
    with database.reading() as connection:
        found = runs.find(connection, run_id)
    assert found is not None
    return found.seq


def written(database: Database, work: Callable[[Any, str], object], run_id: str) -> None:
    with database.writing() as connection:
        work(connection, run_id)


async def is_woken(changes: Changes, seconds: float) -> bool:
    """Whether there is a change within this time."""
    until = asyncio.get_running_loop().time() + seconds
    while (left := until - asyncio.get_running_loop().time()) > 0:
        if await changes.wait(left):
            return True
    return False


async def settled(*waiting: Changes) -> None:
    """Takes the two reports that each gets: at its beginning, and by the first query."""
    for changes in waiting:
        await changes.wait(0)
    for changes in waiting:
        assert await is_woken(changes, LONGEST)


def test_a_change_wakes_all_who_wait_for_this_run_and_nobody_else(database: Database) -> None:
    first, second = (stored_run(database, fit_body(), None, status=None) for _ in range(2))
    queries: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: queries.append(given[2]))

    async def work() -> None:
        run_changes = RunChanges(database)
        with (
            run_changes.of(seq_of(database, first)) as one,
            run_changes.of(seq_of(database, first)) as again,
            run_changes.of(seq_of(database, second)) as other,
        ):
            await settled(one, again, other)
            queries.clear()
            written(database, runs.pause, first)
            assert await is_woken(one, LONGEST)
            assert await is_woken(again, LONGEST)
            assert not await other.wait(0)
            assert len([each for each in queries if "lease_token" in each and each.startswith("SELECT")]) == 1
            written(database, runs.pause, second)
            assert await is_woken(other, LONGEST)
            assert not await one.wait(0)

    result_of(work())


@pytest.mark.parametrize("change", [runs.cancel, run_deletion.remove])
def test_an_end_and_a_deletion_are_changes(change: Callable[[Any, str], object], database: Database) -> None:
    run_id = stored_run(database, fit_body(), None, status=None)

    async def work() -> None:
        with RunChanges(database).of(seq_of(database, run_id)) as changes:
            await settled(changes)
            written(database, change, run_id)
            assert await is_woken(changes, LONGEST)

    result_of(work())


def test_a_refused_follower_costs_no_look_at_the_database(settings: Settings, database: Database) -> None:
    stored_run(database, fit_body(), None, status=None)
    app = create_app(settings.model_copy(update={"max_followers": 1}), database)
    queries: list[str] = []
    with served(app) as url, httpx2.stream("GET", f"{url}/runs/latest/events", timeout=LONGEST) as following:
        assert following.status_code == 200
        pieces = following.iter_bytes()  # its end would close the answer
        next(pieces)
        event.listen(database.engine, "before_cursor_execute", lambda *given: queries.append(repr(given[3])))
        problem_of(httpx2.get(f"{url}/runs/nothing/events", timeout=LONGEST), 429)
        assert not [each for each in queries if "nothing" in each]


def test_who_waits_again_after_the_last_has_left_is_woken(database: Database) -> None:
    run_id = stored_run(database, fit_body(), None, status=None)

    async def work() -> None:
        run_changes = RunChanges(database)
        for change in (runs.pause, runs.resume, runs.cancel):
            with run_changes.of(seq_of(database, run_id)) as changes:
                await settled(changes)
                written(database, change, run_id)
                assert await is_woken(changes, LONGEST)
        await asyncio.sleep(0)
        assert not [task for task in asyncio.all_tasks() if "_follow" in repr(task)]

    result_of(work())


def test_a_database_that_does_not_answer_wakes_all_who_see_it_themselves(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = stored_run(database, fit_body(), None, status=None)

    async def work() -> None:
        with RunChanges(database).of(seq_of(database, run_id)) as changes:
            await settled(changes)
            monkeypatch.setattr(runs, "versions", broken)
            written(database, runs.pause, stored_run(database, fit_body(), None, status=None))
            assert await is_woken(changes, LONGEST)

    def broken(connection: Any, _seqs: object) -> None:
        connection.exec_driver_sql("SELECT * FROM nothing")

    result_of(work())
