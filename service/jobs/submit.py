"""Submission of a fit request: parsing, validation against its data, size estimate, queueing."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection

from service.core.caller import ANYBODY, Caller
from service.core.column_choice import Choice, default_choice
from service.core.digests import sha256_of
from service.core.exceptions import NotFoundError, field_error, invalid
from service.core.run_record import ForkedFrom, Run, RunColumns
from service.core.run_request import OF_DATA, AskedRequest, DatasetReference
from service.core.settings import Settings
from service.datasets import ingest, samples
from service.jobs import idempotency, plans
from service.jobs.dataset_choice import choice_of, counted
from service.jobs.idempotency import Key
from service.jobs.quotas import Quotas
from service.jobs.validation import Plan
from service.schemas.fit import FitRequest, InlineDataset, SampleDataset, StoredDataset, UploadedDataset
from service.schemas.strict_model import parse
from service.storage import datasets, runs
from service.storage.database import Database


class Submission(NamedTuple):
    """A valid request. `facts` describe its data, and are None for a function; `incoming` is the data unless it is
    stored already.

    `digest` covers the resolved request. `owner` is the id of the run's API key. `forked_from` is the parent run and
    step of a fork.
    """

    digest: str
    plan: Plan
    facts: Choice | None
    incoming: ingest.Incoming | None
    owner: str | None
    forked_from: ForkedFrom | None = None

    @property
    def data_bytes(self) -> int:
        """Size of the data that the submission stores, if no other run has stored it."""
        return 0 if self.incoming is None else self.incoming.described.stored_bytes

    @property
    def asked_bytes(self) -> int:
        """Size of the run and of its data, by which the quota and the price count it."""
        return self.plan.stored_bytes + self.data_bytes


def read(body: bytes, database: Database, settings: Settings, caller: Caller = ANYBODY) -> Submission:
    """The submission of a JSON body. Raises InvalidError for wrong fields, NotFoundError for an unknown dataset."""
    return of(parse(FitRequest, body).filled(), database, settings, caller)


class Keyed(NamedTuple):
    """A submission with the idempotency key of its request."""

    submission: Submission
    key: Key | None


def read_keyed(body: bytes, database: Database, settings: Settings, caller: Caller, key: str | None) -> Keyed | Run:
    """The submission of a JSON body with the header Idempotency-Key, or the run of an earlier request with it."""
    asked = parse(FitRequest, body).filled()
    of_request = idempotency.key_of(key, caller.key_id, "POST /fit", asked.sent)
    known = idempotency.original(database, of_request, runs.find_by_key)
    return known or Keyed(of(asked, database, settings, caller), of_request)


def queue_keyed(database: Database, quotas: Quotas, read: Keyed | Run) -> Run:
    """The queued run of `read_keyed`, or the earlier one. Raises as `queue` does."""
    return read if isinstance(read, Run) else queue(database, read.submission, read.key, quotas)


def of(fit: FitRequest, database: Database, settings: Settings, caller: Caller) -> Submission:
    """The submission of a parsed body with defaults. Fields of subclasses are ignored. Raises as `read` does."""
    facts, incoming = dataset(fit, database, settings, caller)
    inline = isinstance(fit.dataset, InlineDataset)
    made = plans.make(dumped(fit, reference(fit, facts)), facts, settings, inline=inline)
    asked: Mapping[str, Any] = made.request
    if fit.dataset is not None and not inline:
        # The digest covers the reference as sent: "latest" stays the same request after a newer upload.
        asked = {**asked, "dataset": fit.dataset.model_dump()}
    return Submission(sha256_of(_comparable(asked)), made, facts, incoming, caller.key_id)


def _comparable(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """A resolved request as an earlier version would have stored it: without `stratify`, and with a bool."""
    if "dataset" not in asked:
        return asked
    split = {name: value for name, value in asked["split"].items() if name != "stratify"}
    standardize = asked["standardize"]
    is_object = isinstance(standardize, dict) and not standardize["target"]
    return {**asked, "split": split, "standardize": bool(standardize["features"]) if is_object else standardize}


def reference(fit: FitRequest, facts: Choice | None) -> DatasetReference | None:
    """Dataset reference in a stored request, with the columns that the request chose; None for a function.

    Inline data is stored once, in the dataset's rows.
    """
    asked = fit.dataset
    if facts is None or asked is None:
        return None
    found: DatasetReference = {"sample": asked.sample} if isinstance(asked, SampleDataset) else {"id": facts.id}
    if not isinstance(asked, InlineDataset) and (asked.features is not None or asked.target is not None):
        found |= {"features": facts.features, "target": facts.target}
    return found


def dumped(fit: FitRequest, dataset: DatasetReference | None) -> AskedRequest:
    """The fields of a fit request as JSON, with this dataset reference, or with its function."""
    absent = {*OF_DATA} if dataset is None else {"dataset", "function"}
    fields = fit.model_dump(mode="json", include=set(FitRequest.model_fields) - absent)
    return cast("AskedRequest", fields if dataset is None else fields | {"dataset": dataset})


def queue(database: Database, submission: Submission, key: Key | None, quotas: Quotas) -> Run:
    """The queued run, or the existing run with this idempotency key.

    Raises InvalidError if the key belongs to another request, TooManyRequestsError or ConflictError for an exhausted
    quota, NotFoundError for a deleted dataset.
    """
    run_bytes = submission.plan.stored_bytes

    def write(connection: Connection) -> Run:
        if key is not None and (known := runs.find_by_key(connection, key.owner, key.name)) is not None:
            idempotency.check(known, key, submission.digest)
            return known
        quotas.admit_run(connection, submission.owner, submission.asked_bytes)
        values = columns(submission, dataset_seq(connection, submission), run_bytes)
        if key is not None:
            values |= {"idempotency_key": key.name, "request_digest": key.digest}
        return runs.create(connection, values, submission.plan.request["tags"])

    return database.group_commit.write(write)


def dataset(
    fit: FitRequest, database: Database, settings: Settings, caller: Caller
) -> tuple[Choice | None, ingest.Incoming | None]:
    """Description of the request's data, None for a function, and the data unless it is stored.

    Raises InvalidError, NotFoundError.
    """
    asked = fit.dataset
    if asked is None:
        return None, None
    if isinstance(asked, StoredDataset):
        with database.reading() as connection:
            found = datasets.find(connection, asked.id, caller.owner)
            if found is not None:
                return counted(connection, found, choice_of(asked, found, settings.max_features)), None
        message = f"There is no dataset {asked.id}."
        raise NotFoundError(message, [field_error("/dataset/id", message, "GET /datasets lists the datasets.")])
    if isinstance(asked, InlineDataset):
        check_size(asked, settings, "/dataset")
        incoming = ingest.from_body(asked.x, asked.y, asked.feature_names, asked.target_name).owned_by(caller.key_id)
        return default_choice(incoming.described), incoming
    if asked.sample not in samples.SAMPLES:
        names = ", ".join(samples.SAMPLES)
        raise invalid("/dataset/sample", f"There is no sample {asked.sample}.", f"There are {names}.")
    incoming = samples.load(asked.sample).owned_by(caller.key_id)
    return choice_of(asked, incoming.described, settings.max_features), incoming


def check_size(body: InlineDataset | UploadedDataset, settings: Settings, pointer: str = "") -> None:
    """Raises InvalidError for data over `max_rows` or `max_features`."""
    rows, features = len(body.x), len(body.x[0])
    if rows > settings.max_rows:
        raise invalid(f"{pointer}/x", f"{rows} rows, at most {settings.max_rows} are allowed.", "Send fewer rows.")
    if features > settings.max_features:
        message = f"{features} features, at most {settings.max_features} are allowed."
        raise invalid(f"{pointer}/x/0", message, "Leave out features.")


def columns(submission: Submission, dataset_seq: int | None, run_bytes: int) -> RunColumns:
    """Column values of the submission's run, without an idempotency key. `run_bytes` is `Plan.stored_bytes`."""
    made, request = submission.plan, submission.plan.request
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
        "step_bytes": 8 * made.width,
        "stored_bytes": run_bytes,
        "forked_from": submission.forked_from,
        "idempotency_key": None,
    }


def dataset_seq(connection: Connection, submission: Submission) -> int | None:
    """Stores the submission's dataset if necessary, and returns its seq; None for a function.

    Raises NotFoundError for a deleted dataset.
    """
    if submission.facts is None:
        return None
    if submission.incoming is not None:
        incoming = submission.incoming
        return datasets.add(connection, incoming.described, incoming.blocks(), uploaded=False)
    found = datasets.find(connection, submission.facts.id)
    if found is None:
        raise NotFoundError(f"The dataset {submission.facts.id} was deleted just now.")
    return found.seq
