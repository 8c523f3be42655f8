"""PATCH of runs, sweeps and datasets: their names, and the tags of a run."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from fastapi import Request
from fastapi.responses import Response

from service.api import described_route
from service.api.dependencies import Asks, Config, Store, refuse_latest
from service.api.etags import IfMatch, refuse_changed, tagged
from service.api.media_types import JSON, MERGE_PATCH
from service.api.openapi_examples import RENAME_EXAMPLES, RUN_PATCH_EXAMPLES
from service.api.openapi_request_body import json_body
from service.api.openapi_responses import described, problems
from service.api.request_body import Body
from service.api.responses import media_type
from service.api.routes.datasets import ChangedDatasetId
from service.api.routes.datasets import find as find_dataset
from service.api.routes.runs import ChangedRunId, answer_of, find_to_change, no_run, placed
from service.api.routes.sweeps import ChangedSweepId, find_sound, with_ranking
from service.api.serializers.runs import serialize_dataset
from service.core.caller import Caller
from service.core.exceptions import InvalidError, field_error
from service.core.settings import Settings
from service.schemas.fit import MOST_TAGS
from service.schemas.rename import Rename, RunPatch
from service.schemas.responses.datasets import Dataset
from service.schemas.responses.runs import Run
from service.schemas.responses.sweeps import Sweep
from service.schemas.strict_model import parse
from service.storage import datasets, runs, sweeps
from service.storage.database import Database

router = described_route.router()
Patch = TypeVar("Patch", bound=Rename)
RESPONSES = {200: described("The changed object.", "ETag"), **problems(400, 404, 408, 412, 413, 415, 422, 429, 507)}


@router.patch(
    "/runs/{run_id}",
    response_model=Run,
    tags=["runs"],
    summary="Change the name or the tags of a run",
    responses=RESPONSES,
    openapi_extra=json_body(RunPatch, RUN_PATCH_EXAMPLES),
)
async def patch_run(
    request: Request, run_id: ChangedRunId, store: Store, settings: Config, caller: Asks, if_match: IfMatch = None
) -> Response:
    """Fields and tags that are left out stay; null removes a name or a tag. At any time of the run: its request and its
    numbers stay as they are.
    """
    change = partial(_patched_run, run_id, store, settings, caller, if_match)
    return await _patched(request, store, settings, RunPatch, change)


@router.patch(
    "/sweeps/{sweep_id}",
    response_model=Sweep,
    tags=["sweeps"],
    summary="Change the name of a sweep",
    responses=RESPONSES,
    openapi_extra=json_body(Rename, RENAME_EXAMPLES),
)
async def patch_sweep(
    request: Request, sweep_id: ChangedSweepId, store: Store, settings: Config, caller: Asks, if_match: IfMatch = None
) -> Response:
    """The runs of the sweep keep their names."""
    return await _patched(request, store, settings, Rename, partial(_patched_sweep, sweep_id, store, caller, if_match))


@router.patch(
    "/datasets/{dataset_id}",
    response_model=Dataset,
    tags=["datasets"],
    summary="Change the name of a dataset",
    responses=RESPONSES,
    openapi_extra=json_body(Rename, RENAME_EXAMPLES),
)
async def patch_dataset(
    request: Request,
    dataset_id: ChangedDatasetId,
    store: Store,
    settings: Config,
    caller: Asks,
    if_match: IfMatch = None,
) -> Response:
    """The rows and the id stay as they are."""
    return await _patched(
        request, store, settings, Rename, partial(_patched_dataset, dataset_id, store, caller, if_match)
    )


async def _patched(
    request: Request,
    store: Database,
    settings: Settings,
    model: type[Patch],
    change: Callable[[Patch], Mapping[str, object]],
) -> Response:
    """The answer of `change` for the body, a short write."""
    media_type(request, JSON, MERGE_PATCH)
    async with Body(request, settings.max_body_bytes) as body:
        return tagged(await body.stored_by(change, _read, store, model), None)


def _read(body: bytes, _: Database, model: type[Patch]) -> Patch:
    return parse(model, body)


def _patched_run(
    run_id: str, store: Database, settings: Settings, caller: Caller, if_match: str | None, patch: RunPatch
) -> Run:
    """The answer for the run after the change. Raises InvalidError for too many tags."""
    found = find_to_change(store, run_id, caller)
    with store.writing() as connection:
        run = runs.find(connection, found.id)
        if run is None:  # deleted since
            raise no_run(run_id)
        refuse_changed(if_match, lambda: answer_of(connection, run, settings))
        tags = {} if patch.tags is None else _merged(run.tags, patch.tags)
        if len(tags) > MOST_TAGS:
            message = f"The run would have {len(tags)} tags; the limit is {MOST_TAGS}."
            raise InvalidError([field_error("/tags", message, "Set some to null.")])
        name = patch.name if "name" in patch.model_fields_set else run.name
        runs.relabel(connection, run.seq, name, tags)
    return placed(store, run._replace(name=name, tags=tags), settings).answer


def _merged(tags: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    """The tags after a merge patch: null removes one."""
    return {key: value for key, value in {**tags, **patch}.items() if value is not None}


def _patched_sweep(sweep_id: str, store: Database, caller: Caller, if_match: str | None, patch: Rename) -> Sweep:
    with store.reading() as connection:
        found = find_sound(connection, sweep_id, caller)
    refuse_latest(sweep_id, "sweep_id", f"/sweeps/{found.id}")
    with store.writing() as connection:
        refuse_changed(if_match, lambda: with_ranking(connection, find_sound(connection, found.id, caller)))
        sweeps.rename(connection, found.seq, patch.name)
    with store.reading() as connection:
        return with_ranking(connection, find_sound(connection, found.id, caller))


def _patched_dataset(dataset_id: str, store: Database, caller: Caller, if_match: str | None, patch: Rename) -> Dataset:
    with store.reading() as connection:
        found = find_dataset(connection, dataset_id, caller)
    refuse_latest(dataset_id, "dataset_id", f"/datasets/{found.id}")
    with store.writing() as connection:
        refuse_changed(if_match, lambda: serialize_dataset(find_dataset(connection, found.id, caller)))
        datasets.rename(connection, found.seq, patch.name)
        return serialize_dataset(find_dataset(connection, found.id, caller))
