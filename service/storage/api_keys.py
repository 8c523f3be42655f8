"""API keys: made, listed and revoked by whoever has the database file, never by a request."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from service.storage.tables import api_keys


class ApiKey(NamedTuple):
    """A key as the database holds it: the SHA-256 of its text, and not the text."""

    id: str
    name: str
    sha256: str
    scopes: list[str]
    created_at: float
    expires_at: float | None
    revoked_at: float | None

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make(row)


_RECORDS = select(*(api_keys.c[name] for name in ApiKey._fields))
_IS_USABLE = [
    api_keys.c.revoked_at.is_(None),
    or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("now")),
]
_USABLE = _RECORDS.where(*_IS_USABLE)  # made once: it is asked for all the time


def add_key(
    connection: Connection, key_id: str, *, sha256: str, name: str, scopes: Sequence[str], expires_at: float | None
) -> None:
    """Stores a key: the SHA-256 of its text, and not the text."""
    row = {"id": key_id, "sha256": sha256, "name": name, "scopes": list(scopes)}
    connection.execute(insert(api_keys).values(**row, created_at=time.time(), expires_at=expires_at))


def usable_keys(connection: Connection) -> list[ApiKey]:
    """The keys that are neither revoked nor expired."""
    return [ApiKey.from_row(row) for row in connection.execute(_USABLE, {"now": time.time()})]


def all_keys(connection: Connection) -> list[ApiKey]:
    """All keys there ever were, the oldest first."""
    query = _RECORDS.order_by(api_keys.c.created_at, api_keys.c.id)
    return [ApiKey.from_row(row) for row in connection.execute(query)]


def revoke_key(connection: Connection, key_id: str) -> bool:
    """Ends a key for good; what it made stays. False if there is no such key. To do it again changes nothing."""
    known = update(api_keys).where(api_keys.c.id == key_id)
    connection.execute(known.where(api_keys.c.revoked_at.is_(None)).values(revoked_at=time.time()))
    return connection.execute(select(api_keys.c.id).where(api_keys.c.id == key_id)).one_or_none() is not None
