"""Reading of rows some of which are damaged: a list shows a damaged one as such, and its id finds it.

A query of records ends with the column `is_sound`. A page is read as one query. Only when a row of it is damaged, the
rows after that are read one by one.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, LargeBinary, Row, Select, Table, case, cast, func, null, select
from sqlalchemy.exc import OperationalError

from service.core.run_record import RunError
from service.storage.errors import CorruptError, is_of_value
from service.storage.sqlite.row_checksums import is_damaged

_ID = re.compile(rb"[0-9A-Za-z_-]{1,64}")
_STAND_IN = re.compile(r"damaged-([0-9]{1,18})")
_LAST_YEAR = 253_402_300_800.0
Record = TypeVar("Record")


class Remains(NamedTuple):
    """The readable part of a damaged row. An unreadable id is replaced by `damaged-{seq}`."""

    seq: int
    id: str
    created_at: float


def error_of(kind: str) -> RunError:
    """The error of a damaged run, sweep or dataset."""
    message = f"The row of this {kind} is damaged. `descent check` says where; DELETE removes the {kind}."
    return {"code": "damaged_data", "message": message}


def checked(row: Row[Any]) -> Sequence[Any]:
    """The fields of a row before `is_sound`. Raises CorruptError for a damaged row."""
    if not row[-1]:
        raise CorruptError("A row of the database is damaged: its checksum is wrong.")
    return row[:-1]


def one(connection: Connection, query: Select[Any], values: Mapping[str, object]) -> Sequence[Any] | None:
    """The fields of the only row of a query of records; None without a row. Raises CorruptError."""
    try:
        row = connection.execute(query, values).one_or_none()
        return None if row is None else checked(row)
    except (ValueError, TypeError, OperationalError) as error:
        raise_of_file(error)
        raise CorruptError("A row of the database is damaged: a value cannot be read.") from error


def readable(
    connection: Connection,
    query: Select[Any],
    values: Mapping[str, object],
    table: Table,
    record: Callable[[Sequence[Any]], Record],
    stand_in: Callable[[Remains], Record],
) -> Iterator[Record]:
    """Lazy iterator over the records of a query in its order, with a stand-in for each damaged one."""
    count = 0
    try:
        for row in connection.execute(query, values):
            yield record(checked(row))
            count += 1
    except (CorruptError, ValueError, TypeError, OperationalError) as error:
        raise_of_file(error)
        seqs = connection.execute(query.with_only_columns(table.c.seq), values).scalars().all()
        for seq in seqs[count:]:
            yield _one(connection, query.where(table.c.seq == seq), values, table, seq, record, stand_in)


def _one(
    connection: Connection,
    query: Select[Any],
    values: Mapping[str, object],
    table: Table,
    seq: int,
    record: Callable[[Sequence[Any]], Record],
    stand_in: Callable[[Remains], Record],
) -> Record:
    try:
        fields = one(connection, query, values)
        assert fields is not None  # noqa: S101 - the transaction has read its seq
        return record(fields)
    except (CorruptError, ValueError):
        return stand_in(_remains(connection, table, seq))


def raise_of_file(error: Exception) -> None:
    """Raises an error of SQLite that concerns the file and not a value."""
    if isinstance(error, OperationalError) and not is_of_value(error):
        raise error


def _remains(connection: Connection, table: Table, seq: int) -> Remains:
    is_time = (func.typeof(table.c.created_at) == "real") & table.c.created_at.between(0.0, _LAST_YEAR - 1)
    created_at = case((is_time, table.c.created_at), else_=null())
    row_id, time = connection.execute(select(cast(table.c.id, LargeBinary), created_at).where(table.c.seq == seq)).one()
    name = row_id.decode() if row_id is not None and _ID.fullmatch(row_id) else f"damaged-{seq}"
    return Remains(seq, name, time or 0.0)


def has_id(table: Table, row_id: str) -> ColumnElement[bool]:
    """Whether a row has this id, or is the damaged row of this stand-in for an id."""
    stand_in = _STAND_IN.fullmatch(row_id)
    return table.c.id == row_id if stand_in is None else (table.c.seq == int(stand_in[1])) & is_damaged(table)


def is_stand_in(row_id: str) -> bool:
    """Whether an id stands for the unreadable id of a damaged row."""
    return _STAND_IN.fullmatch(row_id) is not None
