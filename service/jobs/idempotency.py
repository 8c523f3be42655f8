"""Idempotency keys: the same key and request, however often sent, make one run or one sweep.

The digest is of the request as sent: its operation and path, and its body with the defaults filled in. The spelling of
the body does not matter, nor what its names mean by now: `latest`, or a run that was deleted since.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from service.core.digests import sha256_of
from service.core.exceptions import InvalidError, header_error
from service.core.run_record import Run
from service.core.sweep_record import Sweep
from service.storage import runs
from service.storage.database import Database

Made = TypeVar("Made", Run, Sweep)
_AS_SENT = "sent:"
"""Begins the digests that are made here. Those of earlier versions are of the request as it was resolved."""


class Key(NamedTuple):
    """A key as it is stored, and the digest of the request that it came with."""

    name: str
    digest: str


def key_of(given: str | None, owner: str | None, operation: str, body: Callable[[], object]) -> Key | None:
    """The key that a client gave with a request. `operation` is its method and path, `body()` its parsed body."""
    if given is None:
        return None
    return Key(runs.scoped_key(given, owner), _AS_SENT + sha256_of([operation, body()]))


def original(database: Database, key: Key | None, find: Callable[[Connection, str], Made | None]) -> Made | None:
    """What the key's first request made, found without a look at what the request names. Raises InvalidError.

    None also where an earlier version stored the digest: that can only be compared once the request is resolved.
    """
    if key is None:
        return None
    with database.reading() as connection:
        known = find(connection, key.name)
    if known is None or not known.request_digest.startswith(_AS_SENT):
        return None
    check(known, key)
    return known


def check(known: Run | Sweep, key: Key, resolved: str | None = None) -> None:
    """Raises InvalidError if it was made by another request. `resolved` is the digest of earlier versions."""
    if known.request_digest not in (key.digest, resolved):
        message = "This Idempotency-Key was used for another request."
        raise InvalidError([header_error("Idempotency-Key", message, "Use a new key.")])
