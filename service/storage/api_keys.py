"""Storage of API keys. The CLI creates, lists and revokes keys in the database file; no request does."""

import time
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, LargeBinary, bindparam, cast, insert, or_, select, update

from service.storage.sqlite.row_checksums import is_damaged, is_sound
from service.storage.tables import api_keys


class ApiKey(NamedTuple):
    """Record of an API key. The database stores the SHA-256 of the secret, not the secret."""

    id: str
    name: str
    sha256: str
    scopes: list[str]
    sees: str | None
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    weight: float
    max_running: int | None

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row with the fields in this order."""
        return cls._make(row)


_RECORDS = select(*(api_keys.c[name] for name in ApiKey._fields))
_DAMAGED = select(cast(api_keys.c.id, LargeBinary)).where(is_damaged(api_keys))
_IS_USABLE = [
    is_sound(api_keys),  # a damaged key admits nobody
    api_keys.c.revoked_at.is_(None),
    or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("now")),
]
_USABLE = _RECORDS.where(*_IS_USABLE)
_USABLE_BY_ID = _USABLE.where(api_keys.c.id.in_(bindparam("ids", expanding=True)))  # built once: frequent


def add_key(
    connection: Connection,
    key_id: str,
    *,
    sha256: str,
    name: str,
    scopes: Sequence[str],
    expires_at: float | None,
    sees: str | None = None,
    weight: float = 1.0,
    max_running: int | None = None,
) -> None:
    """Stores a key with the SHA-256 of its secret."""
    row = {"id": key_id, "sha256": sha256, "name": name, "scopes": list(scopes), "sees": sees}
    share = {"weight": weight, "max_running": max_running}
    connection.execute(insert(api_keys).values(**row, **share, created_at=time.time(), expires_at=expires_at))


def usable_keys(connection: Connection) -> list[ApiKey]:
    """Keys that are neither revoked nor expired."""
    return [ApiKey.from_row(row) for row in connection.execute(_USABLE, {"now": time.time()})]


def find_usable(connection: Connection, ids: Collection[str]) -> list[ApiKey]:
    """The keys with these ids that are neither revoked nor expired."""
    found = connection.execute(_USABLE_BY_ID, {"now": time.time(), "ids": [*ids]})
    return [ApiKey.from_row(row) for row in found]


def all_keys(connection: Connection) -> list[ApiKey]:
    """All keys but damaged ones, including revoked and expired ones, the oldest first."""
    query = _RECORDS.where(is_sound(api_keys)).order_by(api_keys.c.created_at, api_keys.c.id)
    return [ApiKey.from_row(row) for row in connection.execute(query)]


def damaged_keys(connection: Connection) -> list[str]:
    """The ids of the damaged keys, which admit nobody."""
    return [key_id.decode(errors="replace") for key_id in connection.execute(_DAMAGED).scalars()]


def revoke_key(connection: Connection, key_id: str) -> bool:
    """Revokes a key permanently; false for an unknown key. The key's runs stay. Idempotent."""
    known = update(api_keys).where(api_keys.c.id == key_id)
    connection.execute(known.where(api_keys.c.revoked_at.is_(None)).values(revoked_at=time.time()))
    return exists(connection, key_id)


def exists(connection: Connection, key_id: str) -> bool:
    """Whether there is a key with this id, also a revoked or expired one."""
    return connection.execute(select(api_keys.c.id).where(api_keys.c.id == key_id)).one_or_none() is not None
