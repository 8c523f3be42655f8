"""Cache of the API keys that requests use. The id finds the row; the comparison of the hashes takes constant time."""

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from anyio import to_thread

from service.core.api_key_text import hash_of, id_in
from service.core.caller import Caller
from service.core.scopes import GRANTS, Scope
from service.storage.api_keys import ApiKey, find_usable
from service.storage.database import Database

NOTICE_SECONDS = 0.5
"""The maximum time for which a revoked key remains valid."""
PAUSE_SECONDS = 0.05
"""The minimum time between two queries for clients that have sent many wrong keys."""
MOST_USABLE, MOST_UNUSABLE = 4096, 1024
"""The numbers of cached ids with and without a usable key."""


class KeyCache:
    """Cache of keys by id, at most NOTICE_SECONDS old. A query finds a key by its id, however many keys there are."""

    def __init__(self, database: Database) -> None:
        self._usable = _Recent(MOST_USABLE)
        self._unusable = _Recent(MOST_UNUSABLE)
        self._look_ups = _LookUps(database, pause=0.0)
        self._look_ups_of_suspects = _LookUps(database, pause=PAUSE_SECONDS)

    async def caller(self, text: str, *, suspect: bool = False) -> Caller | None:
        """The caller with this key; None for an invalid, expired or revoked key.

        `suspect` states that the client has sent many wrong keys: its unknown ids wait and share few queries.
        """
        key_id = id_in(text)
        key = None if key_id is None else await self._key(key_id, suspect)
        if key is None or not hmac.compare_digest(hash_of(text), key.sha256):
            return None
        scopes = frozenset[Scope]().union(*(GRANTS[scope] for scope in key.scopes))
        return Caller(key.id, scopes, key.sees, key.weight, key.max_running)

    async def is_usable(self, key_id: str) -> bool:
        """Whether the key of an earlier request is neither revoked nor expired."""
        return await self._key(key_id, suspect=False) is not None

    async def _key(self, key_id: str, suspect: bool) -> ApiKey | None:
        """The usable key with this id."""
        known = self._usable.get(key_id) or self._unusable.get(key_id)
        if known is None or known.read_at < time.monotonic() - NOTICE_SECONDS:
            is_new = known is None or known.key is None
            look_ups = self._look_ups_of_suspects if suspect and is_new else self._look_ups
            known = await look_ups.find(key_id)
            self._keep(key_id, known)
        key = known.key
        has_expired = key is not None and key.expires_at is not None and key.expires_at <= time.time()
        return None if has_expired else key

    def _keep(self, key_id: str, found: "_Found") -> None:
        kept, other = (self._unusable, self._usable) if found.key is None else (self._usable, self._unusable)
        other.pop(key_id, None)
        kept.add(key_id, found)


class _Found(NamedTuple):
    """The answer of a query: the usable key, or None, and the time of the query by the monotonic clock."""

    key: ApiKey | None
    read_at: float


class _Recent(OrderedDict[str, _Found]):
    """The last `most` answers by the id of the key."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def add(self, key_id: str, found: _Found) -> None:
        """Adds an answer, and drops the oldest one beyond the limit."""
        self[key_id] = found
        self.move_to_end(key_id)
        if len(self) > self._most:
            self.popitem(last=False)


class _Batch:
    """The ids of the next query, and its answers once it is done."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.found: Mapping[str, ApiKey] | None = None
        self.read_at = float("-inf")


class _LookUps:
    """Queries of keys by id, at least `pause` seconds apart. Requests that wait for a query share it."""

    def __init__(self, database: Database, pause: float) -> None:
        self._database, self._pause = database, pause
        self._next = _Batch()
        self._queried_at = float("-inf")
        self._turn = asyncio.Lock()

    async def find(self, key_id: str) -> _Found:
        """The usable key with this id."""
        batch = self._next
        batch.ids.add(key_id)
        async with self._turn:
            if batch.found is None:  # else another request of the batch has queried
                await asyncio.sleep(self._queried_at + self._pause - time.monotonic())
                if batch is self._next:
                    self._next = _Batch()
                batch.read_at = self._queried_at = time.monotonic()
                batch.found = await to_thread.run_sync(self._query, batch.ids)
        return _Found(batch.found.get(key_id), batch.read_at)

    def _query(self, ids: Collection[str]) -> Mapping[str, ApiKey]:
        with self._database.reading() as connection:
            return {key.id: key for key in find_usable(connection, ids)}
