"""Random damage to a random column of a random row of a database file."""

import random
import struct
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from service.storage.sqlite.engine import sqlite_module
from service.storage.tables import metadata
from tests.damage import without_triggers

WEIGHTS = {
    "runs": 8,
    "sweeps": 2,
    "datasets": 2,
    "dataset_chunks": 2,
    "trajectory_chunks": 3,
    "api_keys": 2,
    "run_tags": 1,
    "computing_times": 1,
    "unwritten_bytes": 1,
    "deletion_by_age": 1,
    "sqlite_sequence": 1,
    "alembic_version": 1,
}
"""The tables, by the share of the damage."""
OF_OTHERS = {"sqlite_sequence": ["name", "seq"], "alembic_version": ["version_num"]}
"""The columns of tables that are not ours."""
NOT_DAMAGED = {"seq", "former_key"}
"""The row number, which is SQLite's structure and not a value; and a column that is always null."""
WRONG = (7, -1, 2**63 - 1, 2.5, "text", "[]", "{}", '[{"a": [1]}]', b"\xff\x00", b"12345678")
KINDS = ("cut", "flipped", "null", "of another type", "no UTF-8", "huge", "empty")


class Damage(NamedTuple):
    """A changed value: its place, the kind of change, and the values before and after."""

    table: str
    rowid: int
    column: str
    kind: str
    before: Any
    after: Any

    def __str__(self) -> str:
        change = f"{str(self.before)[:60]!r} to {str(self.after)[:60]!r}"
        return f"{self.table}.{self.column} of row {self.rowid}, {self.kind}: {change}"


def damage_some_value(file: Path, spared_key: str) -> Damage:
    """Changes a value past the program, in a separate transaction. It spares the row of one API key."""
    with closing(sqlite_module().connect(file, isolation_level=None, timeout=30.0)) as connection:
        while True:
            if (made := _try(connection, spared_key)) is not None:
                return made


def _try(connection: Any, spared_key: str) -> Damage | None:
    table = random.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
    columns = OF_OTHERS.get(table) or [each.name for each in metadata.tables[table].c if each.name not in NOT_DAMAGED]
    column = random.choice(columns)
    spared = f" WHERE id != '{spared_key}'" if table == "api_keys" else ""
    row = connection.execute(
        f"SELECT rowid, typeof({column}), CAST({column} AS BLOB), {column} IS NULL OR typeof({column}) = 'text'"
        f" FROM {table}{spared} ORDER BY random() LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    rowid, type_of, content, _ = row
    before = content if type_of in {"text", "blob"} else _value(connection, table, column, rowid)
    kind = random.choice(KINDS)
    after = _changed(kind, before, is_text=type_of == "text")
    if table == "alembic_version" and isinstance(after, bytes) and after.isdigit():  # that of a newer program
        return None
    value = "CAST(? AS TEXT)" if isinstance(after, bytes) and (type_of == "text" or kind == "no UTF-8") else "?"
    try:
        with without_triggers(connection):
            connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = ?", (after, rowid))
    except sqlite_module().IntegrityError:  # a NULL or a duplicate that the table refuses
        return None
    changed = f"SELECT typeof({column}) != ? OR CAST({column} AS BLOB) IS NOT ? FROM {table} WHERE rowid = ?"
    row = connection.execute(changed, (type_of, content, rowid)).fetchone()  # None: the service has purged it meanwhile
    if row is None or not row[0]:
        return None
    return Damage(table, rowid, column, kind, before, after)


def _value(connection: Any, table: str, column: str, rowid: int) -> Any:
    return connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (rowid,)).fetchone()[0]


def _changed(kind: str, before: Any, *, is_text: bool) -> Any:
    """The damaged value. `before` is the bytes of a text or a blob, or a number, or None."""
    match kind:
        case "cut":
            return before[: len(before) // 2] if isinstance(before, bytes) else 0
        case "flipped":
            return _flipped(before, is_text=is_text)
        case "null":
            return None
        case "of another type":
            return random.choice(WRONG)
        case "no UTF-8":
            return b"\xff\xfe" + (before[:10] if isinstance(before, bytes) else b"")
        case "huge":
            return 2**62 if isinstance(before, int) else 1e300 if isinstance(before, float) else b"[" * 2_000_000
        case _:
            return ""


def _flipped(before: Any, *, is_text: bool) -> Any:
    """The value with one other bit: of a number, or of a byte."""
    if isinstance(before, int):
        return before ^ 1 << random.randrange(20)
    if isinstance(before, float):
        [bits] = struct.unpack("<q", struct.pack("<d", before))
        return struct.unpack("<d", struct.pack("<q", bits ^ 1 << random.randrange(62)))[0]
    if not before:
        return b"?"
    content = bytearray(before)
    content[random.randrange(len(content))] ^= 1 << random.randrange(7 if is_text else 8)
    return bytes(content)
