"""Schema migrations by Alembic. `migrate` upgrades a database to HEAD; concurrent calls upgrade it once."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from service.storage.database import Database
from service.storage.sqlite import row_checksums

HEAD = "0015"


class NewerDatabaseError(RuntimeError):
    """The file was written by a later version of the program."""


def migrate(database: Database) -> None:
    """Creates the tables or upgrades them to HEAD. An up-to-date database costs one query.

    Raises NewerDatabaseError for a file with an unknown version.
    """
    with database.reading() as connection:
        if revision_of(connection) == HEAD:
            return
    # The write lock serialises two starting processes: the second process finds the migrated tables.
    with database.writing() as connection:
        if revision_of(connection) != HEAD:
            _upgrade(connection)


def revision_of(connection: Connection) -> str | None:
    """Schema version of a database; None for a database without Descent's tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


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
        raise NewerDatabaseError(
            f"The database has version {revision_of(connection)}, this program knows versions up to {HEAD}. "
            "Use the newer program, or another database."
        ) from error
