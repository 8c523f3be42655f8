"""Files of earlier versions with some data."""

from pathlib import Path

import numpy as np
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from service.storage import migrations
from service.storage.database import Database


def upgrade(connection: Connection, revision: str) -> None:
    """Upgrades the tables to that version."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def make_version(file: Path, revision: str) -> None:
    """A file of that version with a dataset, a running run and a queued run."""
    database = Database(f"sqlite:///{file}", busy_seconds=1.0)
    with database.writing() as connection:
        upgrade(connection, revision)
        connection.execute(
            text(
                "INSERT INTO datasets"
                " (seq, id, sha256, rows, features, target, text_target, summary, uploaded, created_at)"
                """ VALUES (1, 'd', 'd', 2, '["x"]', 'y', 0, '[]', 0, 0.0)"""
            )
        )
        for seq, status, checkpoint in ((1, "running", np.array([1.0, 2.0]).tobytes()), (2, "queued", None)):
            values = {"seq": seq, "id": f"run{seq}", "status": status, "checkpoint": checkpoint}
            connection.execute(
                text(
                    "INSERT INTO runs (seq, id, dataset_seq, status, tags, request, request_digest, parameters,"
                    " columns, train_rows, test_rows, steps_total, rows_done, timings, created_at, lease_token,"
                    " lease_expires_at, losses, checkpoint)"
                    """ VALUES (:seq, :id, 1, :status, '{}', '{}', '', '["a", "b"]', '[]',"""
                    " 2, 0, 9, 0, '{}', 0.0, 1, 0.0, 0, :checkpoint)"
                ),
                values,
            )
    database.dispose()
