"""The cache of API keys: few queries, a bounded memory, expiry on time."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.auth import api_keys
from service.auth.key_cache import PAUSE_SECONDS, KeyCache
from service.storage.database import Database
from tests.api_keys import Key, make_brief_key, make_key
from tests.service.auth.helpers import key_queries
from tests.waiting import until


def test_a_cached_key_expires_on_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auth.key_cache.NOTICE_SECONDS", 1000)
    key_cache = KeyCache(database)
    # In a thread: the browser tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:

        def is_valid(key: Key) -> bool:
            return bool(thread.submit(lambda: asyncio.run(key_cache.caller(key.text))).result())

        short = make_brief_key(database, is_valid)
        until(lambda: not is_valid(short))


def test_suspects_share_queries_which_pause(database: Database) -> None:
    key_cache = KeyCache(database)

    async def ask() -> list[Any]:
        texts = [api_keys.new_key().text for _ in range(50)]
        return await asyncio.gather(*(key_cache.caller(text, suspect=True) for text in texts))

    async def twice() -> list[Any]:
        return [*await ask(), *await ask()]

    started = time.monotonic()
    with key_queries(database) as found, ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(twice())).result() == [None] * 100
    assert len(found) == 2
    assert time.monotonic() - started >= PAUSE_SECONDS


def test_the_cache_forgets_the_oldest_ids(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auth.key_cache.MOST_UNUSABLE", 3)
    monkeypatch.setattr("service.auth.key_cache.MOST_USABLE", 2)
    key_cache = KeyCache(database)
    keys = [make_key(database).text for _ in range(4)]

    async def ask() -> list[bool]:
        texts = [*(api_keys.new_key().text for _ in range(9)), *keys, keys[0]]
        return [await key_cache.caller(text) is not None for text in texts]

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(ask())).result() == [False] * 9 + [True] * 5
    assert (len(key_cache._unusable), len(key_cache._usable)) == (3, 2)


def test_concurrent_unknown_ids_share_a_query(database: Database) -> None:
    async def ask(key_cache: KeyCache) -> list[Any]:
        return await asyncio.gather(*(key_cache.caller(api_keys.new_key().text) for _ in range(100)))

    with key_queries(database) as found, ThreadPoolExecutor(1) as thread:
        asked = thread.submit(lambda: asyncio.run(ask(KeyCache(database)))).result()
    assert asked == [None] * 100
    assert len(found) <= 2
