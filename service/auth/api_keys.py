"""Who is asking, and what they may do. A key's secret is 256 random bits; only its SHA-256 is kept.

What is random enough needs no slow hash: nobody guesses it, however fast the hash. A key's text is `descent_`, its id,
which is public, and the secret: the id finds the row, and the comparison takes the same time whatever was guessed.
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
"""How long a revoked key may still be taken for a good one."""
PAUSE_SECONDS = 0.05
"""The shortest time between two readings of the keys, whatever ids come in."""


class Caller(NamedTuple):
    """The sender of a request. `key_id` owns what the request makes, and is None where keys are not asked for."""

    key_id: str | None
    scopes: frozenset[Scope]

    @property
    def owner(self) -> str | None:
        """Whose runs and datasets the caller sees; None for everybody's."""
        return None if "admin" in self.scopes else self.key_id


ANYBODY = Caller(None, GRANTS["admin"])
"""Whoever reaches a service that asks for no keys."""


class NewKey(NamedTuple):
    """A key that was just made. Its text is told once, and kept nowhere."""

    key_id: str
    text: str
    sha256: str


def new_key() -> NewKey:
    """A key that nobody has yet."""
    key_id = secrets.token_hex(ID_BYTES)
    text = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    return NewKey(key_id, text, _sha256(text))


class KeyCache:
    """The usable keys as the database had them a moment ago, so that a request does not cost a query."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: Mapping[str, ApiKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def caller(self, text: str, *, may_be_new: bool = True) -> Caller | None:
        """The caller whose key this is; None for no key, or one that is not usable any more.

        An unknown id costs a reading, since its key may have been made just now, unless `may_be_new` is false.
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
        """Reads the keys unless that was done since the moment: once for all who wait for it, and never too often."""
        if self._read_at >= moment:
            return
        async with self._reading:
            if self._read_at >= moment:
                return
            await asyncio.sleep(self._read_at + PAUSE_SECONDS - time.monotonic())
            begun = time.monotonic()
            self._keys = await to_thread.run_sync(self._usable)
            self._read_at = begun

    def _usable(self) -> Mapping[str, ApiKey]:
        with self._database.reading() as connection:
            return {key.id: key for key in usable_keys(connection)}


def _id_in(text: str) -> str | None:
    """The id in a key's text; None where it has not the form of a key."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return key_id if prefix == PREFIX and len(key_id) == 2 * ID_BYTES and secret else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
