"""Changed requests: a run's request with the merge patch that a finding offers, checked as the request of a client."""

from collections.abc import Mapping

from service.core.caller import ANYBODY
from service.core.json_bytes import json_bytes
from service.core.json_patch import merge_patch
from service.core.run_record import Run
from service.core.settings import Settings
from service.jobs import submit
from service.schemas.fit import FitRequest
from service.schemas.strict_model import parse
from service.storage.database import Database


def changed_run(run: Run, change: Mapping[str, object], database: Database, settings: Settings) -> Run:
    """The run that `POST /fit` would make of the run's request with this change; nothing is stored.

    Raises InvalidError for a request that the service refuses, NotFoundError for a deleted dataset.
    """
    body = merge_patch(run.request, change, by_kind=False)  # clients apply a change as the RFC says
    submission = submit.of(parse(FitRequest, json_bytes(body)).filled(), database, settings, ANYBODY)
    plan, facts = submission.plan, submission.facts
    new = run._replace(
        request=plan.request,
        parameters=plan.parameters,
        classes=plan.classes,
        columns=plan.columns,
        steps_total=plan.steps,
        learning_rate=None,
    )
    if facts is None:
        return new
    return new._replace(dataset_features=list(facts.features), dataset_target=facts.target)
