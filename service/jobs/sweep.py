"""A sweep on its way in: its members made, checked and priced one by one, and queued together."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

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


class SweepSubmission(NamedTuple):
    """A sweep that can be carried out. `values` has for each member what varies, by JSON pointer.

    `digest` is of the request as resolved.
    """

    members: list[Submission]
    values: list[dict[str, object]]
    varied: list[str]
    rank_by: str
    name: str | None
    digest: str
    owner: str | None


class _Base(NamedTuple):
    """The request that the members differ from, as `wanted` and filled in, its place in the body, and its data."""

    wanted: object
    request: AskedRequest
    place: str
    facts: validation.Facts
    incoming: ingest.Incoming | None
    dataset_id: str
    inline: bool


def read_sweep(body: bytes, database: Database, settings: Settings, caller: Caller) -> SweepSubmission:
    """The sweep that a caller's body describes. Raises ApiErrors that name what is wrong, and with which member."""
    return sweep_submission(parse(SweepRequest, body), database, settings, caller)


def sweep_submission(sweep: SweepRequest, database: Database, settings: Settings, caller: Caller) -> SweepSubmission:
    """The same of a body that is parsed."""
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
        with _told_where(base.place, member.places, number):
            made = _member(base, member, settings)
        found = {pointer: value_at(made.request, pointer) for pointer in varied}
        request: StoredRequest = {**made.request, "name": _name(sweep.name or made.request["name"], found)}
        members.append(
            Submission(request, sha256_of(request), made, base.facts, base.dataset_id, base.incoming, caller.key_id)
        )
        values.append(found)
        bytes_of_rows += len(orjson.dumps([request, made.parameters, found]))
        bytes_of_steps += made.trajectory_bytes
        _check_size(bytes_of_rows, bytes_of_steps, settings)
    rank_by = _rank_by(sweep.rank_by, [member.plan for member in members])
    digest = sha256_of([base.wanted, sweep.model_dump(mode="json", by_alias=True, exclude={"base"})])
    return SweepSubmission(members, values, varied, rank_by, sweep.name, digest, caller.key_id)


def queue_sweep(database: Database, sweep: SweepSubmission, key: Key | None, quotas: Quotas) -> Sweep:
    """The sweep, its runs queued; or the one that its owner made with this idempotency key before.

    Raises InvalidError when the key was used for another request, TooManyRequestsError or ConflictError when the owner
    would have more runs than the quotas allow.
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
        runs.create_members(connection, made.seq, rows, sweep.members[0].request["tags"])
        return made


def _columns(sweep: SweepSubmission, key: Key | None) -> dict[str, Any]:
    return {
        "owner": sweep.owner,
        "name": sweep.name,
        "varied": sweep.varied,
        "rank_by": sweep.rank_by,
        "idempotency_key": None if key is None else key.name,
        "request_digest": sweep.digest if key is None else key.digest,
    }


def _base_of_body(fit: FitRequest, database: Database, settings: Settings, caller: Caller) -> _Base:
    with _told_where("/base", {}):
        facts, incoming = submit.dataset(fit, database, settings, caller)
    request = submit.dumped(fit, submit.reference(fit, facts.id))
    inline = isinstance(fit.dataset, InlineDataset)
    wanted = request if inline else {**request, "dataset": fit.dataset.model_dump()}
    return _Base(wanted, request, "/base", facts, incoming, facts.id, inline)


def _base_of_run(run_id: str, database: Database, caller: Caller) -> _Base:
    """The request of the caller's run, without what was filled in for its model. Raises NotFoundError."""
    with database.reading() as connection:
        run = runs.find(connection, run_id, caller.owner)
        facts = (
            None if run is None else datasets.find(connection, run.dataset_id)
        )  # whoever sees the run may use its data
    if run is None or facts is None:
        message = f"There is no run {run_id}."
        raise NotFoundError(message, [field_error("/run", message, "GET /runs lists those there are.")])
    request = asked(run.request, model_of(run.request, run.dataset_features, run.classes))
    filled = submit.dumped(parse(FitRequest, orjson.dumps(request)), run.request["dataset"])
    return _Base(run_id, filled, "/run", facts, None, facts.id, inline=False)


def _member(base: _Base, member: Member, settings: Settings) -> validation.Plan:
    patch = member.patch
    objective = patch.get("objective")
    if isinstance(objective, dict) and "loss" in objective:  # delta is the other loss's own number
        patch = {**patch, "objective": {"delta": None, **objective}}
    checked = parse(FitRequest, orjson.dumps(merge_patch(base.request, patch)))
    return validation.make(submit.dumped(checked, base.request["dataset"]), base.facts, settings, inline=base.inline)


def _name(name: str | None, values: Mapping[str, object]) -> str:
    """A name that tells a member from the others."""
    told = ", ".join(f"{steps_of(pointer)[-1]} {_short(value)}" for pointer, value in values.items())
    return (f"{name}: {told}" if name else told)[:MOST_NAME]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else orjson.dumps(value).decode().strip('"')


def _rank_by(asked_for: str | None, plans: Sequence[validation.Plan]) -> str:
    """The criterion, or the best one that all members have. Raises InvalidError if a member does not have it."""
    if asked_for is None:
        return next(name for name in ("validation_mse", "test_mse", "train_mse") if all(_has(p, name) for p in plans))
    for number, made in enumerate(plans):
        if not _has(made, asked_for):
            message, hint = f"Member {number} has no {asked_for}.", "Choose another, or see that there are such rows."
            raise InvalidError([{**field_error("/rank_by", message, hint), "member": number}])
    return asked_for


def _has(made: validation.Plan, criterion: str) -> bool:
    name = criterion.removeprefix("best_")
    return name in made.columns and (made.test_rows > 0 or not name.startswith("test_"))


def _check_count(count: int, settings: Settings) -> None:
    if count > settings.max_sweep:
        message = f"These are {count} runs, at most {settings.max_sweep} may a sweep have."
        raise invalid("", message, "Give fewer values, or several sweeps.")


def _check_size(bytes_of_rows: int, bytes_of_steps: int, settings: Settings) -> None:
    """What every member repeats, such as its θ₀ or its test rows, is bounded as a body is."""
    if bytes_of_rows > settings.max_body_bytes:
        message = f"The requests of its runs have more than {settings.max_body_bytes} bytes together."
        raise invalid("", message, "Give fewer values, or a shorter request.")
    if bytes_of_steps > settings.max_trajectory_bytes:
        message = f"The trajectories of its runs would take more than {settings.max_trajectory_bytes} bytes together."
        raise invalid("", message, "Give fewer values, or fewer steps.")


@contextmanager
def _told_where(base: str, places: Mapping[str, str], member: int | None = None) -> Iterator[None]:
    """Errors of a member's request, told of the places that the sweep's body has."""
    try:
        yield
    except InvalidError as error:
        raise InvalidError([_told(entry, base, places, member) for entry in error.errors]) from None
    except ApiError as error:
        error.errors = [_told(entry, base, places, member) for entry in error.errors]
        raise


def _told(entry: ErrorEntry, base: str, places: Mapping[str, str], member: int | None) -> ErrorEntry:
    pointer = entry["pointer"]
    if member is not None:
        entry = {**entry, "member": member}
    for varied, place in places.items():
        if f"{pointer}/".startswith(f"{varied}/"):
            return {**entry, "pointer": place + pointer[len(varied) :]}
        if varied.startswith(f"{pointer}/"):
            return {**entry, "pointer": place}
    return {**entry, "pointer": base if base == "/run" else base + pointer}
