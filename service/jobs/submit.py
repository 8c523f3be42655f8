"""A fit request on its way in: read, checked against its data, priced, queued."""

from typing import Any, NamedTuple, cast

from sqlalchemy import Connection

from service.auth.api_keys import ANYBODY, Caller
from service.core.dataset_record import Dataset
from service.core.digests import sha256_of
from service.core.exceptions import NotFoundError, field_error, invalid
from service.core.run_record import ForkOrigin, Run
from service.core.run_request import AskedRequest, DatasetReference, StoredRequest
from service.core.settings import Settings
from service.datasets import ingest, samples
from service.jobs import idempotency, validation
from service.jobs.idempotency import Key
from service.jobs.quotas import Quotas
from service.jobs.validation import Facts, Plan
from service.schemas.fit import FitRequest, InlineDataset, SampleDataset, StoredDataset
from service.schemas.strict_model import parse
from service.storage import datasets, runs
from service.storage.database import Database
from service.storage.datasets import NewDataset


class Submission(NamedTuple):
    """A request that can be carried out. `incoming` is its data unless that is stored already.

    `digest` is of the request as resolved. `owner` is the API key that its run will belong to, `forked_from` the run
    and step that it begins at.
    """

    request: StoredRequest
    digest: str
    plan: Plan
    facts: Facts
    dataset_id: str
    incoming: ingest.Incoming | None
    owner: str | None
    forked_from: ForkOrigin | None = None


def read(body: bytes, database: Database, settings: Settings, caller: Caller = ANYBODY) -> Submission:
    """The submission that a caller's body describes. Raises ApiErrors that name what is wrong."""
    return of(parse(FitRequest, body).filled(), database, settings, caller)


def of(fit: FitRequest, database: Database, settings: Settings, caller: Caller) -> Submission:
    """The same of a body that is parsed and filled. Fields that are more than a fit's are left out."""
    facts, incoming = dataset(fit, database, settings, caller)
    inline = isinstance(fit.dataset, InlineDataset)
    made = validation.make(dumped(fit, reference(fit, facts.id)), facts, settings, inline=inline)
    # The digest is of what was asked: "latest" is the same request still when there is a newer dataset.
    asked = made.request if inline else {**made.request, "dataset": fit.dataset.model_dump()}
    return Submission(made.request, sha256_of(asked), made, facts, facts.id, incoming, caller.key_id)


def reference(fit: FitRequest, dataset_id: str) -> DatasetReference:
    """The dataset as a stored request names it: data sent along is kept once, in the dataset's rows."""
    return {"sample": fit.dataset.sample} if isinstance(fit.dataset, SampleDataset) else {"id": dataset_id}


def dumped(fit: FitRequest, dataset: DatasetReference) -> AskedRequest:
    """The fields of a fit as JSON, with this dataset."""
    fields = fit.model_dump(mode="json", include=set(FitRequest.model_fields) - {"dataset"})
    return cast("AskedRequest", fields | {"dataset": dataset})


def queue(
    database: Database, submission: Submission, key: Key | None, quotas: Quotas | None = None
) -> tuple[Run, bool]:
    """The queued run, or the one that its owner made with this idempotency key before; whether it is a replay.

    Raises InvalidError when the key was used for another request, TooManyRequestsError or ConflictError when the owner
    has as many runs as the quotas allow.
    """

    def write(connection: Connection) -> tuple[Run, bool]:
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
) -> tuple[Dataset | NewDataset, ingest.Incoming | None]:
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
        incoming = ingest.from_body(fit.dataset).owned_by(caller.key_id)
    elif fit.dataset.sample in samples.SAMPLES:
        incoming = samples.load(fit.dataset.sample).owned_by(caller.key_id)
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
    return found.seq
