"""Submission of a sweep: members are created and validated one by one, and queued in one transaction."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from service.core.caller import Caller
from service.core.column_choice import Choice
from service.core.digests import sha256_of
from service.core.exceptions import ApiError, ErrorEntry, InvalidError, NotFoundError, field_error, invalid
from service.core.json_patch import value_at
from service.core.json_pointer import steps_of
from service.core.run_record import Run
from service.core.run_request import StoredRequest
from service.core.settings import Settings
from service.core.sweep_record import Sweep
from service.datasets import ingest
from service.engine_adapter.factory import shape_of, without_default_theta0
from service.engine_adapter.functions import function_problem
from service.jobs import idempotency, parameter_grid, submit
from service.jobs.dataset_choice import choice_of_run
from service.jobs.idempotency import Key
from service.jobs.quotas import Quotas
from service.jobs.scaling_rules import stored_split
from service.jobs.submit import Submission
from service.jobs.sweep_members import Base, MemberPlanner
from service.jobs.validation import Plan
from service.schemas.fit import FitRequest, InlineDataset
from service.schemas.strict_model import parse
from service.schemas.sweep import SweepRequest
from service.storage import datasets, runs, sweeps
from service.storage.database import Database

RANKED_BY = ("validation_mse", "test_mse", "train_mse", "train_loss")
"""The default criteria of a ranking: the first one that all members have. A function without data has the last."""
MOST_REQUEST_BYTES = 6 * 2**20
"""Maximum size of the requests of all members. One transaction stores them, and another one cancels them: each takes
about 0.1 s of the write lock, and those of several sweeps follow each other with pauses (`api/long_tasks.py`)."""
MOST_NAME = 200
"""Maximum length of a member's name in characters."""


class SweepSubmission(NamedTuple):
    """A valid sweep. `values` maps the varied JSON pointers to values, one dict a member.

    `incoming` is the data unless it is stored already. The digest covers `request` and `wanted`, the base as sent.
    """

    members: list[Plan]
    values: list[dict[str, object]]
    varied: list[str]
    rank_by: str
    name: str | None
    facts: Choice | None
    incoming: ingest.Incoming | None
    owner: str | None
    wanted: object
    request: SweepRequest

    @property
    def digest(self) -> str:
        """Digest of the resolved request."""
        return sha256_of([self.wanted, self.request.model_dump(mode="json", by_alias=True, exclude={"base"})])

    def submissions(self) -> list[Submission]:
        """The submissions of the members: a price needs their plans only."""
        return [
            Submission(sha256_of(plan.request), plan, self.facts, self.incoming, self.owner) for plan in self.members
        ]

    @property
    def asked_bytes(self) -> int:
        """Size of the runs and of their data, by which the quota and the price count them."""
        of_data = 0 if self.incoming is None else self.incoming.described.stored_bytes
        return sum(plan.stored_bytes for plan in self.members) + of_data


def read_sweep(body: bytes, database: Database, settings: Settings, caller: Caller) -> SweepSubmission:
    """The submission of a JSON body. Raises ApiError; its entries name the wrong field and the member's number."""
    return sweep_submission(parse(SweepRequest, body), database, settings, caller)


def sweep_submission(sweep: SweepRequest, database: Database, settings: Settings, caller: Caller) -> SweepSubmission:
    """The submission of a parsed body. Raises as `read_sweep` does."""
    _check_count(parameter_grid.count(sweep), settings)
    incoming = None
    if sweep.base is None:
        base = _base_of_run(sweep.run or "", database, caller)
    else:
        base, incoming = _base_of_body(sweep.base.filled(), database, settings, caller)
    varied = parameter_grid.varied(sweep)
    plans, values = _members(sweep, base, varied, settings)
    return SweepSubmission(
        members=plans,
        values=values,
        varied=varied,
        rank_by=_rank_by(sweep.rank_by, plans),
        name=sweep.name,
        facts=base.facts,
        incoming=incoming,
        owner=caller.key_id,
        wanted=base.wanted,
        request=sweep,
    )


def _members(
    sweep: SweepRequest, base: Base, varied: Sequence[str], settings: Settings
) -> tuple[list[Plan], list[dict[str, object]]]:
    """The plans of the members, and the varied values of each. Raises ApiError."""
    planner = MemberPlanner(base, settings)
    plans: list[Plan] = []
    values: list[dict[str, object]] = []
    bytes_of_rows = bytes_of_steps = 0
    for number, member in enumerate(parameter_grid.members(sweep)):
        try:
            plan = planner.plan(member.patch)
        except ApiError as error:
            raise _into_sweep(error, base.pointer, member.sources(), number) from None
        request = plan.request
        found = {pointer: value_at(request, pointer) for pointer in varied}
        request["name"] = _name(sweep.name or request["name"], found)
        plan = plan._replace(bytes_of_values=planner.size_of_values(found))
        plans.append(plan)
        values.append(found)
        bytes_of_rows += planner.size(request) + plan.bytes_of_values + plan.bytes_of_names + plan.bytes_of_classes
        bytes_of_steps += plan.trajectory_bytes
        _check_size(bytes_of_rows, bytes_of_steps, settings)
    return plans, values


def queue_sweep(database: Database, sweep: SweepSubmission, key: Key | None, quotas: Quotas) -> Sweep:
    """Creates the sweep and queues its runs, or returns the existing sweep with this idempotency key.

    Raises InvalidError if the key belongs to another request, TooManyRequestsError or ConflictError for an exhausted
    quota, NotFoundError for a deleted dataset.
    """
    members = sweep.submissions()
    sizes = [member.plan.stored_bytes for member in members]
    with database.writing() as connection:
        if key is not None and (known := sweeps.find_by_key(connection, key.owner, key.name)) is not None:
            idempotency.check(known, key, sweep.digest)
            return known
        quotas.admit_run(connection, sweep.owner, sweep.asked_bytes, len(members))
        dataset_seq = submit.dataset_seq(connection, members[0])
        made = sweeps.create(connection, _columns(sweep, key))
        rows = [
            submit.columns(member, dataset_seq, size) | {"sweep": {"id": made.id, "values": values}}
            for member, size, values in zip(members, sizes, sweep.values, strict=True)
        ]
        runs.create_members(connection, made.seq, rows, members[0].plan.request["tags"])
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


def _base_of_body(
    fit: FitRequest, database: Database, settings: Settings, caller: Caller
) -> tuple[Base, ingest.Incoming | None]:
    try:
        facts, incoming = submit.dataset(fit, database, settings, caller)
    except ApiError as error:
        raise _into_sweep(error, "/base", {}) from None
    request = submit.dumped(fit, submit.reference(fit, facts))
    inline = isinstance(fit.dataset, InlineDataset)
    sent = {} if fit.dataset is None or inline else {"dataset": fit.dataset.model_dump()}
    wanted = {**request, **sent}
    return Base(wanted, request, "/base", facts, inline), incoming


def _base_of_run(run_id: str, database: Database, caller: Caller) -> Base:
    """Base from a stored run, without the model's default θ₀. Raises NotFoundError for an unknown run."""
    with database.reading() as connection:
        run = runs.find(connection, run_id, caller.owner)
        # Access to a run includes access to its dataset, so the query has no owner.
        found = None if run is None or run.dataset_id is None else datasets.find(connection, run.dataset_id)
        facts = None if run is None or found is None else choice_of_run(connection, found, run.request["dataset"])
    if run is None or (facts is None and run.dataset_id is not None):
        message = f"There is no run {run_id}."
        raise NotFoundError(message, [field_error("/run", message, "GET /runs lists the runs.")])
    filled = submit.dumped(parse(FitRequest, orjson.dumps(_asked(run))), run.request.get("dataset"))
    return Base(run_id, filled, "/run", facts, inline=False)


def _asked(run: Run) -> StoredRequest:
    """The request of a run without the default θ₀."""
    if run.dataset_id is None:
        return without_default_theta0(run.request, function_problem(run.request).model)
    request = without_default_theta0(run.request, shape_of(run.request["model"], run.dataset_features, run.classes))
    return {**request, "split": stored_split(request["split"])}


def _name(name: str | None, values: Mapping[str, object]) -> str:
    """Name of a member: the sweep's name and the varied values."""
    suffix = ", ".join(f"{steps_of(pointer)[-1]} {_short(value)}" for pointer, value in values.items())
    return (f"{name}: {suffix}" if name else suffix)[:MOST_NAME]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else orjson.dumps(value).decode().strip('"')


def _rank_by(asked_for: str | None, plans: Sequence[Plan]) -> str:
    """The requested ranking criterion, or the first default that all members have.

    Raises InvalidError if a member lacks the requested criterion.
    """
    if asked_for is None:
        return next(name for name in RANKED_BY if all(_has(plan, name) for plan in plans))
    for number, made in enumerate(plans):
        if not _has(made, asked_for):
            message, hint = (
                f"Member {number} has no {asked_for}.",
                "Choose another criterion, or a split with such rows.",
            )
            raise InvalidError([{**field_error("/rank_by", message, hint), "member": number}])
    return asked_for


def _has(made: Plan, criterion: str) -> bool:
    name = criterion.removeprefix("best_")
    rows = made.test_rows if name.startswith("test_") else made.train_rows
    return name in made.columns and (rows > 0 or name == "train_loss")


def _check_count(count: int, settings: Settings) -> None:
    if count > settings.max_sweep:
        message = f"The sweep would create {count} runs; the limit is {settings.max_sweep}."
        raise invalid("", message, "Give fewer values, or several sweeps.")


def _check_size(bytes_of_rows: int, bytes_of_steps: int, settings: Settings) -> None:
    """Raises InvalidError for members whose requests or trajectories together are too large.

    Each member stores the whole request, so a long θ₀ or list of test rows counts once a member.
    """
    most = min(settings.max_body_bytes, MOST_REQUEST_BYTES)
    if bytes_of_rows > most:
        message = f"The requests of all runs together exceed {most} bytes."
        raise invalid("", message, "Give fewer values, or a shorter request.")
    if bytes_of_steps > settings.max_trajectory_bytes:
        message = f"The trajectories of all runs together would exceed {settings.max_trajectory_bytes} bytes."
        raise invalid("", message, "Give fewer values, or fewer steps.")


def _into_sweep(error: ApiError, base: str, sources: Mapping[str, str], member: int | None = None) -> ApiError:
    """The error with its pointers translated from a member's request to the sweep's body."""
    entries = [_translated(entry, base, sources, member) for entry in error.errors]
    if isinstance(error, InvalidError):
        return InvalidError(entries)
    error.errors = entries
    return error


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
