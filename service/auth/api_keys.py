"""Who is asking, and what they may do. A key's secret is 256 random bits; only its SHA-256 is kept.

What is random enough needs no slow hash: nobody guesses it, however fast the hash. A key's text is `descent_`, its id,
which is public, and the secret: the id finds the row, and the comparison takes the same time whatever was guessed.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from starlette.concurrency import run_in_threadpool

from service.storage import api_keys
from service.storage.database import Database

Scope = Literal["read", "write", "admin"]
GRANTS: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
"""What each scope allows: to look at what is one's own; to submit, change and delete too; all that with everybody's."""

PREFIX = "descent"
NOTICE_SECONDS = 0.5
"""How long a revoked key may still be taken for a good one."""


class Caller(NamedTuple):
    """Who a request is from. `key_id` is None where keys are not asked for."""

    key_id: str | None
    scopes: frozenset[str]

    @property
    def owner(self) -> str | None:
        """Whose runs and datasets the caller sees; None for everybody's."""
        return None if "admin" in self.scopes else self.key_id

    @property
    def stamp(self) -> str | None:
        """Whom what the caller makes belongs to; None where keys are not asked for."""
        return self.key_id


ANYBODY = Caller(None, GRANTS["admin"])
"""Whoever reaches a service that asks for no keys."""


class NewKey(NamedTuple):
    """A key that was just made. Its text is told once, and kept nowhere."""

    key_id: str
    text: str
    sha256: str


def new_key() -> NewKey:
    """A key that nobody has yet."""
    key_id = secrets.token_hex(6)
    text = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    return NewKey(key_id, text, _sha256(text))


class KeyCache:
    """The usable keys as the database had them a moment ago, so that a request does not cost a query."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: Mapping[str, Any] = {}
        self._read_at = float("-inf")

    async def caller(self, text: str) -> Caller | None:
        """Whose key this is; None if it is nobody's, or not usable any more."""
        prefix, _, rest = text.partition("_")
        key_id = rest.partition("_")[0]
        now = time.monotonic()
        if now - self._read_at > NOTICE_SECONDS or key_id not in self._keys:  # which may have been made just now
            self._keys = await run_in_threadpool(self._usable)
            self._read_at = now
        key = self._keys.get(key_id)
        if key is None or prefix != PREFIX or not hmac.compare_digest(_sha256(text), key.sha256):
            return None
        if key.expires_at is not None and key.expires_at <= time.time():
            return None
        return Caller(key.id, frozenset().union(*(GRANTS[scope] for scope in key.scopes)))

    def _usable(self) -> Mapping[str, Any]:
        with self._database.reading() as connection:
            return {key.id: key for key in api_keys.usable(connection)}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
