"""Idempotency keys: repeated requests with the same key and content create one run or one sweep.

The digest covers the request as sent: method, path, and body with defaults. It is independent of the JSON spelling
and of the current meaning of names, such as `latest` or a run deleted in the meantime.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from service.core.digests import sha256_of
from service.core.exceptions import InvalidError, header_error
from service.core.run_record import Run
from service.core.sweep_record import Sweep
from service.storage.database import Database

Made = TypeVar("Made", Run, Sweep)
_AS_SENT = "sent:"
"""Prefix of these digests. Digests of earlier versions have no prefix and cover the resolved request."""


class Key(NamedTuple):
    """An idempotency key with its owner, and the digest of its request. Each owner has separate keys."""

    owner: str | None
    name: str
    digest: str


def key_of(given: str | None, owner: str | None, operation: str, body: Callable[[], object]) -> Key | None:
    """The key of a request; None without the header. `operation` is method and path, `body()` the parsed body."""
    if given is None:
        return None
    return Key(owner, given, _AS_SENT + sha256_of([operation, body()]))


def original(
    database: Database, key: Key | None, find: Callable[[Connection, str | None, str], Made | None]
) -> Made | None:
    """The run or sweep of the key's first request, found without resolving the request.

    None for an unknown key, and for a digest of an earlier version, which is only comparable after resolving. Raises
    InvalidError if the key belongs to another request.
    """
    if key is None:
        return None
    with database.reading() as connection:
        known = find(connection, key.owner, key.name)
    if known is None or not known.request_digest.startswith(_AS_SENT):
        return None
    check(known, key)
    return known


def check(known: Run | Sweep, key: Key, resolved: str | None = None) -> None:
    """Raises InvalidError if another request created `known`. `resolved` is the digest of earlier versions."""
    if known.request_digest not in (key.digest, resolved):
        message = "This Idempotency-Key was used for another request."
        raise InvalidError([header_error("Idempotency-Key", message, "Use a new key.")])
