"""Authentication: API keys, the caller of a request, and the cache of usable keys.

The text of a key is `descent_`, its public id, and a secret of 256 random bits. The database stores only the SHA-256
of the text. A secret of this length needs no slow hash. The id finds the row; the comparison takes constant time.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import NamedTuple

from anyio import to_thread

from service.core.scopes import GRANTS, Scope
from service.storage.api_keys import ApiKey, usable_keys
from service.storage.database import Database

PREFIX = "descent"
ID_BYTES = 6
NOTICE_SECONDS = 0.5
"""The maximum time for which a revoked key remains valid."""
PAUSE_SECONDS = 0.05
"""The minimum time between two queries of the keys."""


class Caller(NamedTuple):
    """The sender of a request. `key_id` owns the runs and datasets it creates; it is None if keys are not required."""

    key_id: str | None
    scopes: frozenset[Scope]

    @property
    def owner(self) -> str | None:
        """The owner whose runs and datasets the caller sees; None for those of all owners."""
        return None if "admin" in self.scopes else self.key_id


ANYBODY = Caller(None, GRANTS["admin"])
"""The caller of every request to a service that requires no keys."""


class NewKey(NamedTuple):
    """A new key. Its text is shown once and never stored."""

    key_id: str
    text: str
    sha256: str


def new_key() -> NewKey:
    """A new random key."""
    key_id = secrets.token_hex(ID_BYTES)
    text = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    return NewKey(key_id, text, _sha256(text))


class KeyCache:
    """Cache of the usable keys, at most NOTICE_SECONDS old, so that most requests need no query."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: Mapping[str, ApiKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def caller(self, text: str, *, may_be_new: bool = True) -> Caller | None:
        """The caller with this key; None for an invalid, expired or revoked key.

        An unknown id causes a query, because its key may be new, unless `may_be_new` is false.
        """
        now = time.monotonic()
        key_id = _id_in(text)
        if key_id is None:
            return None
        await self._read_since(now - NOTICE_SECONDS)
        if may_be_new and key_id not in self._keys:
            await self._read_since(now)
        key = self._keys.get(key_id)
        if key is None or not hmac.compare_digest(_sha256(text), key.sha256):
            return None
        if key.expires_at is not None and key.expires_at <= time.time():
            return None
        return Caller(key.id, frozenset().union(*(GRANTS[scope] for scope in key.scopes)))

    async def _read_since(self, moment: float) -> None:
        """Queries the keys if the cache is older than `moment`: one query for all waiting requests."""
        if self._read_at >= moment:
            return
        async with self._reading:
            if self._read_at >= moment:
                return
            await asyncio.sleep(self._read_at + PAUSE_SECONDS - time.monotonic())
            started = time.monotonic()
            self._keys = await to_thread.run_sync(self._query)
            self._read_at = started

    def _query(self) -> Mapping[str, ApiKey]:
        with self._database.reading() as connection:
            return {key.id: key for key in usable_keys(connection)}


def _id_in(text: str) -> str | None:
    """The id in the text of a key; None if the text does not have the form of a key."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return key_id if prefix == PREFIX and len(key_id) == 2 * ID_BYTES and secret else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
