"""Forks: new runs on the parent's data and split, starting at a stored step with changed hyperparameters."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.core.caller import Caller
from service.core.digests import sha256_of
from service.core.exceptions import InvalidError, invalid
from service.core.json_bytes import json_bytes
from service.core.json_patch import Patch, merge_patch
from service.core.run_record import ForkedFrom, Run
from service.core.run_request import LearningRate
from service.core.settings import Settings
from service.jobs import plans, scaling_rules, submit
from service.jobs.dataset_choice import choice_of_run
from service.jobs.submit import Submission
from service.schemas.fit import FitRequest, ForkRequest
from service.schemas.strict_model import parse
from service.storage import datasets, trajectories
from service.storage.database import Database
from service.storage.errors import GoneError


def fork_submission(
    fork: ForkRequest, parent: Run, database: Database, settings: Settings, caller: Caller
) -> Submission:
    """The submission of a fork of `parent`. Raises InvalidError for wrong fields, GoneError for a deleted parent."""
    if fork.from_step >= parent.rows_done:
        hint = f"Give a step from 0 to {parent.rows_done - 1}." if parent.rows_done else "Wait for the first."
        raise invalid("/from_step", f"The run has no step {fork.from_step} stored.", hint)
    changes = fork.changes.model_dump(exclude_unset=True)
    if "theta0" in changes.get("descent", {}):
        raise invalid("/changes/descent/theta0", "A fork begins at the θ of its step.", "Leave theta0 out.")
    theta0 = _theta_at(database, parent, fork.from_step)
    request = merge_patch(_merged(parent, changes), {"descent": {"theta0": theta0}})
    facts = None
    if parent.dataset_id is not None:
        with database.reading() as connection:
            found = datasets.find(connection, parent.dataset_id)
            if found is None:
                raise GoneError("The run was deleted just now.")
            facts = choice_of_run(connection, found, parent.request["dataset"])
    with _pointers_into_changes():
        asked = submit.dumped(parse(FitRequest, json_bytes(request)), parent.request.get("dataset"))
        made = plans.make(asked, facts, settings, inline=False)
    origin: ForkedFrom = {"run_id": parent.id, "step": fork.from_step}
    digest = sha256_of([made.request, origin])
    return Submission(digest, made, facts, None, caller.key_id, origin)


def _theta_at(database: Database, run: Run, step: int) -> list[float]:
    [(_, columns)] = trajectories.read(database, run.seq, run.width, step, step)
    theta: list[float] = columns[: len(run.parameters), 0].tolist()
    return theta


def _merged(parent: Run, changes: Patch) -> Patch:
    request = parent.request
    before = {**request["descent"], "learning_rate": _rate(parent, changes)}
    objective: Patch = {**request["objective"]}
    changed = changes.get("objective")
    if isinstance(changed, dict) and changed.get("loss", objective.get("loss")) != objective.get("loss"):
        objective.pop("delta", None)  # delta belongs to the previous loss
    return merge_patch({**request, **_of_data(parent), "descent": before, "objective": objective}, changes)


def _of_data(parent: Run) -> Patch:
    """The parent's split and standardisation as they were meant, perhaps by an earlier version."""
    if parent.dataset_id is None:
        return {}
    standardize = parent.request["standardize"]
    if standardize is True and parent.request["model"]["kind"] == "polynomial":  # after the powers
        standardize = {"features": "columns", "target": False}
    return {"split": scaling_rules.stored_split(parent.request["split"]), "standardize": standardize}


def _rate(parent: Run, changes: Patch) -> LearningRate:
    """The parent's number for "auto" if the fork keeps E, otherwise the requested learning rate."""
    asked = parent.request["descent"]["learning_rate"]
    return asked if changes.get("objective") or parent.learning_rate is None else parent.learning_rate


@contextmanager
def _pointers_into_changes() -> Iterator[None]:
    """Prefixes the pointers of an InvalidError with /changes, the place of the fields in the fork's body."""
    try:
        yield
    except InvalidError as error:
        raise InvalidError([{**entry, "pointer": f"/changes{entry['pointer']}"} for entry in error.errors]) from None
