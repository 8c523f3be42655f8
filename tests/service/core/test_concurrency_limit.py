"""Slots that clients hold at their own pace: the longest-stalled client loses its slot when another needs one."""

import asyncio
import select
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import numpy as np
import pytest

from service.api.app import create_app
from service.core.concurrency_limit import ConcurrencyLimit
from service.core.exceptions import TooManyRequestsError, UnavailableError
from service.core.settings import Settings
from service.storage.database import Database
from tests.service.helpers import fit_body, problem_of, served, stored_run
from tests.service.raw_sockets import connected, long_list, problem_in, rest, stalled
from tests.waiting import LONGEST, result_of, until

MOST, SLOTS = 4, 2
"""The slots of each kind, and those that one address may take."""
TRAJECTORY = "/runs/latest/trajectory?format=csv"
HEADERS = {"Content-Type": "application/json"}
BEGUN = b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n"
LARGE = b" " * 400_000


@pytest.fixture
def url(settings: Settings, database: Database) -> Iterator[str]:
    """A service with few slots of each kind, and a trajectory larger than the socket buffers of the system."""
    stored_run(database, fit_body(), np.random.default_rng(1).standard_normal((200_000, 8)))
    with served(create_app(settings.model_copy(update={"max_streams": MOST}), database)) as url:
        yield url


def test_a_stalled_client_does_not_lose_its_slot_at_once(url: str) -> None:
    with ExitStack() as stack:
        for _ in range(SLOTS):
            stalled(stack.enter_context(connected(url)), TRAJECTORY)
        refused = httpx2.get(url + TRAJECTORY, timeout=LONGEST)
    problem_of(refused, 429)
    assert refused.headers["Retry-After"] == "1"
    until(lambda: httpx2.get(url + TRAJECTORY, timeout=LONGEST).status_code == 200)  # the slots are free again


@pytest.mark.slow
def test_the_slowest_reader_gives_way(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.core.concurrency_limit.PATIENCE_SECONDS", 0.1)
    whole = len(httpx2.get(url + TRAJECTORY, timeout=LONGEST).content)
    with ExitStack() as stack:
        readers = [stack.enter_context(connected(url)) for _ in range(SLOTS)]
        for reader in readers:
            stalled(reader, TRAJECTORY)
        until(lambda: httpx2.get(url + TRAJECTORY, timeout=LONGEST).status_code == 200)
        cut_off, served_on = sorted(len(rest(reader)) for reader in readers)
    assert cut_off < whole <= served_on  # only one reader is disconnected


def posted(url: str) -> int:
    """The status of a large body that arrives at once: 400 if there is a slot for it."""
    return httpx2.post(f"{url}/fit", content=LARGE, headers=HEADERS, timeout=LONGEST).status_code


def test_a_stalled_large_body_gives_way(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        senders = [stack.enter_context(connected(url)) for _ in range(SLOTS)]
        for sender in senders:
            sender.sendall(BEGUN + LARGE)
        until(lambda: posted(url) == 429)
        monkeypatch.setattr("service.core.concurrency_limit.PATIENCE_SECONDS", 0.1)
        until(lambda: posted(url) == 400)
        (stopped, *others), _, _ = select.select(senders, [], [], LONGEST)
        assert not others  # only one sender is stopped
        problem_in(rest(stopped), 408)
        senders.remove(stopped)
        senders[0].sendall(b" " * 100_000)
        assert senders[0].recv(12) == b"HTTP/1.1 400"


def test_the_longest_stalled_slot_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.core.concurrency_limit.PATIENCE_SECONDS", 0.0)
    limit = ConcurrencyLimit(6, "uploads", keys=False)
    stopped: list[int] = []

    async def stall(number: int) -> None:
        try:
            async with limit.taken("127.0.0.1") as slot:
                slot.start_waiting()
                await asyncio.Event().wait()
        except TimeoutError:
            stopped.append(number)

    async def one_more() -> None:
        uploads = [asyncio.create_task(stall(number)) for number in range(3)]
        await asyncio.sleep(0)  # all have started, in this order
        async with limit.taken("127.0.0.1"):
            await asyncio.wait(uploads, return_when=asyncio.FIRST_COMPLETED)
        for upload in uploads:
            upload.cancel()

    result_of(one_more())
    assert stopped == [0]


def test_small_bodies_need_no_slot(url: str) -> None:
    with ExitStack() as stack:
        for _ in range(SLOTS):
            stack.enter_context(connected(url)).sendall(BEGUN + LARGE)
        until(lambda: posted(url) == 429)
        assert httpx2.post(f"{url}/fit?validate_only=true", json=fit_body(), timeout=LONGEST).status_code == 200


def test_unsent_bytes_are_limited(settings: Settings, database: Database) -> None:
    most = {"max_unsent_bytes": 20 * 2**20, "max_page_bytes": 20 * 2**20}
    app = create_app(settings.model_copy(update=most), database)
    with served(app) as url, ExitStack() as stack:
        path, whole = long_list(url)
        assert whole > 9_000_000
        readers = [stack.enter_context(connected(url)) for _ in range(4)]
        for reader in readers:
            stalled(reader, path)
        read = 0
        while read < whole:  # the newest reader gets the whole answer
            read += len(readers[-1].recv(65536))
        assert len(rest(readers[0])) < whole


def take_all(limit: ConcurrencyLimit, user: str) -> int:
    """The number of slots that a greedy user gets."""
    for number in range(1_000):
        try:
            limit.take(user)
        except TooManyRequestsError:
            return number
    raise AssertionError("no limit")


@pytest.mark.parametrize(("keys", "shares"), [(True, [16, 12, 9, 6, 5]), (False, [32, 16, 8, 4, 2])])
def test_greedy_users_leave_slots_for_a_newcomer(*, keys: bool, shares: list[int]) -> None:
    """Each gets a share of what the others leave: of keys a quarter, of addresses half."""
    limit = ConcurrencyLimit(64, "slots", keys=keys)
    assert [take_all(limit, user) for user in "abcde"] == shares
    assert [limit.use(user) for user in "abcdef"] == [*shares, 0]
    with pytest.raises(TooManyRequestsError, match="This API key" if keys else "This address"):
        limit.take("a")
    limit.take("f")


def test_a_share_is_at_least_one_slot() -> None:
    limit = ConcurrencyLimit(1, "slots", keys=True)
    slot = limit.take("a")
    with pytest.raises(TooManyRequestsError):
        limit.take("a")
    with pytest.raises(UnavailableError):
        limit.take("b")
    limit.leave(slot)
    assert limit.take("b")
