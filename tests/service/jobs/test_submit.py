"""Submission of a fit request: the statements of its transaction."""

import orjson
from sqlalchemy import event

from service.core.settings import Settings
from service.jobs import submit
from service.jobs.quotas import Quotas
from service.storage.database import Database
from tests.service.helpers import fit_body


def test_a_submission_of_new_data_takes_one_statement_for_each_of_its_rows(
    settings: Settings, database: Database
) -> None:
    submission = submit.read(orjson.dumps(fit_body()), database, settings)
    with database.writing():  # the first write of a connection creates its triggers
        statements: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _keep(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "count(" not in statement and "sum(" not in statement:  # the quotas count once a second
            statements.append(" ".join(statement.split()[:3]))

    submit.queue(database, submission, None, Quotas(settings))
    assert statements == [
        "BEGIN IMMEDIATE",
        "SELECT CASE WHEN",  # for the check of the free disk
        "INSERT INTO datasets",
        "INSERT OR REPLACE",  # of dataset_chunks
        "INSERT INTO runs",
    ]
