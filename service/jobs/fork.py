"""A fork: a new run on a run's data and split that begins at one of its steps, with some hyperparameters changed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from service.auth.api_keys import Caller
from service.core.exceptions import InvalidError, invalid
from service.core.json_patch import merge_patch
from service.core.settings import Settings
from service.engine_adapter.factory import Request
from service.jobs import validation
from service.jobs.submit import Submission
from service.schemas.fit import FitRequest, ForkRequest
from service.schemas.strict_model import parse
from service.storage import datasets, trajectories
from service.storage.database import Database
from service.storage.errors import GoneError


def of(fork: ForkRequest, parent: Any, database: Database, settings: Settings, caller: Caller) -> Submission:
    """The submission of a fork of `parent`, a row of the store. Raises InvalidErrors that name what is wrong."""
    if fork.from_step >= parent.rows_done:
        hint = f"Give a step from 0 to {parent.rows_done - 1}." if parent.rows_done else "Wait for the first."
        raise invalid("/from_step", f"The run has no step {fork.from_step} stored.", hint)
    changes = fork.changes.model_dump(exclude_unset=True)
    if "theta0" in changes.get("descent", {}):
        raise invalid("/changes/descent/theta0", "A fork begins at the θ of its step.", "Leave theta0 out.")
    request = _merged(parent, changes)
    request["descent"]["theta0"] = _theta_at(database, parent, fork.from_step)
    with database.reading() as connection:
        facts = datasets.find(connection, parent.dataset_id)
    if facts is None:
        raise GoneError("The run was deleted just now.")
    with _told_of_changes():
        request = parse(FitRequest, orjson.dumps(request)).model_dump(mode="json")
        made = validation.make(request, facts, settings, inline=False)
    origin = {"run_id": parent.id, "step": fork.from_step}
    digest = hashlib.sha256(orjson.dumps([made.request, origin], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Submission(made.request, digest, made, facts, parent.dataset_id, None, caller.stamp, origin)


def _theta_at(database: Database, run: Any, step: int) -> list[float]:
    width = len(run.parameters) + len(run.columns)
    [(_, columns)] = trajectories.read(database, run.seq, width, step, step)
    theta: list[float] = columns[: len(run.parameters), 0].tolist()
    return theta


def _merged(parent: Any, changes: Request) -> Request:
    request: Request = parent.request
    before = request["descent"] | {"learning_rate": _rate(parent, changes)}
    objective, changed = request["objective"], changes.get("objective", {})
    if changed.get("loss", objective["loss"]) != objective["loss"]:  # the other loss's own number
        objective = {name: value for name, value in objective.items() if name != "delta"}
    merged: Request = merge_patch(request | {"descent": before, "objective": objective}, changes)
    return merged


def _rate(parent: Any, changes: Request) -> Any:
    """The number that "auto" was for the parent, as long as it is of the same E."""
    asked = parent.request["descent"]["learning_rate"]
    return asked if changes.get("objective") or parent.learning_rate is None else parent.learning_rate


@contextmanager
def _told_of_changes() -> Iterator[None]:
    """Errors of the whole request, told of the fields that the fork's body has."""
    try:
        yield
    except InvalidError as error:
        raise InvalidError([{**entry, "pointer": f"/changes{entry['pointer']}"} for entry in error.errors]) from None
