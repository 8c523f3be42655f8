"""The database's versions, by Alembic. `migrate` brings a file to the newest, once, whoever comes first."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from service.storage.database import Database

HEAD = "0005"


class NewerDatabaseError(RuntimeError):
    """The file was written by a later version of the program."""


def migrate(database: Database) -> None:
    """Creates the tables or brings them up to date; does nothing, quickly, when they are.

    Raises NewerDatabaseError for a file whose version this program does not know.
    """
    with database.reading() as connection:
        if revision_of(connection) == HEAD:
            return
    # The write lock is held from here on: of two processes that start together, the second finds the work done.
    with database.writing() as connection:
        if revision_of(connection) != HEAD:
            _upgrade(connection)


def revision_of(connection: Connection) -> str | None:
    """The version of a file; None for one without tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    # Imported here since it takes as long as half the rest of a start, and a start rarely migrates.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerDatabaseError(
            f"The database has version {revision_of(connection)}, this program knows versions up to {HEAD}. "
            "Use the newer program, or another database."
        ) from error
