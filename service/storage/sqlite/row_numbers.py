"""Counters of row numbers, SQLite's table `sqlite_sequence`: a number is given once, also after a deletion.

SQLite reports a counter at its end as a full disk. Only damage brings one there.
"""

from sqlalchemy import Connection, text

from service.storage.tables import metadata

TABLE = "sqlite_sequence"
MOST_DELETED = 1 << 32
"""A counter that is ahead of the largest number in its table by more than this is damaged."""
_COUNTED = [name for name, table in metadata.tables.items() if table.dialect_options["sqlite"]["autoincrement"]]
_COUNTERS = text(f"SELECT CAST(name AS BLOB), CASE typeof(seq) WHEN 'integer' THEN seq END FROM {TABLE}")  # noqa: S608


def are_right(connection: Connection) -> bool:
    """Whether each counter is that of a table, and possible there."""
    found = connection.execute(_COUNTERS).all()
    counters = {name: seq for name, seq in found if seq is not None}
    largest = {name.encode(): seq for name, seq in _largest(connection).items()}
    return len(found) == len(counters) and all(
        name in largest and largest[name] <= seq <= largest[name] + MOST_DELETED for name, seq in counters.items()
    )


def correct(connection: Connection) -> None:
    """Sets each counter to the largest number in its table."""
    connection.execute(text(f"DELETE FROM {TABLE}"))  # noqa: S608 - a constant
    counters = [{"name": name, "seq": seq} for name, seq in _largest(connection).items()]
    connection.execute(text(f"INSERT INTO {TABLE} (name, seq) VALUES (:name, :seq)"), counters)  # noqa: S608


def _largest(connection: Connection) -> dict[str, int]:
    each = [f"SELECT '{name}' AS name, coalesce(max(seq), 0) AS seq FROM {name}" for name in _COUNTED]  # noqa: S608
    return {row.name: row.seq for row in connection.execute(text(" UNION ALL ".join(each)))}
