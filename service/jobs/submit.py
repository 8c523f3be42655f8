"""A fit request on its way in: read, checked against its data, priced, queued."""

import hashlib
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from service.auth.api_keys import ANYBODY, Caller
from service.core.exceptions import NotFoundError, field_error, invalid
from service.core.settings import Settings
from service.datasets import ingest, samples
from service.engine_adapter.factory import Request
from service.jobs import idempotency, validation
from service.jobs.idempotency import Key
from service.jobs.quotas import Quotas
from service.jobs.validation import Facts, Plan
from service.schemas.fit import FitRequest, InlineDataset, SampleDataset, StoredDataset
from service.schemas.strict_model import parse
from service.storage import datasets, runs
from service.storage.database import Database


class Submission(NamedTuple):
    """A request that can be carried out. `incoming` is its data unless that is stored already.

    `digest` is of the request as resolved. `owner` is the API key that its run will belong to, `forked_from` the run
    and step that it begins at.
    """

    request: Request
    digest: str
    plan: Plan
    facts: Facts
    dataset_id: str
    incoming: ingest.Incoming | None
    owner: str | None
    forked_from: dict[str, Any] | None = None


def read(body: bytes, database: Database, settings: Settings, caller: Caller = ANYBODY) -> Submission:
    """The submission that a caller's body describes. Raises ApiErrors that name what is wrong."""
    return of(parse(FitRequest, body).filled(), database, settings, caller)


def of(fit: FitRequest, database: Database, settings: Settings, caller: Caller) -> Submission:
    """The same of a body that is parsed and filled. Fields that are more than a fit's are left out."""
    facts, incoming = dataset(fit, database, settings, caller)
    inline = isinstance(fit.dataset, InlineDataset)
    request = dumped(fit, facts.id)
    made = validation.make(request, facts, settings, inline=inline)
    request = made.request
    # The digest is of what was asked: "latest" is the same request still when there is a newer dataset.
    asked = request if inline else request | {"dataset": fit.dataset.model_dump()}
    digest = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Submission(request, digest, made, facts, facts.id, incoming, caller.stamp)


def dumped(fit: FitRequest, dataset_id: str) -> Request:
    """The request as it is stored. Data sent along is kept once, in the dataset's rows, and not again here."""
    is_sample = isinstance(fit.dataset, SampleDataset)
    named = fit.dataset.model_dump() if is_sample else {"id": dataset_id}
    return fit.model_dump(mode="json", include=set(FitRequest.model_fields) - {"dataset"}) | {"dataset": named}


def queue(
    database: Database, submission: Submission, key: Key | None, quotas: Quotas | None = None
) -> tuple[Any, bool]:
    """The queued run, or the one that its owner made with this idempotency key before; whether it is a replay.

    Raises InvalidError when the key was used for another request, TooManyRequestsError or ConflictError when the owner
    has as many runs as the quotas allow.
    """

    def write(connection: Connection) -> tuple[Any, bool]:
        if key is not None and (known := runs.find_by_key(connection, key.name)) is not None:
            idempotency.check(known, key, submission.digest)
            return known, True
        if quotas is not None:
            quotas.admit_run(connection, submission.owner)
        values = columns(submission, dataset_seq(connection, submission))
        if key is not None:
            values |= {"idempotency_key": key.name, "request_digest": key.digest}
        return runs.create(connection, values, submission.request["tags"]), False

    return database.batch.write(write)


def dataset(
    fit: FitRequest, database: Database, settings: Settings, caller: Caller
) -> tuple[Any, ingest.Incoming | None]:
    """What is known of the request's data, and the data itself where it is not stored yet. Raises ApiErrors."""
    if isinstance(fit.dataset, StoredDataset):
        with database.reading() as connection:
            found = datasets.find(connection, fit.dataset.id, caller.owner)
        if found is None:
            message = f"There is no dataset {fit.dataset.id}."
            raise NotFoundError(message, [field_error("/dataset/id", message, "GET /datasets lists those there are.")])
        return found, None
    if isinstance(fit.dataset, InlineDataset):
        check_size(fit.dataset, settings, "/dataset")
        incoming = ingest.from_body(fit.dataset).owned_by(caller.stamp)
    elif fit.dataset.sample in samples.SAMPLES:
        incoming = samples.load(fit.dataset.sample).owned_by(caller.stamp)
    else:
        names = ", ".join(samples.SAMPLES)
        raise invalid("/dataset/sample", f"There is no sample {fit.dataset.sample}.", f"There are {names}.")
    return incoming.described, incoming


def check_size(body: InlineDataset, settings: Settings, pointer: str = "") -> None:
    """Raises InvalidError for more rows or features than the settings allow."""
    rows, features = len(body.x), len(body.x[0])
    if rows > settings.max_rows:
        raise invalid(f"{pointer}/x", f"{rows} rows, at most {settings.max_rows} are allowed.", "Send fewer rows.")
    if features > settings.max_features:
        message = f"{features} features, at most {settings.max_features} are allowed."
        raise invalid(f"{pointer}/x/0", message, "Leave out features.")


def columns(submission: Submission, dataset_seq: int) -> dict[str, Any]:
    """The columns of the submission's run, which has no idempotency key."""
    made, request = submission.plan, submission.request
    return {
        "dataset_seq": dataset_seq,
        "owner": submission.owner,
        "name": request["name"],
        "request": request,
        "request_digest": submission.digest,
        "parameters": made.parameters,
        "classes": made.classes,
        "columns": made.columns,
        "train_rows": made.train_rows,
        "validation_rows": made.validation_rows,
        "test_rows": made.test_rows,
        "steps_total": made.steps,
        "forked_from": submission.forked_from,
        "idempotency_key": None,
    }


def dataset_seq(connection: Connection, submission: Submission) -> int:
    """The number of the submission's dataset, which is stored with it if need be. Raises NotFoundError."""
    if submission.incoming is not None:
        incoming = submission.incoming
        return datasets.add(connection, incoming.described, incoming.blocks(), uploaded=False)
    found = datasets.find(connection, submission.dataset_id)
    if found is None:
        raise NotFoundError(f"The dataset {submission.dataset_id} was deleted just now.")
    return int(found.seq)
