"""The cache of API keys: few queries, a bounded memory, expiry on time."""

import asyncio
import time
from typing import Any

import pytest

from service.auth.key_cache import PAUSE_SECONDS, KeyCache
from service.core import api_key_text
from service.storage.database import Database
from tests.api_keys import Key, make_brief_key, make_key
from tests.service.auth.helpers import key_queries
from tests.waiting import result_of, until


def test_a_cached_key_expires_on_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auth.key_cache.NOTICE_SECONDS", 1000)
    key_cache = KeyCache(database)

    def is_valid(key: Key) -> bool:
        return bool(result_of(key_cache.caller(key.text)))

    short = make_brief_key(database, is_valid)
    until(lambda: not is_valid(short))


def test_suspects_share_queries_which_pause(database: Database) -> None:
    key_cache = KeyCache(database)

    async def ask() -> list[Any]:
        texts = [api_key_text.new_key().text for _ in range(50)]
        return await asyncio.gather(*(key_cache.caller(text, suspect=True) for text in texts))

    async def twice() -> list[Any]:
        return [*await ask(), *await ask()]

    started = time.monotonic()
    with key_queries(database) as found:
        assert result_of(twice()) == [None] * 100
    assert len(found) == 2
    assert time.monotonic() - started >= PAUSE_SECONDS


def test_the_cache_forgets_the_oldest_ids(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auth.key_cache.MOST_UNUSABLE", 3)
    monkeypatch.setattr("service.auth.key_cache.MOST_USABLE", 2)
    key_cache = KeyCache(database)
    keys = [make_key(database).text for _ in range(4)]

    async def ask() -> list[bool]:
        texts = [*(api_key_text.new_key().text for _ in range(9)), *keys, keys[0]]
        return [await key_cache.caller(text) is not None for text in texts]

    assert result_of(ask()) == [False] * 9 + [True] * 5
    assert (len(key_cache._unusable), len(key_cache._usable)) == (3, 2)


def test_concurrent_unknown_ids_share_a_query(database: Database) -> None:
    async def ask(key_cache: KeyCache) -> list[Any]:
        return await asyncio.gather(*(key_cache.caller(api_key_text.new_key().text) for _ in range(100)))

    with key_queries(database) as found:
        asked = result_of(ask(KeyCache(database)))
    assert asked == [None] * 100
    assert len(found) <= 2
