"""The event stream of a run: every step once and in order, also after a reconnection."""

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
from service.storage.sqlite import purge
from tests.service.helpers import append_steps, fit_body, problem_of, served, stored_run, strict_json
from tests.waiting import LONGEST, until

ROWS = 3000
COLUMNS = ("theta", "train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate")


class Event(NamedTuple):
    """An event of the stream."""

    name: str
    id: str | None
    data: Any


def parse_events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream by the HTML standard, 9.2.6, limited to the fields that the service sends."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield Event(fields["event"], fields.get("id"), strict_json(fields["data"]))
            fields = {}


def events_of(client: Any, path: str, **headers: str) -> list[Event]:
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    return list(parse_events(answer.text.split("\n")))


def joined_columns(events: list[Event]) -> dict[str, list[Any]]:
    """The joined columns of all progress events."""
    parts = [event.data for event in events if event.name == "progress"]
    names = [name for name, value in (parts[0] if parts else {}).items() if isinstance(value, list)]
    return {name: [value for part in parts for value in part[name]] for name in names if name != "parameters"}


def rows(count: int) -> Any:
    table = np.random.default_rng(3).standard_normal((count, 7))
    table[1, 4] = np.nan
    return table


def test_the_events_of_a_finished_run_start_at_step_0(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": ROWS - 1}), rows(ROWS))
    events = events_of(api, f"/runs/{run_id}/events")
    assert [event.name for event in events] == ["status", *["progress"] * (len(events) - 2), "finished"]
    assert len(events) > 4, "a long run comes in parts"
    assert events[0].data == events[-1].data == api.get(f"/runs/{run_id}").json()
    for event in events[1:-1]:
        assert event.id == str(event.data["step"][-1])
        assert event.data["parameters"] == ["intercept", "x1"]
    known = api.get(f"/runs/{run_id}/trajectory").json()
    assert joined_columns(events) == {name: known[name] for name in ("step", *COLUMNS)}


def test_a_reconnection_continues_after_the_last_event_id(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(ROWS))
    for last in (0, 1, 1023, 1024, 2500, ROWS - 2):
        found = joined_columns(events_of(api, f"/runs/{run_id}/events", Last_Event_ID=str(last)))
        assert found["step"] == list(range(last + 1, ROWS))
    for last in (ROWS - 1, ROWS, 10**17):
        events = events_of(api, f"/runs/{run_id}/events", Last_Event_ID=str(last))
        assert [event.name for event in events] == ["status", "finished"]


def test_requested_steps_and_columns(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(ROWS))
    found = joined_columns(events_of(api, f"/runs/{run_id}/events?from_step=15&every=10&fields=step,test_mse"))
    assert list(found) == ["step", "test_mse"]
    assert found["step"] == list(range(20, ROWS, 10))
    found = joined_columns(events_of(api, f"/runs/{run_id}/events?every=10&fields=step", Last_Event_ID="30"))
    assert found["step"] == list(range(40, ROWS, 10))
    assert joined_columns(events_of(api, f"/runs/{run_id}/events?every={10**9}"))["step"] == [0]


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "", "٣", "1" * 19])
def test_an_invalid_last_event_id_is_refused(given: str, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(3))
    answer = api.get(f"/runs/{run_id}/events", headers={b"Last-Event-ID": given.encode()})
    assert problem_of(answer, 422)["errors"][0]["header"] == "Last-Event-ID"


def test_errors_come_before_the_stream(api: TestClient, database: Database) -> None:
    problem_of(api.get("/runs/nowhere/events"), 404)
    run_id = stored_run(database, fit_body(), rows(3))
    assert problem_of(api.get(f"/runs/{run_id}/events?fields=nothing"), 422)["errors"][0]["parameter"] == "fields"


class Live:
    """A running run; the test acts as its worker."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.id = stored_run(database, fit_body(descent={"steps": 10**6}), rows(5), status=None)
        with database.reading() as connection:
            run = runs.find(connection, self.id)
        assert run is not None
        self.seq, self.done = run.seq, 5
        self._claim = Claim(run)

    def append_steps(self, count: int) -> None:
        append_steps(self._database, self.id, np.column_stack([rows(count + 5)[5:], np.full(count, np.nan)]))
        self.done += count

    def finish(self) -> None:
        with self._database.writing() as connection:
            job_queue.finish(connection, self._claim, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})


@pytest.fixture
def url(settings: Settings, database: Database) -> Iterator[str]:
    """A real server, which allows an address two of four streams."""
    with served(create_app(settings.model_copy(update={"max_followers": 4}), database)) as url:
        yield url


def test_the_events_of_a_live_run_follow_its_steps(url: str, database: Database) -> None:
    live = Live(database)
    with httpx2.stream("GET", f"{url}/runs/{live.id}/events", timeout=LONGEST) as answer:
        events = parse_events(answer.iter_lines())
        first, second = next(events), next(events)
        assert (first.name, first.data["status"]) == ("status", "running")
        assert (second.name, second.id, second.data["status"]) == ("progress", "4", "running")
        for count in (1, 2000, 7):
            live.append_steps(count)
            received: list[int] = []
            while len(received) < count:
                received += next(events).data["step"]
            assert received == list(range(live.done - count, live.done))
        live.finish()
        assert [(event.name, event.data["status"]) for event in events] == [
            ("status", "succeeded"),
            ("finished", "succeeded"),
        ]


def test_each_change_of_status_is_an_event(url: str, database: Database) -> None:
    live = Live(database)
    with httpx2.stream("GET", f"{url}/runs/{live.id}/events", timeout=LONGEST) as answer:
        events = parse_events(answer.iter_lines())
        next(events), next(events)
        for change, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
            assert httpx2.post(f"{url}/runs/{live.id}/{change}", timeout=LONGEST).status_code == 202
            event = next(events)
            assert (event.name, event.data["status"]) == ("status", status)
            assert (event.data["queue"] is None) == (status != "queued")
        assert next(events).name == "finished"


@pytest.mark.parametrize("length", ["short", "long"])
def test_the_stream_of_a_deleted_run_ends(length: str, url: str, database: Database) -> None:
    live = Live(database)
    if length == "long":  # a long run is hidden first and purged later
        live.append_steps(70 * trajectories.chunk_rows(8))
    with httpx2.stream("GET", f"{url}/runs/{live.id}/events?from_step={live.done - 1}", timeout=LONGEST) as answer:
        events = parse_events(answer.iter_lines())
        assert [next(events).name, next(events).name] == ["status", "progress"]
        assert httpx2.delete(f"{url}/runs/{live.id}", timeout=LONGEST).status_code == 204
        with database.reading() as connection:
            assert purge.has_deleted(connection) == (length == "long")
        assert list(events) == []


@pytest.mark.parametrize("every", [2**63 - 1, 2**63, 10**30])
def test_a_stride_longer_than_any_run_gives_the_first_step(every: int, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), rows(3))
    events = events_of(api, f"/runs/{run_id}/events?every={every}")
    assert [event.name for event in events] == ["status", "progress", "finished"]
    assert events[1].data["step"] == [0]
    assert [event.name for event in events_of(api, f"/runs/{run_id}/events?from_step={every}")] == [
        "status",
        "finished",
    ]


def test_the_number_of_streams_is_limited(url: str, database: Database) -> None:
    live = Live(database)
    path = f"{url}/runs/{live.id}/events"
    with httpx2.stream("GET", path, timeout=LONGEST) as one, httpx2.stream("GET", path, timeout=LONGEST) as two:
        assert one.status_code == two.status_code == 200
        refused = httpx2.get(path, timeout=LONGEST)
        problem_of(refused, 429)
        assert refused.headers["Retry-After"] == "1"

    def is_admitted() -> bool:
        with httpx2.stream("GET", path, timeout=LONGEST) as three:
            return three.status_code == 200

    until(is_admitted)  # the service frees a slot when it detects the disconnection


def test_open_streams_do_not_prevent_a_shutdown(settings: Settings, database: Database) -> None:
    live = Live(database)
    app = create_app(settings, database)
    stopping = threading.Event()
    app.state.descent.is_stopping = stopping.is_set
    with served(app) as url, httpx2.stream("GET", f"{url}/runs/{live.id}/events", timeout=LONGEST) as answer:
        events = parse_events(answer.iter_lines())
        assert [next(events).name, next(events).name] == ["status", "progress"]
        stopping.set()
        assert list(events) == []
