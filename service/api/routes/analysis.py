"""Analyses of a run, computed on request: loss landscape, step breakdown, predictions."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from fastapi import Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from service.analysis import loss_landscape, step_breakdown
from service.analysis.loss_landscape import LandscapeRequest
from service.analysis.predictions import GridRequest, along_data
from service.analysis.run_context import StoredPath
from service.analysis.step_breakdown import StepRequest
from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, tagged_bytes
from service.api.openapi_examples import STEP_EXAMPLES
from service.api.openapi_responses import cacheable, problems
from service.api.responses import query_error
from service.api.routes.runs import RunId, find
from service.api.streaming import look_up
from service.core.exceptions import ConflictError, InvalidError
from service.core.run_record import Run
from service.schemas.responses.analysis import Landscape, Predictions, StepArithmetic

router = described_route.router("inquiries", prefix="/runs")

MOST_RESOLUTION = 201
RESOLUTION, RESOLUTION_OF_FUNCTION = 49, 121
MOST_BESIDE = 7
TAGGED = {
    **cacheable("The answer."),
    **problems(404, 409, 413, 422),
}


class LandscapeQuery(BaseModel):
    """The plane and the resolution."""

    kind: Literal["auto", "pair", "pca"] = Field(
        "auto",
        description="pair: two parameters; pca: the plane closest to the path; auto: pair for at most two parameters, "
        "else pca.",
    )
    x: str | None = Field(None, description="pair: the parameter along x. Default: the first one.")
    y: str | None = Field(None, description="pair: the parameter along y. Default: the next one.")
    resolution: int | None = Field(
        None,
        ge=3,
        le=MOST_RESOLUTION,
        description="The number of points along each axis. Default: 49; 121 for a function without data, whose narrow "
        "valleys need more and cost less.",
    )
    from_step: int = Field(0, ge=0, description="The first step of the path.")
    to_step: int | None = Field(None, ge=0, description="The last step of the path, included.")
    beside: str | None = Field(
        None,
        max_length=600,
        description=f"Up to {MOST_BESIDE} other runs with the same parameters, separated by commas: the grid covers "
        "their paths too, and pca is the plane closest to all paths.",
    )


class PredictionsQuery(BaseModel):
    """The steps and the resolution."""

    step: int | None = Field(None, ge=0, description="Only this step.")
    max_steps: int = Field(
        60,
        ge=3,
        le=500,
        description="The maximum number of steps, evenly spaced; the first, last and best step are kept.",
    )
    points: int | None = Field(
        None, ge=2, le=400, description="The number of points along each axis. Default: 200 for one feature, else 48."
    )


@router.get("/{run_id}/landscape", response_model=Landscape, summary="E(θ) on a grid around the path", responses=TAGGED)
async def get_landscape(
    request: Request,
    run_id: RunId,
    store: Store,
    caller: Asks,
    query: Annotated[LandscapeQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """E over both parameters; for models with more, over two of them or over the plane closest to the path (PCA).

    The grid extends beyond the path by a quarter of its extent on each side. For a function that ships it covers the
    window of the function, unless `from_step` or `to_step` choose a part of the path.
    """
    run = await look_up(request, find, store, run_id, caller)
    beside = await look_up(request, _beside, store, run, query.beside, caller)
    asked = landscape_of(run, query)._replace(beside=beside)
    found = await state_of(request).analyses.answer(request.state.user, loss_landscape.around, asked)
    return tagged_bytes(found, if_none_match)


def landscape_of(run: Run, query: LandscapeQuery) -> LandscapeRequest:
    """The landscape around the asked steps. Raises InvalidError, ConflictError if no step is stored."""
    last = stored(run, query.to_step if query.to_step is not None else run.last_step, "to_step")
    if query.from_step > last:
        raise query_error("from_step", f"The path ends at step {last}.", "Give an earlier step.")
    path = path_of(run)._replace(first=query.from_step, last=last)
    whole = query.from_step == 0 and query.to_step is None
    resolution = query.resolution or (RESOLUTION if run.dataset_id else RESOLUTION_OF_FUNCTION)
    return LandscapeRequest(path, _chosen(run.parameters, query), resolution, windowed=whole)


def path_of(run: Run) -> StoredPath:
    """All stored steps. Raises ConflictError if none is stored."""
    return StoredPath(run.seq, 0, stored(run, run.last_step, "step"), run.best_step)


def _beside(store: Store, run: Run, named: str | None, caller: Asks) -> tuple[StoredPath, ...]:
    """The path of each named run that has a step. Raises NotFoundError, InvalidError."""
    ids = named.split(",") if named else []
    if len(ids) > MOST_BESIDE:
        raise query_error("beside", f"beside names {len(ids)} runs; the limit is {MOST_BESIDE}.", "Name fewer.")
    others = [find(store, each, caller) for each in ids]
    for other in others:
        if other.parameters != run.parameters:
            raise query_error("beside", f"The run {other.id} has other parameters.", "Name runs with the same model.")
    return tuple(path_of(other) for other in others if other.rows_done > 0)


@router.get(
    "/{run_id}/steps/{step}",
    response_model=StepArithmetic,
    summary="Get the arithmetic of one step",
    responses=TAGGED,
)
async def get_step(
    request: Request,
    run_id: RunId,
    step: Annotated[
        int, Path(ge=0, description="The number of the θ at which the step starts.", openapi_examples=STEP_EXAMPLES)
    ],
    store: Store,
    caller: Asks,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """θ, the terms of ∇E(θ), the derivative by autograd and by central differences, and the update in numbers."""
    run = await look_up(request, find, store, run_id, caller)
    asked = StepRequest(run.seq, stored(run, step, "step"), taken=step < run.last_step)
    found = await state_of(request).analyses.answer(request.state.user, step_breakdown.of_step, asked)
    return tagged_bytes(found, if_none_match)


@router.get(
    "/{run_id}/predictions",
    response_model=Predictions,
    summary="f(θ, x) along the data, step by step",
    responses=TAGGED,
)
async def get_predictions(
    request: Request,
    run_id: RunId,
    store: Store,
    caller: Asks,
    query: Annotated[PredictionsQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The fitted curve or the class boundary at many steps: over the first feature, or over the first two with all
    others fixed at their mean. In the units of the data, with rows of the data.
    """
    run = await look_up(request, find, store, run_id, caller)
    refuse_functions(run)
    path = path_of(run)
    if query.step is not None:
        path = StoredPath(run.seq, stored(run, query.step, "step"), query.step, best=None)
    points = query.points or (200 if len(run.dataset_features) == 1 else 48)
    if len(run.dataset_features) > 1 and points > MOST_RESOLUTION:
        raise query_error(
            "points", f"The limit for two features is {MOST_RESOLUTION} points.", "Give a smaller number."
        )
    asked = GridRequest(path, points, query.max_steps)
    found = await state_of(request).analyses.answer(request.state.user, along_data, asked)
    return tagged_bytes(found, if_none_match)


def refuse_functions(run: Run) -> None:
    """Raises InvalidError for a run without data, which predicts nothing."""
    if run.dataset_id is None:
        message = "The run descends a function without data, so it has no model that predicts."
        raise query_error("run_id", message, "Ask for its trajectory or its landscape, or fit a model to data.")


def step_of(run: Run, asked: int | str, fault: Callable[[str, str], InvalidError]) -> int:
    """The number of a step, of `last`, or of `best`. `fault` makes the error for the place where it was asked.

    Raises ConflictError if no step is stored, InvalidError if this one is not.
    """
    if asked == "best":
        if run.best is None:
            raise fault("The run has no test MSE and so no best step.", "Use last.")
        return int(run.best["step"])
    return _stored(run, run.last_step if asked == "last" else int(asked), fault)


def stored(run: Run, step: int, parameter: str) -> int:
    """The step. Raises ConflictError if no step is stored, InvalidError if this one is not."""
    return _stored(run, step, partial(query_error, parameter))


def _stored(run: Run, step: int, fault: Callable[[str, str], InvalidError]) -> int:
    if run.rows_done == 0:
        raise ConflictError(f"The run is {run.status.words} and has no stored step yet.", run_status=run.status)
    if step >= run.rows_done:
        raise fault(f"Step {step} is not stored.", f"Give a step from 0 to {run.rows_done - 1}.")
    return step


def _chosen(parameters: list[str], query: LandscapeQuery) -> tuple[int, ...] | None:
    """The indices of the plotted parameters; None for the plane closest to the path."""
    names = {"x": query.x, "y": query.y}
    if query.kind == "pca" or (query.kind == "auto" and len(parameters) > 2 and not any(names.values())):
        _refuse_names(names)
        return None
    if len(parameters) == 1:
        return (0,)
    given = {parameter: _place(parameters, name, parameter) for parameter, name in names.items() if name is not None}
    x = given.get("x", 1 if given.get("y") == 0 else 0)
    y = given.get("y", 1 if x == 0 else 0)
    if x == y:
        raise query_error("y", "x and y are the same parameter.", "Name two different parameters.")
    return x, y


def _refuse_names(names: dict[str, str | None]) -> None:
    for parameter, name in names.items():
        if name is not None:
            raise query_error(
                parameter, "The plane of kind pca has no parameter axes.", "Remove the parameter, or use kind=pair."
            )


def _place(parameters: list[str], name: str, parameter: str) -> int:
    if name not in parameters:
        shown = ", ".join(parameters[:20])
        raise query_error(parameter, f"The run has no parameter {name[:100]!r}.", f"The parameters are {shown}.")
    return parameters.index(name)
