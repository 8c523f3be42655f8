"""Schema migrations by Alembic. `migrate` upgrades a database to HEAD; concurrent calls upgrade it once."""

import re
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text

from service.storage.database import Database
from service.storage.sqlite import row_checksums
from service.storage.sqlite.engine import sqlite_module

HEAD = "0016"


class NewerDatabaseError(RuntimeError):
    """The file was written by a later version of the program, or its version is damaged."""


def migrate(database: Database) -> None:
    """Creates the tables or upgrades them to HEAD. An up-to-date database costs one query.

    A damaged version of tables that are those of HEAD is corrected. Raises NewerDatabaseError for an unknown version.
    """
    with database.reading() as connection:
        if revision_of(connection) == HEAD:
            return
    # The write lock serialises two starting processes: the second process finds the migrated tables.
    with database.writing() as connection:
        revision = revision_of(connection)
        if revision is not None and revision < HEAD and _has_tables_of_head(connection):
            _set_version(connection)
        elif revision != HEAD:
            _upgrade(connection)


def revision_of(connection: Connection) -> str | None:
    """Schema version of a database, empty if it is damaged; None for a database without Descent's tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT CAST(version_num AS BLOB) FROM alembic_version")).scalars().all()
    is_version = len(found) == 1 and re.fullmatch(rb"[0-9]{4}", found[0] or b"")
    return found[0].decode() if is_version else ""


def _has_tables_of_head(connection: Connection) -> bool:
    """Whether the tables are those of HEAD: a damaged version may be that of an earlier one. It takes a second."""
    engine = create_engine("sqlite://", module=sqlite_module())
    with engine.connect() as empty:
        row_checksums.register(empty.connection)
        _upgrade(empty)
        is_same = _schema(empty) == _schema(connection)
    engine.dispose()
    return is_same


def _schema(connection: Connection) -> set[tuple[str, str | None]]:
    """The names and statements of tables, indexes and triggers."""
    return {(name, sql) for name, sql in connection.execute(text("SELECT name, sql FROM sqlite_master"))}


def _set_version(connection: Connection) -> None:
    connection.execute(text("DELETE FROM alembic_version"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})


def _upgrade(connection: Connection) -> None:
    # Lazy import: Alembic slows a start by half, and few starts migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    damaged = row_checksums.damaged_rows(connection)
    try:
        command.upgrade(config, "head")
        row_checksums.seal_upgraded(connection, damaged)
    except CommandError as error:
        version = revision_of(connection)
        raise NewerDatabaseError(
            f"The database has version {version}, this program knows versions up to {HEAD}. Use the newer program, or "
            "another database."
            if version
            else "The version of the database is damaged, and its tables are not those of this program. Restore a "
            "backup."
        ) from error
