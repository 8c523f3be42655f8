"""A run followed as it goes on: every step once, in order, whoever comes, goes and comes back."""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import job_queue, runs, trajectories
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.storage.sqlite import vacuum
from tests.service.helpers import fit_body, problem_of, served, stored_run, strict_json
from tests.waiting import LONGEST, until

ROWS = 3000
COLUMNS = ("theta", "train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate")


class Event(NamedTuple):
    """One that came."""

    name: str
    id: str | None
    data: Any


def heard(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream, read as the standard says (HTML, 9.2.6), as far as they are used here."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield Event(fields["event"], fields.get("id"), strict_json(fields["data"]))
            fields = {}


def all_of(client: Any, path: str, **headers: str) -> list[Event]:
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    return list(heard(answer.text.split("\n")))


def together(events: list[Event]) -> dict[str, list[Any]]:
    """The columns of all progress, one after the other."""
    parts = [event.data for event in events if event.name == "progress"]
    names = [name for name, value in (parts[0] if parts else {}).items() if isinstance(value, list)]
    return {name: [value for part in parts for value in part[name]] for name in names if name != "parameters"}


def rows(count: int) -> Any:
    table = np.random.default_rng(3).standard_normal((count, 7))
    table[1, 4] = np.nan
    return table


def test_a_finished_run_is_told_from_its_beginning(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": ROWS - 1}), rows(ROWS))
    events = all_of(api, f"/runs/{run_id}/events")
    assert [event.name for event in events] == ["status", *["progress"] * (len(events) - 2), "finished"]
    assert len(events) > 4, "a long run comes in parts"
    assert events[0].data == events[-1].data == api.get(f"/runs/{run_id}").json()
    for event in events[1:-1]:
        assert event.id == str(event.data["step"][-1])
        assert event.data["parameters"] == ["intercept", "x1"]
    known = api.get(f"/runs/{run_id}/trajectory").json()
    assert together(events) == {name: known[name] for name in ("step", *COLUMNS)}


def test_who_comes_back_gets_what_came_after(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(ROWS))
    for last in (0, 1, 1023, 1024, 2500, ROWS - 2):
        found = together(all_of(api, f"/runs/{run_id}/events", Last_Event_ID=str(last)))
        assert found["step"] == list(range(last + 1, ROWS))
    for last in (ROWS - 1, ROWS, 10**17):
        events = all_of(api, f"/runs/{run_id}/events", Last_Event_ID=str(last))
        assert [event.name for event in events] == ["status", "finished"]


def test_a_part_of_the_steps_and_columns(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(ROWS))
    found = together(all_of(api, f"/runs/{run_id}/events?from_step=15&every=10&fields=step,test_mse"))
    assert list(found) == ["step", "test_mse"]
    assert found["step"] == list(range(20, ROWS, 10))
    found = together(all_of(api, f"/runs/{run_id}/events?every=10&fields=step", Last_Event_ID="30"))
    assert found["step"] == list(range(40, ROWS, 10))
    assert together(all_of(api, f"/runs/{run_id}/events?every={10**9}"))["step"] == [0]


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "", "٣", "1" * 19])
def test_what_is_no_step_is_refused(given: str, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(3))
    answer = api.get(f"/runs/{run_id}/events", headers={b"Last-Event-ID": given.encode()})
    assert problem_of(answer, 422)["errors"][0]["header"] == "Last-Event-ID"


def test_what_there_is_not_is_told_before_anything_is_sent(api: TestClient, database: Database) -> None:
    problem_of(api.get("/runs/nowhere/events"), 404)
    run_id = stored_run(database, fit_body(), rows(3))
    assert problem_of(api.get(f"/runs/{run_id}/events?fields=nothing"), 422)["errors"][0]["parameter"] == "fields"


class Live:
    """A run in the hands of a worker that is played here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.id = stored_run(database, fit_body(descent={"steps": 10**6}), rows(5), status=None)
        with database.reading() as connection:
            run = runs.find(connection, self.id)
        assert run is not None
        self.seq, self.done = run.seq, 5
        self._claim = Claim(run, run.lease_token)

    def goes_on(self, count: int) -> None:
        table = np.column_stack([rows(count + 5)[5:], np.full(count, np.nan)])
        with self._database.writing() as connection:
            trajectories.append(connection, self.seq, self.done, np.ascontiguousarray(table.T))
            self.done += count
            job_queue.progress(connection, self._claim, 1000.0, {"rows_done": self.done})

    def ends(self) -> None:
        with self._database.writing() as connection:
            job_queue.finish(connection, self._claim, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})


@pytest.fixture
def url(settings: Settings, database: Database) -> Iterator[str]:
    """A real server, whose streams arrive as they are sent."""
    with served(create_app(settings.model_copy(update={"max_followers": 2}), database)) as url:
        yield url


def test_a_live_run_is_told_as_it_goes_on(url: str, database: Database) -> None:
    live = Live(database)
    with httpx2.stream("GET", f"{url}/runs/{live.id}/events", timeout=LONGEST) as answer:
        events = heard(answer.iter_lines())
        first, second = next(events), next(events)
        assert (first.name, first.data["status"]) == ("status", "running")
        assert (second.name, second.id, second.data["status"]) == ("progress", "4", "running")
        for count in (1, 2000, 7):
            live.goes_on(count)
            told: list[int] = []
            while len(told) < count:
                told += next(events).data["step"]
            assert told == list(range(live.done - count, live.done))
        live.ends()
        assert [(event.name, event.data["status"]) for event in events] == [
            ("status", "succeeded"),
            ("finished", "succeeded"),
        ]


def test_a_change_of_status_is_told_and_the_steps_go_on(url: str, database: Database) -> None:
    live = Live(database)
    with httpx2.stream("GET", f"{url}/runs/{live.id}/events", timeout=LONGEST) as answer:
        events = heard(answer.iter_lines())
        next(events), next(events)
        for change, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
            assert httpx2.post(f"{url}/runs/{live.id}/{change}").status_code == 202
            event = next(events)
            assert (event.name, event.data["status"]) == ("status", status)
        assert next(events).name == "finished"


@pytest.mark.parametrize("length", ["short", "long"])
def test_a_deleted_run_is_over(length: str, url: str, database: Database) -> None:
    live = Live(database)
    if length == "long":  # which is hidden first, and taken away later
        live.goes_on(70 * trajectories.chunk_rows(8))
    with httpx2.stream("GET", f"{url}/runs/{live.id}/events?from_step={live.done - 1}", timeout=LONGEST) as answer:
        events = heard(answer.iter_lines())
        assert [next(events).name, next(events).name] == ["status", "progress"]
        assert httpx2.delete(f"{url}/runs/{live.id}").status_code == 204
        with database.reading() as connection:
            assert vacuum.has_removed(connection) == (length == "long")
        assert list(events) == []


def test_only_so_many_are_followed_at_once(url: str, database: Database) -> None:
    live = Live(database)
    path = f"{url}/runs/{live.id}/events"
    with httpx2.stream("GET", path) as one, httpx2.stream("GET", path) as two:
        assert one.status_code == two.status_code == 200
        refused = httpx2.get(path)
        problem_of(refused, 503)
        assert refused.headers["Retry-After"] == "1"

    def is_followed() -> bool:
        with httpx2.stream("GET", path) as three:
            return three.status_code == 200

    until(is_followed)  # a stream is free as soon as the service sees that its reader has left


def test_followers_do_not_keep_a_service_from_stopping(settings: Settings, database: Database) -> None:
    live = Live(database)
    app = create_app(settings, database)
    stopping = threading.Event()
    app.state.is_stopping = stopping.is_set
    with served(app) as url, httpx2.stream("GET", f"{url}/runs/{live.id}/events", timeout=LONGEST) as answer:
        events = heard(answer.iter_lines())
        assert [next(events).name, next(events).name] == ["status", "progress"]
        stopping.set()
        assert list(events) == []
