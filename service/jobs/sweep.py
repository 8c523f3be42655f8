"""Submission of a sweep: members are created and validated one by one, and queued in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import orjson

from service.auth.api_keys import Caller
from service.core.digests import sha256_of
from service.core.exceptions import ApiError, ErrorEntry, InvalidError, NotFoundError, field_error, invalid
from service.core.json_patch import merge_patch, value_at
from service.core.json_pointer import steps_of
from service.core.run_request import AskedRequest, StoredRequest
from service.core.settings import Settings
from service.core.sweep_record import Sweep
from service.datasets import ingest
from service.engine_adapter.factory import asked, model_of
from service.jobs import idempotency, parameter_grid, submit, validation
from service.jobs.idempotency import Key
from service.jobs.parameter_grid import Member
from service.jobs.quotas import Quotas
from service.jobs.submit import Submission
from service.schemas.fit import FitRequest, InlineDataset
from service.schemas.strict_model import parse
from service.schemas.sweep import SweepRequest
from service.storage import datasets, runs, sweeps
from service.storage.database import Database

MOST_NAME = 200
"""Maximum length of a member's name in characters."""


class SweepSubmission(NamedTuple):
    """A valid sweep. `values` maps the varied JSON pointers to values, one dict a member.

    `digest` covers the resolved request.
    """

    members: list[Submission]
    values: list[dict[str, object]]
    varied: list[str]
    rank_by: str
    name: str | None
    digest: str
    owner: str | None


class _Base(NamedTuple):
    """Base request of the members. `wanted` is the base as sent, `request` the base with defaults.

    `place` is its JSON pointer in the sweep's body; the other fields describe its data.
    """

    wanted: object
    request: AskedRequest
    place: str
    facts: validation.Facts
    incoming: ingest.Incoming | None
    inline: bool


def read_sweep(body: bytes, database: Database, settings: Settings, caller: Caller) -> SweepSubmission:
    """The submission of a JSON body. Raises ApiError; its entries name the wrong field and the member's number."""
    return sweep_submission(parse(SweepRequest, body), database, settings, caller)


def sweep_submission(sweep: SweepRequest, database: Database, settings: Settings, caller: Caller) -> SweepSubmission:
    """The submission of a parsed body. Raises as `read_sweep` does."""
    _check_count(parameter_grid.count(sweep), settings)
    if sweep.base is None:
        base = _base_of_run(sweep.run or "", database, caller)
    else:
        base = _base_of_body(sweep.base.filled(), database, settings, caller)
    varied = parameter_grid.varied(sweep)
    members: list[Submission] = []
    values: list[dict[str, object]] = []
    bytes_of_rows = bytes_of_steps = 0
    for number, member in enumerate(parameter_grid.members(sweep)):
        with _pointers_into_sweep(base.place, member.sources, number):
            made = _member(base, member, settings)
        found = {pointer: value_at(made.request, pointer) for pointer in varied}
        request: StoredRequest = {**made.request, "name": _name(sweep.name or made.request["name"], found)}
        plan = made._replace(request=request)
        members.append(Submission(sha256_of(request), plan, base.facts, base.incoming, caller.key_id))
        values.append(found)
        bytes_of_rows += len(orjson.dumps([request, made.parameters, found]))
        bytes_of_steps += made.trajectory_bytes
        _check_size(bytes_of_rows, bytes_of_steps, settings)
    rank_by = _rank_by(sweep.rank_by, [member.plan for member in members])
    digest = sha256_of([base.wanted, sweep.model_dump(mode="json", by_alias=True, exclude={"base"})])
    return SweepSubmission(members, values, varied, rank_by, sweep.name, digest, caller.key_id)


def queue_sweep(database: Database, sweep: SweepSubmission, key: Key | None, quotas: Quotas) -> Sweep:
    """Creates the sweep and queues its runs, or returns the existing sweep with this idempotency key.

    Raises InvalidError if the key belongs to another request, TooManyRequestsError or ConflictError for an exhausted
    quota, NotFoundError for a deleted dataset.
    """
    with database.writing() as connection:
        if key is not None and (known := sweeps.find_by_key(connection, key.name)) is not None:
            idempotency.check(known, key, sweep.digest)
            return known
        quotas.admit_run(connection, sweep.owner, len(sweep.members))
        dataset_seq = submit.dataset_seq(connection, sweep.members[0])
        made = sweeps.create(connection, _columns(sweep, key))
        rows = [
            submit.columns(member, dataset_seq) | {"sweep": {"id": made.id, "values": values}}
            for member, values in zip(sweep.members, sweep.values, strict=True)
        ]
        runs.create_members(connection, made.seq, rows, sweep.members[0].plan.request["tags"])
        return made


def _columns(sweep: SweepSubmission, key: Key | None) -> dict[str, object]:
    return {
        "owner": sweep.owner,
        "name": sweep.name,
        "varied": sweep.varied,
        "rank_by": sweep.rank_by,
        "idempotency_key": None if key is None else key.name,
        "request_digest": sweep.digest if key is None else key.digest,
    }


def _base_of_body(fit: FitRequest, database: Database, settings: Settings, caller: Caller) -> _Base:
    with _pointers_into_sweep("/base", {}):
        facts, incoming = submit.dataset(fit, database, settings, caller)
    request = submit.dumped(fit, submit.reference(fit, facts.id))
    inline = isinstance(fit.dataset, InlineDataset)
    wanted = request if inline else {**request, "dataset": fit.dataset.model_dump()}
    return _Base(wanted, request, "/base", facts, incoming, inline)


def _base_of_run(run_id: str, database: Database, caller: Caller) -> _Base:
    """Base from a stored run, without the model's default θ₀. Raises NotFoundError for an unknown run."""
    with database.reading() as connection:
        run = runs.find(connection, run_id, caller.owner)
        # Access to a run includes access to its dataset, so the query has no owner.
        facts = None if run is None else datasets.find(connection, run.dataset_id)
    if run is None or facts is None:
        message = f"There is no run {run_id}."
        raise NotFoundError(message, [field_error("/run", message, "GET /runs lists the runs.")])
    request = asked(run.request, model_of(run.request, run.dataset_features, run.classes))
    filled = submit.dumped(parse(FitRequest, orjson.dumps(request)), run.request["dataset"])
    return _Base(run_id, filled, "/run", facts, None, inline=False)


def _member(base: _Base, member: Member, settings: Settings) -> validation.Plan:
    patch = member.patch
    objective = patch.get("objective")
    if isinstance(objective, dict) and "loss" in objective:  # delta belongs to the base's loss
        patch = {**patch, "objective": {"delta": None, **objective}}
    checked = parse(FitRequest, orjson.dumps(merge_patch(base.request, patch)))
    return validation.make(submit.dumped(checked, base.request["dataset"]), base.facts, settings, inline=base.inline)


def _name(name: str | None, values: Mapping[str, object]) -> str:
    """Name of a member: the sweep's name and the varied values."""
    suffix = ", ".join(f"{steps_of(pointer)[-1]} {_short(value)}" for pointer, value in values.items())
    return (f"{name}: {suffix}" if name else suffix)[:MOST_NAME]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else orjson.dumps(value).decode().strip('"')


def _rank_by(asked_for: str | None, plans: Sequence[validation.Plan]) -> str:
    """The requested ranking criterion, or the first default that all members have.

    Raises InvalidError if a member lacks the requested criterion.
    """
    if asked_for is None:
        return next(name for name in ("validation_mse", "test_mse", "train_mse") if all(_has(p, name) for p in plans))
    for number, made in enumerate(plans):
        if not _has(made, asked_for):
            message, hint = (
                f"Member {number} has no {asked_for}.",
                "Choose another criterion, or a split with such rows.",
            )
            raise InvalidError([{**field_error("/rank_by", message, hint), "member": number}])
    return asked_for


def _has(made: validation.Plan, criterion: str) -> bool:
    name = criterion.removeprefix("best_")
    return name in made.columns and (made.test_rows > 0 or not name.startswith("test_"))


def _check_count(count: int, settings: Settings) -> None:
    if count > settings.max_sweep:
        message = f"The sweep would create {count} runs; the limit is {settings.max_sweep}."
        raise invalid("", message, "Give fewer values, or several sweeps.")


def _check_size(bytes_of_rows: int, bytes_of_steps: int, settings: Settings) -> None:
    """Raises InvalidError for members whose requests exceed the body limit, or whose trajectories exceed theirs.

    Each member stores the whole request, so a long θ₀ or list of test rows counts once a member.
    """
    if bytes_of_rows > settings.max_body_bytes:
        message = f"The requests of all runs together exceed {settings.max_body_bytes} bytes."
        raise invalid("", message, "Give fewer values, or a shorter request.")
    if bytes_of_steps > settings.max_trajectory_bytes:
        message = f"The trajectories of all runs together would exceed {settings.max_trajectory_bytes} bytes."
        raise invalid("", message, "Give fewer values, or fewer steps.")


@contextmanager
def _pointers_into_sweep(base: str, sources: Mapping[str, str], member: int | None = None) -> Iterator[None]:
    """Translates the pointers of an ApiError from a member's request to the sweep's body."""
    try:
        yield
    except InvalidError as error:
        raise InvalidError([_translated(entry, base, sources, member) for entry in error.errors]) from None
    except ApiError as error:
        error.errors = [_translated(entry, base, sources, member) for entry in error.errors]
        raise


def _translated(entry: ErrorEntry, base: str, sources: Mapping[str, str], member: int | None) -> ErrorEntry:
    pointer = entry["pointer"]
    if member is not None:
        entry = {**entry, "member": member}
    for varied, source in sources.items():
        if f"{pointer}/".startswith(f"{varied}/"):
            return {**entry, "pointer": source + pointer[len(varied) :]}
        if varied.startswith(f"{pointer}/"):
            return {**entry, "pointer": source}
    return {**entry, "pointer": base if base == "/run" else base + pointer}
