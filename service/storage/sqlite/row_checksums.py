"""Checksums of rows: the column `checksum` of a table has the CRC-32 of the columns that answers depend on.

Temporary triggers of each writing connection keep the checksum with every change of the row, in the same statement.
Damage does not pass through them. An UPDATE adds the difference between the new row and the old one, so that a row
with a wrong checksum keeps a wrong one. Columns of a lease have none, since claims take damaged ones as expired.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    select,
    text,
)

from service.storage.tables import api_keys, datasets, runs, sweeps

CHECKED = (runs, sweeps, datasets, api_keys)
_NOT_COVERED = {
    *("checksum", "checkpoint", "checkpoint_checksum"),
    *("lease_owner", "lease_token", "lease_expires_at"),
}
_HAS_TRIGGERS = "has_checksum_triggers"
_rowid: ColumnElement[int] = literal_column("rowid")
_FORMER = {"columns": "summary"}
"""Columns of earlier versions whose place in a checksum another column has now."""


def register(driver_connection: Any) -> None:
    """Adds the SQL functions of checksums to a connection of the driver."""
    for name, count, function in (
        ("row_checksum", -1, _row_checksum),
        ("row_checksum_of_sound", -1, _row_checksum_of_sound),
        ("checksum", 1, _checksum),
    ):
        driver_connection.create_function(name, count, function, deterministic=True)


def is_sound(table: Table) -> ColumnElement[bool]:
    """Whether the checksum of a row is right; NULL without a checksum."""
    return literal_column(f"({table.name}.checksum = {_computed(table, table.name)})", Boolean)


def is_sound_or_fails(table: Table) -> ColumnElement[bool]:
    """As `is_sound`, in half the time, for queries of the columns themselves: a value that Python cannot take fails,
    with SQLITE_ERROR or when it is fetched. A driver may pass a text that is no UTF-8 as NULL.

    A driver may pass a text up to a NUL only, so a row with one is checked as `is_sound` does. JSON has none.
    """
    values = ", ".join(f'{table.name}."{column.name}"' for column in _covered(table))
    texts = [column.name for column in _covered(table) if isinstance(column.type, String)]
    joined = " || ".join(f"""coalesce({table.name}."{name}", '')""" for name in texts)
    computed = (
        f"CASE instr({joined}, char(0)) WHEN 0 THEN row_checksum_of_sound({values})"
        f" ELSE {_computed(table, table.name)} END"
    )
    return literal_column(f"({table.name}.checksum = {computed})", Boolean)


def is_damaged(table: Table) -> ColumnElement[bool]:
    """Whether the checksum of a row is wrong or missing."""
    return literal_column(f"({table.name}.checksum IS NOT {_computed(table, table.name)})", Boolean)


def integer(column: Column[Any]) -> ColumnElement[Any]:
    """The value of a column of integers; NULL for a damaged one of another type."""
    return case((func.typeof(column) == "integer", column)).label(column.name)


def is_whole_checkpoint() -> ColumnElement[bool]:
    """Whether the checkpoint of a run has the right checksum."""
    checkpoint = "CASE typeof(runs.checkpoint) WHEN 'blob' THEN runs.checkpoint END"
    return literal_column(f"(checksum({checkpoint}) IS runs.checkpoint_checksum)", Boolean)


def maintain(connection: Connection) -> None:
    """Creates the triggers of a connection, outside a transaction. A database before its migration gets none."""
    if _HAS_TRIGGERS in connection.info or not all(_has_columns(connection, table) for table in CHECKED):
        return
    for table in CHECKED:
        name, names = table.name, ", ".join(f'"{column.name}"' for column in _covered(table))
        new, old = _computed(table, "NEW"), _computed(table, "OLD")
        for event, changed, value in (
            ("INSERT", "", new),
            ("UPDATE", f" OF {names}", f"OLD.checksum + {new} - {old}"),
        ):
            body = f"UPDATE {name} SET checksum = {value} WHERE rowid = NEW.rowid"  # noqa: S608 - constants
            trigger = f"{name}_{event} AFTER {event}{changed} ON main.{name} BEGIN {body}; END"
            connection.exec_driver_sql(f"CREATE TEMP TRIGGER IF NOT EXISTS {trigger}")
    connection.info[_HAS_TRIGGERS] = True


def seal_upgraded(connection: Connection, damaged: Mapping[str, Sequence[int]]) -> None:
    """Gives the rows their checksums after a migration, and none to the rows that were damaged before it."""
    for table in CHECKED:
        seal(connection, table)
        if rows := damaged.get(table.name):
            unsealed = table.update().where(_rowid == bindparam("row")).values(checksum=None)
            connection.execute(unsealed, [{"row": row} for row in rows])


def seal(connection: Connection, table: Table, where: ColumnElement[bool] | None = None) -> None:
    """Gives the rows the checksums of their present content, damaged or not."""
    sealed = table.update().values(checksum=text(_computed(table, table.name)))
    connection.execute(sealed if where is None else sealed.where(where))


def as_in_file(connection: Connection, table: Table) -> Table:
    """The table with the columns that a file of an earlier version has, in the order of its checksums."""
    names, known = _names(connection, table), []
    for column in table.c:
        former = _FORMER.get(column.name, column.name)
        if {column.name, former} & names:
            known.append(Column(column.name if column.name in names else former, column.type))
    return Table(table.name, MetaData(), *known)


def damaged_rows(connection: Connection) -> dict[str, Sequence[int]]:
    """The rowids of the damaged rows of each table, in a file of any version."""
    found = {}
    for table in (as_in_file(connection, each) for each in CHECKED):
        if "checksum" in table.c:
            query = select(_rowid).select_from(table).where(is_damaged(table))
            found[table.name] = connection.execute(query).scalars().all()
    return found


def _row_checksum(*values: float | str | bytes | None) -> int:
    """CRC-32 of the values as a JSON array. Bytes are a text of the table, which may be no UTF-8."""
    return zlib.crc32(orjson.dumps([each.decode(errors="replace") if type(each) is bytes else each for each in values]))


def _row_checksum_of_sound(*values: float | str | None) -> int:
    """As `_row_checksum`. Raises TypeError for bytes, which no column covered has."""
    return zlib.crc32(orjson.dumps(values))


def _checksum(value: bytes | None) -> int | None:
    return None if value is None else zlib.crc32(value)


def _covered(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name not in _NOT_COVERED]


def _computed(table: Table, row: str) -> str:
    """SQL of the checksum. `row` is NEW, OLD or the name of the table."""
    return f"row_checksum({', '.join(_value(column, row) for column in _covered(table))})"


def _value(column: Column[Any], row: str) -> str:
    """SQL of a value that Python can take: a text may be no UTF-8, and another type than the column's is damage."""
    value = f'{row}."{column.name}"'
    content = f"CAST({value} AS BLOB)" if isinstance(column.type, (String, JSON)) else "'text'"
    return f"CASE typeof({value}) WHEN 'text' THEN {content} WHEN 'blob' THEN 'blob' ELSE {value} END"


def _has_columns(connection: Connection, table: Table) -> bool:
    return {"checksum", *(column.name for column in _covered(table))} <= _names(connection, table)


def _names(connection: Connection, table: Table) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table.name})")}
