"""Storage of a large dataset in many short transactions, so that other writers get the write lock between them.

The rows go into a hidden dataset under another id, which the last transaction replaces. A crash leaves a hidden dataset
that gets no further rows: after STALE_SECONDS the purge deletes it.
"""

import secrets
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, not_, select, update

from service.storage import datasets
from service.storage.datasets import NewDataset
from service.storage.errors import GoneError
from service.storage.tables import datasets as table

PREFIX = "unpublished-"
STALE_SECONDS = 60.0
"""The age from which a hidden dataset without new rows is deleted. A change of the clock may end an upload early."""
# A range of the index of ids, which has no other id: ids are hexadecimal.
IS_UNPUBLISHED: ColumnElement[bool] = table.c.id.between(PREFIX, f"{PREFIX}~")
_BEGIN = insert(table).returning(table.c.seq)


def begin(connection: Connection, new: NewDataset) -> int:
    """Creates the hidden dataset, whose size counts for its owner, and returns its seq."""
    row = {**datasets.row_of(new), "id": f"{PREFIX}{secrets.token_hex(8)}"}
    return int(connection.execute(_BEGIN, row).scalar_one())


def append(connection: Connection, seq: int, chunks: Iterable[dict[str, Any]]) -> None:
    """Stores some chunks of rows. Raises GoneError for a dataset that was purged as stale."""
    _change(connection, seq, created_at=time.time())
    for chunk in chunks:
        datasets.add_chunk(connection, seq, chunk)


def publish(connection: Connection, seq: int, new: NewDataset) -> int:
    """Gives the dataset its id, unless an equal one has been stored meanwhile. Returns the seq of the one with the id.

    Raises GoneError for a dataset that was purged as stale.
    """
    if datasets.is_known(connection, new.id):
        discard(connection, seq)
        return datasets.keep_known(connection, new, uploaded=True)
    _change(connection, seq, id=new.id, uploaded=True, created_at=time.time())
    return seq


def discard(connection: Connection, seq: int) -> None:
    """Leaves a hidden dataset to the purge, and no longer counts it."""
    values = {"created_at": 0.0, "stored_bytes": 0, "owner": None}
    connection.execute(update(table).where(table.c.seq == seq, IS_UNPUBLISHED).values(values))


def stale(connection: Connection) -> int | None:
    """Seq of a hidden dataset to purge; None if there is none."""
    now, created_at = time.time(), table.c.created_at
    is_fresh = created_at.between(now - STALE_SECONDS, now + STALE_SECONDS)
    query = select(table.c.seq).where(IS_UNPUBLISHED, not_(is_fresh)).limit(1)
    return connection.execute(query).scalar_one_or_none()


def _change(connection: Connection, seq: int, **values: object) -> None:
    changed = update(table).where(table.c.seq == seq, IS_UNPUBLISHED).values(values)
    if connection.execute(changed).rowcount == 0:
        raise GoneError(f"The hidden dataset {seq} was purged.")
