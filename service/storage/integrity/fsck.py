"""Consistency check of a database file: structure, references, orphans, checksums, run invariants.

The check writes and repairs nothing. It reads each dataset and each run in a separate transaction, chunk by chunk. It
works beside a running service, with a few MiB of memory for any file size.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DefaultClause,
    Engine,
    LargeBinary,
    Row,
    Select,
    Table,
    cast,
    func,
    inspect,
    literal,
    select,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from service.core.dataset_record import Dataset
from service.core.run_record import Run
from service.core.run_status import RunStatus
from service.core.sweep_record import Sweep
from service.storage import deletion_state, migrations, unwritten_bytes
from service.storage.api_keys import damaged_keys
from service.storage.dataset_uploads import IS_UNPUBLISHED, PREFIX
from service.storage.errors import CorruptError, is_of_value
from service.storage.integrity import chunks
from service.storage.sqlite import row_numbers
from service.storage.sqlite.readonly import read_only, wal_of
from service.storage.sqlite.row_checksums import as_in_file, is_damaged, is_whole_checkpoint
from service.storage.sqlite.wal_integrity import DamagedFileError, check_whole
from service.storage.tables import api_keys, datasets, deletion_by_age, runs, sweeps
from service.storage.tables import unwritten_bytes as unwritten_bytes_table

MOST_LINES = 20
"""Maximum number of findings from SQLite, and for each run and dataset: one damaged page may cause thousands."""

UNSOUND = "The row does not match its checksum."
ADVICE = {
    "structure": "Restore a backup. What can be read of this file may be saved with SQLite's own .recover command.",
    "reference": "Restore a backup: the rows refer to missing rows.",
    "dataset": "Delete the runs that use it, then the dataset, and upload it again; or restore a backup.",
    "sweep": "Delete it with its runs (a key of scope admin can, if its own key gets a 404) and submit it again; or "
    "restore a backup.",
    "key": "Make another key with `descent keys create`, and revoke this one; or restore a backup.",
    "state": "Start the service, which repairs it.",
    "run": "Delete it and submit it again, which gives the same numbers; or restore a backup.",
    "orphan": "Ignore it: the row is intact but unreachable, and only takes space.",
}
"""Advice for each kind of finding."""

Progress = Callable[[str, int, int], None]
"""Callback with the current part of the check, its number of checked records, and its number of all records."""
_Records = Callable[[Connection], Select[Any]]
_Look = Callable[[Connection, Row[Any]], Iterator[str]]


class Finding(NamedTuple):
    """An inconsistency. `kind` is a key of ADVICE; `where` is an id, a seq, a table name or "file"."""

    kind: str
    where: str
    message: str


class CheckError(RuntimeError):
    """The file cannot be checked. The message is user-visible."""


def check(file: Path, progress: Progress) -> Iterator[Finding]:
    """Lazy iterator over the findings in the file. Raises CheckError for a file that cannot be checked."""
    alone = not wal_of(file).exists()
    try:
        check_whole(file)
    except DamagedFileError as error:
        yield Finding("structure", "file", str(error))
        if not file.exists() or not file.stat().st_size:
            return  # opening the file would delete the log
    engine = _opened(file)
    try:
        with engine.connect() as connection:
            yield from _findings(connection, progress)
    except DatabaseError as error:
        yield Finding("structure", "file", f"It cannot be read any further: {error.orig}.")
    finally:
        engine.dispose()
    if alone and wal_of(file).exists():
        raise CheckError(f"A service began to use {file} meanwhile. Check it again.")


def _opened(file: Path) -> Engine:
    if not file.is_file():
        raise CheckError(f"There is no database at {file}.")
    try:
        engine = read_only(file)
        with engine.connect() as connection:
            revision = migrations.revision_of(connection)
    except (DatabaseError, OSError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        raise CheckError(f"{file} cannot be read: {cause}.") from error
    except UnicodeDecodeError as error:  # SQLite's message quotes a damaged schema, and the driver cannot decode it
        raise CheckError(f"{file} cannot be read: malformed database schema.") from error
    if revision is None:
        raise CheckError(f"{file} is no database of this program.")
    if revision > migrations.HEAD:
        raise CheckError(f"{file} was written by a later version of this program. Check it with that one.")
    return engine


def _findings(connection: Connection, progress: Progress) -> Iterator[Finding]:
    progress("structure", 0, 1)
    with connection.begin():
        yield from _structure(connection)
        yield from _references(connection)
        yield from _orphans(connection)
    progress("structure", 1, 1)
    yield from _each(connection, datasets, _datasets, "dataset", _of_dataset, progress)
    yield from _each(connection, runs, _runs, "run", _of_run, progress)
    with connection.begin():
        has_sweeps = _names(connection, sweeps)
    if has_sweeps:
        yield from _each(connection, sweeps, _sweeps, "sweep", lambda *_: iter(()), progress)
    yield from _keys(connection)
    with connection.begin():
        yield from _states(connection)


def _states(connection: Connection) -> Iterator[Finding]:
    """The findings about the rows that the service keeps for itself and repairs."""
    if _names(connection, deletion_by_age):
        try:
            deletion_state.find(connection)
        except CorruptError as error:
            yield Finding("state", deletion_by_age.name, str(error))
    if _names(connection, sweeps) and not row_numbers.are_right(connection):
        yield Finding("state", row_numbers.TABLE, "A counter of row numbers is damaged.")
    if not migrations.revision_of(connection):
        yield Finding("state", "alembic_version", "The version of the database is damaged.")
    if _names(connection, unwritten_bytes_table) and not unwritten_bytes.is_right(connection):
        yield Finding("state", unwritten_bytes_table.name, "The number differs from the sum over the unfinished runs.")


def _datasets(connection: Connection) -> Select[Any]:
    return select(*_fields(connection, datasets, Dataset._fields))


def _sweeps(connection: Connection) -> Select[Any]:
    return select(*_fields(connection, sweeps, Sweep._fields))


def _keys(connection: Connection) -> Iterator[Finding]:
    with connection.begin():
        if _has_checksum(connection, api_keys):
            for key_id in damaged_keys(connection):
                yield Finding("key", key_id, UNSOUND)


def _runs(connection: Connection) -> Select[Any]:
    """SELECT of the fields of `Run`, those of a missing dataset null, `has_checkpoint` and `checkpoint_is_whole`."""
    own = [name for name in Run._fields if name in runs.c]
    facts = [datasets.c[name.removeprefix("dataset_")] for name in Run._fields if name not in runs.c]
    has_checkpoint = runs.c.checkpoint.is_not(None).label("has_checkpoint")
    is_whole = is_whole_checkpoint() if _has_checksum(connection, runs) else literal(value=True)
    flags = (has_checkpoint, is_whole.label("checkpoint_is_whole"))
    return select(*_fields(connection, runs, own), *facts, *flags).select_from(runs.outerjoin(datasets))


def _fields(connection: Connection, table: Table, fields: Iterable[str]) -> list[ColumnElement[Any]]:
    """Columns by name. The default replaces a column that an earlier schema version lacks."""
    names = _names(connection, table)
    return [table.c[name] if name in names else _default(table.c[name]) for name in fields]


def _default(column: Column[Any]) -> ColumnElement[Any]:
    default = column.server_default
    value = json.loads(str(default.arg)) if isinstance(default, DefaultClause) else None
    return literal(value, column.type).label(column.name)


def _of_dataset(connection: Connection, row: Row[Any]) -> Iterator[str]:
    """The findings about a dataset; none about an unfinished upload, which has some of its rows."""
    return iter(()) if row.id.startswith(PREFIX) else chunks.of_dataset(connection, Dataset.from_row(row))


def _of_run(connection: Connection, row: Row[Any]) -> Iterator[str]:
    if row.status not in list(RunStatus):
        return iter(["The run has a status that does not exist."])
    run = Run.from_row(row[:-2])
    if not run.is_finished and row.has_checkpoint and not row.checkpoint_is_whole:
        return iter(["The run cannot resume: the checkpoint after its last step is damaged."])
    return chunks.of_run(connection, run, has_checkpoint=row.has_checkpoint)


def _structure(connection: Connection) -> Iterator[Finding]:
    for (line,) in connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_LINES})"):
        if line != "ok":
            yield Finding("structure", "file", f"SQLite finds: {line}.")


def _references(connection: Connection) -> Iterator[Finding]:
    lost: dict[tuple[str, str], int] = {}
    for table, _row, parent, _key in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        lost[table, parent] = lost.get((table, parent), 0) + 1
    for (table, parent), count in lost.items():
        yield Finding("reference", table, f"{count} of its rows refer to missing rows of {parent}.")


def _orphans(connection: Connection) -> Iterator[Finding]:
    used = select(runs.c.seq).where(runs.c.dataset_seq == datasets.c.seq)
    unused = select(datasets.c.id).where(~datasets.c.uploaded, ~used.exists(), ~IS_UNPUBLISHED)
    for (dataset_id,) in connection.execute(unused):
        yield Finding("orphan", dataset_id, "The dataset came with a run, and no run uses it.")
    if "verifies" in _names(connection, runs):
        other = runs.alias()
        verified = select(other.c.seq).where(other.c.seq == runs.c.verifies)
        lost = select(runs.c.id).where(runs.c.verifies.is_not(None), ~verified.exists())
        for (run_id,) in connection.execute(lost):
            yield Finding("orphan", run_id, "The run verifies another one, which is gone.")
    if "sweep_seq" in _names(connection, runs):
        members = select(runs.c.seq).where(runs.c.sweep_seq == sweeps.c.seq)
        for (sweep_id,) in connection.execute(select(sweeps.c.id).where(~members.exists())):
            yield Finding("orphan", sweep_id, "The sweep has no run.")
        swept = select(sweeps.c.seq).where(sweeps.c.seq == runs.c.sweep_seq)
        lost = select(runs.c.id).where(runs.c.sweep_seq.is_not(None), ~swept.exists())
        for (run_id,) in connection.execute(lost):
            yield Finding("orphan", run_id, "The run belongs to a sweep, which is gone.")


def _each(
    connection: Connection, table: Table, records: _Records, kind: str, look: _Look, progress: Progress
) -> Iterator[Finding]:
    with connection.begin():
        query = records(connection)
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
    next_seq = select(table.c.seq).order_by(table.c.seq).limit(1)
    done = 0
    seq: int | None = -1
    while seq is not None:
        progress(f"{kind}s", min(done, count), count)
        with connection.begin():
            seq = connection.execute(next_seq.where(table.c.seq > seq)).scalar_one_or_none()
            if seq is not None:
                found = list(_record_findings(connection, query.where(table.c.seq == seq), kind, str(seq), look))
                yield from found or _of_checksum(connection, table, kind, seq)
        done += 1


def _record_findings(connection: Connection, query: Any, kind: str, seq: str, look: _Look) -> Iterator[Finding]:
    try:
        row = connection.execute(query).one()
        messages = look(connection, row)
        for message in islice(messages, MOST_LINES):
            yield Finding(kind, row.id, message)
        if next(messages, None) is not None:
            yield Finding(kind, row.id, "There are more findings of this kind.")
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        yield Finding(kind, seq, f"The row with this number cannot be read: {error}.")
    except OperationalError as error:
        if not is_of_value(error):  # the error concerns the whole file
            raise
        yield Finding(kind, seq, "The row with this number cannot be read: a text is not valid UTF-8.")


def _of_checksum(connection: Connection, table: Table, kind: str, seq: int) -> Iterator[Finding]:
    table = as_in_file(connection, table)
    if "checksum" in table.c:
        unsound = select(cast(table.c.id, LargeBinary)).where(table.c.seq == seq, is_damaged(table))
        for row_id in connection.execute(unsound).scalars():
            yield Finding(kind, row_id.decode(errors="replace"), UNSOUND)


def _has_checksum(connection: Connection, table: Table) -> bool:
    return "checksum" in _names(connection, table)


def _names(connection: Connection, table: Table) -> set[str]:
    inspector = inspect(connection)
    return {each["name"] for each in inspector.get_columns(table.name)} if inspector.has_table(table.name) else set()
