"""Fair shares of slots: a key has at most its share, and another key gets a slot at once."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from service.analysis import loss_landscape
from service.analysis.analysis_pool import AnalysisPool
from service.api.app import create_app
from service.api.body_reader import BodyReader
from service.api.request_body import FEW_VALUES
from service.core import concurrency_limit
from service.core.concurrency_limit import ConcurrencyLimit
from service.core.exceptions import TooManyRequestsError
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage.database import Database
from tests.api_keys import Key
from tests.service.analysis.blocking_question import PipeRequest, read_pipe, read_pipe_of_environment
from tests.service.helpers import fit_body, problem_of, served, stored_run
from tests.service.raw_sockets import connected, long_list, rest
from tests.waiting import LONGEST, result_of, until

MOST, SHARE = 10, 2
FEW: dict[str, Any] = {
    "keys": "required",
    **dict.fromkeys(("max_streams", "max_lists", "max_followers", "max_waits", "max_inquiries"), MOST),
}


@pytest.fixture
def app(settings: Settings, database: Database) -> Any:
    """A service with ten slots of each kind, two for each of two keys."""
    return create_app(settings.model_copy(update=FEW), database)


@pytest.fixture
def url(app: Any) -> Iterator[str]:
    """The service behind a real server."""
    with served(app) as url:
        yield url


def open_stream(url: str, path: str, key: Key, stack: ExitStack) -> socket.socket:
    """Starts an answer and reads only its status. Returns the connection."""
    connection = stack.enter_context(connected(url))
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key.text}", "", "")
    connection.sendall("\r\n".join(lines).encode())
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def assert_share_is_taken(answer: Any) -> None:
    """Asserts that the key has all slots of its share."""
    assert "This API key has its share" in problem_of(answer, 429)["detail"]
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("rows", "status", "path"),
    [(100_000, RunStatus.SUCCEEDED, "/runs/{run}/trajectory?format=csv"), (2, None, "/runs/{run}/events")],
    ids=["trajectories", "events"],
)
def test_one_key_cannot_take_the_streams_of_another(
    rows: int, status: Any, path: str, url: str, database: Database, key: Key, other: Key
) -> None:
    runs = [
        stored_run(
            database, fit_body(), np.random.default_rng(1).standard_normal((rows, 8)), owner=caller.id, status=status
        )
        for caller in (key, other)
    ]
    mine, theirs = (path.format(run=run) for run in runs)
    with ExitStack() as stack:
        for _ in range(SHARE):
            open_stream(url, mine, key, stack)
        assert_share_is_taken(httpx2.get(url + mine, headers=key.headers, timeout=LONGEST))
        open_stream(url, theirs, other, stack)


def test_one_key_cannot_take_the_lists_of_another(app: Any, url: str, database: Database, key: Key, other: Key) -> None:
    with httpx2.Client(base_url=url, timeout=LONGEST) as client:
        sweep = {"base": fit_body(), "grid": {"/split/seed": [1]}}
        for caller in (key, other):
            client.post("/sweeps", json=sweep, headers=caller.headers).raise_for_status()
        for _ in range(SHARE):
            app.state.descent.readers.lists.take(key.id)
        for path in ("/runs", "/datasets", "/sweeps", "/sweeps/latest"):
            assert_share_is_taken(client.get(path, headers=key.headers))
            assert client.get(path, headers=other.headers).status_code == 200


def test_rows_take_a_slot_of_the_streams(app: Any, url: str, key: Key, other: Key) -> None:
    with httpx2.Client(base_url=url, timeout=LONGEST) as client:
        for caller in (key, other):
            client.post("/datasets", json={"x": [[1], [2]], "y": [2, 4]}, headers=caller.headers).raise_for_status()
        for _ in range(SHARE):
            app.state.descent.streams.take(key.id)
        path = "/datasets/latest/rows"
        assert_share_is_taken(client.get(path, headers=key.headers))
        assert client.get(path, headers=other.headers).status_code == 200


def test_a_small_file_waits_for_its_turn(app: Any, url: str, key: Key, other: Key) -> None:
    for _ in range(SHARE):
        app.state.descent.body_reader.waiting.take(key.id)

    def send(caller: Key) -> Any:
        headers = caller.headers | {"Content-Type": "text/csv"}
        return httpx2.post(f"{url}/datasets", content="x,y\n1,2\n3,4\n", headers=headers, timeout=LONGEST)

    assert_share_is_taken(send(key))
    assert send(other).status_code == 201


def test_a_body_of_some_values_waits_for_its_turn(app: Any, url: str, key: Key, other: Key) -> None:
    for _ in range(SHARE):
        app.state.descent.body_reader.waiting.take(key.id)

    def send(caller: Key, rows: int) -> Any:
        data = {"x": [[row] for row in range(rows)], "y": [row % 7 for row in range(rows)]}
        return httpx2.post(f"{url}/fit", json={"dataset": data}, headers=caller.headers, timeout=LONGEST)

    assert send(key, FEW_VALUES // 2 - 10).status_code == 202
    assert_share_is_taken(send(key, FEW_VALUES))
    assert send(other, FEW_VALUES).status_code == 202


def test_a_small_body_does_not_wait_for_a_large_one(settings: Settings) -> None:
    async def both() -> None:
        reader = BodyReader(settings)
        async with reader.permit("a", is_large=True), reader.permit("a", is_large=False):
            reader.close()

    result_of(both())


def test_one_key_cannot_take_the_waits_of_another(app: Any, url: str, database: Database, key: Key, other: Key) -> None:
    """A wait beyond the share is answered at once; the waits within it last until the end of the run."""

    def wait(caller: Key) -> int:
        return httpx2.post(
            f"{url}/fit", json=fit_body(), headers=caller.headers | {"Prefer": "wait=60"}, timeout=LONGEST
        ).status_code

    with ThreadPoolExecutor() as pool, httpx2.Client(timeout=LONGEST) as client:
        waits = [pool.submit(wait, key) for _ in range(SHARE)]
        until(lambda: len(app.state.descent.waits._taken) == SHARE)
        assert wait(key) == 202
        waits += [pool.submit(wait, other) for _ in range(SHARE)]
        until(lambda: len(app.state.descent.waits._taken) == 2 * SHARE)
        for run in client.get(f"{url}/runs", headers=key.headers).json()["data"]:
            client.post(f"{url}/runs/{run['id']}/cancel", headers=key.headers)
        for run in client.get(f"{url}/runs", headers=other.headers).json()["data"]:
            client.post(f"{url}/runs/{run['id']}/cancel", headers=other.headers)
        assert [wait.result() for wait in waits] == [200] * (2 * SHARE)


@pytest.mark.parametrize("path", ["/fit", "/sweeps", "/runs/latest/verify"])
def test_a_disconnected_client_frees_its_slot(path: str, app: Any, url: str, database: Database, key: Key) -> None:
    stored_run(database, fit_body(), np.ones((3, 2)), owner=key.id)
    body = {"base": fit_body(), "grid": {"/split/seed": [1]}} if path == "/sweeps" else fit_body()
    content = json.dumps(body)
    head = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key.text}", "Prefer: wait=60"]
    head += ["Content-Type: application/json", f"Content-Length: {len(content)}", "", content]
    with connected(url) as connection:
        connection.sendall("\r\n".join(head).encode())
        until(lambda: len(app.state.descent.waits._taken) == 1)
    until(lambda: not app.state.descent.waits._taken)


def test_one_key_cannot_take_the_analyses_of_another(
    app: Any, url: str, database: Database, key: Key, other: Key
) -> None:
    runs = [stored_run(database, fit_body(), np.ones((3, 2)), owner=caller.id) for caller in (key, other)]
    mine, theirs = (
        [f"/runs/{run}/{name}" for name in ("landscape", "steps/0", "predictions", "curves.svg", "landscape.svg")]
        for run in runs
    )
    for _ in range(SHARE):
        app.state.descent.analyses.limit.take(key.id)
    for path in mine:
        assert_share_is_taken(httpx2.get(url + path, headers=key.headers, timeout=LONGEST))
    for path in theirs:
        assert httpx2.get(url + path, headers=other.headers, timeout=LONGEST).status_code == 200


def test_one_key_cannot_take_the_connections_of_another(
    settings: Settings, database: Database, key: Key, other: Key
) -> None:
    """Requests whose body never comes take all connections; another key keeps its old one and gets new ones."""
    begun = f"POST /fit HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key.text}\r\nExpect: 100-continue\r\n"
    begun += "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    app = create_app(settings.model_copy(update={"keys": "required", "max_connections": MOST}), database)
    with served(app) as url, ExitStack() as stack, httpx2.Client(headers=other.headers, timeout=LONGEST) as client:
        assert client.get(f"{url}/runs").status_code == 200
        for _ in range(2 * MOST):
            connection = stack.enter_context(connected(url))
            connection.sendall(begun.encode())
            assert connection.recv(12) == b"HTTP/1.1 100"
        for _ in range(SHARE):
            assert client.get(f"{url}/runs").status_code == 200
            assert httpx2.get(f"{url}/runs", headers=other.headers, timeout=LONGEST).status_code == 200


def test_one_key_cannot_take_the_unsent_bytes_of_another(
    settings: Settings, database: Database, key: Key, other: Key
) -> None:
    """The first reader waits longest, but it is the second user that has more than its share."""
    most = {"keys": "required", "max_unsent_bytes": 60 * 2**20, "max_page_bytes": 20 * 2**20}
    app = create_app(settings.model_copy(update=most), database)
    with served(app) as url, ExitStack() as stack:
        for user in (other, key):
            path, whole = long_list(url, user.headers)
        theirs = open_stream(url, path, other, stack)
        mine = [open_stream(url, path, key, stack) for _ in range(8)]  # 80 MB, in all more than the limit
        assert len(rest(mine[0])) < whole
        read = 0
        while read < whole:
            read += len(theirs.recv(65536))


def test_one_key_cannot_take_the_large_bodies_of_another(
    app: Any, url: str, key: Key, other: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency_limit, "PATIENCE_SECONDS", LONGEST)  # a pause of the machine evicts no body
    large = b" " * 300_000
    with ExitStack() as stack:
        for _ in range(SHARE):
            head = f"POST /fit HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key.text}\r\n"
            connection = stack.enter_context(connected(url))
            connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n".encode())
            connection.sendall(large)

        def send(caller: Key) -> Any:
            return httpx2.post(
                f"{url}/fit",
                content=large,
                headers=caller.headers | {"Content-Type": "application/json"},
                timeout=LONGEST,
            )

        until(lambda: app.state.descent.body_reader.arriving.use(key.id) == SHARE)  # else the next has one of these
        assert_share_is_taken(send(key))
        problem_of(send(other), 400)


def test_analyses_are_computed_in_rotation(settings: Settings, tmp_path: Path) -> None:
    """With one process, the first analysis of a key precedes the second waiting analysis of another key."""
    pipe, log = str(tmp_path / "pipe"), str(tmp_path / "log")
    os.mkfifo(pipe)

    async def run_analyses() -> None:
        one_process = settings.model_copy(update={"inquiry_processes": 1})
        analyses = AnalysisPool(one_process, ConcurrencyLimit(12, "analyses", keys=True))
        asked = [asyncio.create_task(analyses.answer("a", read_pipe, PipeRequest("A", log, pipe)))]
        await until_exists(log)  # the process reads the pipe
        asked += [asyncio.create_task(analyses.answer("a", read_pipe, PipeRequest(name, log))) for name in "BC"]
        asked += [asyncio.create_task(analyses.answer("b", read_pipe, PipeRequest(name, log))) for name in "DE"]
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequestsError):
            await analyses.answer("a", read_pipe, PipeRequest("F", log))
        await asyncio.to_thread(Path(pipe).write_text, "go on")
        await asyncio.gather(*asked)
        assert analyses.limit.take("a")
        analyses.close()

    result_of(run_analyses())
    assert Path(log).read_text() == "ABDCE"


async def until_exists(path: str) -> None:
    """Waits for a file that a process of the pool makes."""
    while not Path(path).exists():
        await asyncio.sleep(0.01)


def test_an_analysis_ends_with_its_last_client(settings: Settings, tmp_path: Path) -> None:
    """One process for each user: a later question is answered only if the process stops the abandoned one."""
    pipe, log = str(tmp_path / "pipe"), str(tmp_path / "log")
    os.mkfifo(pipe)

    async def give_up() -> None:
        analyses = AnalysisPool(settings, ConcurrencyLimit(20, "analyses", keys=True))
        first, second = (
            asyncio.create_task(analyses.answer("a", read_pipe, PipeRequest("A", log, pipe))) for _ in range(2)
        )
        await until_exists(log)
        waiting = asyncio.create_task(analyses.answer("a", read_pipe, PipeRequest("B", log)))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        assert analyses.limit.use("a") == 2  # the second client waits for the same answer
        for task in (waiting, second):
            task.cancel()
        await asyncio.wait([waiting, second])
        assert await analyses.answer("a", read_pipe, PipeRequest("C", log)) == b""
        assert analyses.limit.use("a") == 0
        analyses.close()

    result_of(give_up())
    assert Path(log).read_text() == "AC"


def test_an_analysis_waits_for_no_other_user(settings: Settings, tmp_path: Path) -> None:
    """One user has all processes but one."""
    pipe, log = str(tmp_path / "pipe"), str(tmp_path / "log")
    os.mkfifo(pipe)

    async def ask() -> None:
        analyses = AnalysisPool(settings, ConcurrencyLimit(20, "analyses", keys=True))
        greedy = [asyncio.create_task(analyses.answer("a", read_pipe, PipeRequest(n, log, pipe))) for n in "AB"]
        await until_exists(log)
        assert await analyses.answer("b", read_pipe, PipeRequest("C", log)) == b""
        for task in greedy:
            task.cancel()
        analyses.close()

    result_of(ask())
    assert Path(log).read_text() == "AC"


def test_an_analysis_ends_when_its_client_disconnects(
    app: Any, url: str, database: Database, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("PIPE", str(tmp_path / "pipe"))
    monkeypatch.setenv("BLOCKED", str(blocked))
    monkeypatch.setattr(loss_landscape, "around", read_pipe_of_environment)
    run = stored_run(database, fit_body(), np.ones((3, 2)), owner=key.id)
    with connected(url) as connection:
        lines = (f"GET /runs/{run}/landscape HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key.text}", "", "")
        connection.sendall("\r\n".join(lines).encode())
        until(blocked.exists)
        assert app.state.descent.analyses.limit.use(key.id) == 1
    until(lambda: app.state.descent.analyses.limit.use(key.id) == 0)
    assert httpx2.get(f"{url}/runs/{run}/steps/0", headers=key.headers, timeout=LONGEST).status_code == 200
