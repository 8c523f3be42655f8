"""Open streams and waits end soon after the revocation or the expiry of their key; those of other keys continue."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx2
import numpy as np
import pytest

from service.api.app import create_app
from service.api.streaming import KEY_SECONDS
from service.auth.key_cache import NOTICE_SECONDS
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage.api_keys import revoke_key
from service.storage.database import Database
from tests.api_keys import Key, make_key
from tests.service.helpers import fit_body, problem_of, served, stored_run
from tests.service.raw_sockets import connected, rest
from tests.waiting import LONGEST, until

End = Callable[[Key], None]


@pytest.fixture
def app(settings: Settings, database: Database) -> Any:
    """A service that requires keys."""
    return create_app(settings.model_copy(update={"keys": "required"}), database)


@pytest.fixture
def url(app: Any) -> Iterator[str]:
    """The service behind a real server."""
    with served(app) as url:
        yield url


@pytest.fixture
def revoke(database: Database) -> End:
    """Revokes a key."""

    def end(key: Key) -> None:
        with database.writing() as connection:
            revoke_key(connection, key.id)

    return end


def request(path: str, key: Key) -> bytes:
    """A request as the socket sends it."""
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key.text}", "", "")
    return "\r\n".join(lines).encode()


def opened(url: str, path: str, key: Key, stack: ExitStack) -> Any:
    """A socket after the status line of an answer."""
    connection = stack.enter_context(connected(url))
    connection.sendall(request(path, key))
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def test_the_times_add_up_to_less_than_a_second() -> None:
    assert NOTICE_SECONDS + KEY_SECONDS < 1


@pytest.mark.parametrize(("path", "limit"), [("events", "followers"), ("trajectory", "streams")])
def test_an_open_stream_ends_with_its_key(
    path: str, limit: str, app: Any, url: str, key: Key, other: Key, revoke: End, database: Database
) -> None:
    rows = np.full((200_000, 2), 1 / 3)
    status = None if path == "events" else RunStatus.SUCCEEDED
    found = {
        each: stored_run(database, fit_body(descent={"steps": len(rows)}), rows, status=status, owner=each.id)
        for each in (key, other)
    }

    def users() -> set[str]:
        return {slot.user for slot in getattr(app.state.descent, limit)._taken}

    with ExitStack() as stack:
        mine, _theirs = [opened(url, f"/runs/{found[each]}/{path}", each, stack) for each in (key, other)]
        assert users() == {key.id, other.id}
        revoke(key)
        until(lambda: users() == {other.id})
        left = rest(mine)
        assert not left.endswith(b"0\r\n\r\n")  # not the end of the answer
        assert b"event: finished" not in left


def test_an_expired_key_ends_its_stream(url: str, database: Database) -> None:
    run_id = stored_run(database, fit_body(), np.ones((3, 2)), status=None)
    for seconds in (1.0, 30.0):  # the second on a slow machine
        short = make_key(database, "admin", expires_in=seconds)
        with ExitStack() as stack:
            connection = stack.enter_context(connected(url))
            connection.sendall(request(f"/runs/{run_id}/events", short))
            answer = rest(connection)
        if answer.startswith(b"HTTP/1.1 200"):
            break
    assert b"event: progress" in answer
    assert b"event: finished" not in answer


def test_a_wait_ends_with_its_key(url: str, key: Key, other: Key, revoke: End, database: Database) -> None:
    def ask(each: Key, seconds: int) -> Any:
        headers = {**each.headers, "Prefer": f"wait={seconds}"}
        return httpx2.post(f"{url}/fit", json=fit_body(), headers=headers, timeout=LONGEST)

    with ThreadPoolExecutor(2) as pool:
        mine, theirs = pool.submit(ask, key, 60), pool.submit(ask, other, 2)
        with httpx2.Client(base_url=url, timeout=LONGEST) as client:
            until(lambda: len(client.get("/runs", headers=key.headers).json()["data"]) == 1)
        revoke(key)
        problem_of(mine.result(), 401)
        assert theirs.result().status_code == 202
