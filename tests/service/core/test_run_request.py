"""The stored request and the schema of its body: the same fields, at every depth."""

from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel

from service.core import run_request
from service.schemas import descent, fit, model

OPTIMIZERS = (
    descent.Gd,
    descent.Momentum,
    descent.Nesterov,
    descent.Adagrad,
    descent.Rmsprop,
    descent.Adam,
    descent.Adamw,
)
SCHEDULES = (
    *(descent.Constant, descent.Step, descent.Exponential),
    *(descent.InverseTime, descent.Cosine, descent.Backtracking),
)
MODELS = tuple(
    each for each in vars(model).values() if isinstance(each, type) and "kind" in getattr(each, "model_fields", {})
)
SAME: dict[Any, tuple[type[BaseModel], ...]] = {
    run_request.StoredRequest: (fit.FitRequest,),
    run_request.AskedRequest: (fit.FitRequest,),
    run_request.SplitRequest: (fit.FractionSplit, fit.RowsSplit),
    run_request.StandardizeRequest: (fit.Standardize,),
    run_request.ModelRequest: MODELS,
    run_request.AskedObjective: (descent.Objective,),
    run_request.ObjectiveRequest: (descent.Objective,),
    run_request.OptimizerRequest: OPTIMIZERS,
    run_request.ScheduleRequest: SCHEDULES,
    run_request.StopRequest: (descent.Stop,),
    run_request.NormalTheta0: (descent.NormalTheta0,),
    run_request.DescentRequest: (descent.Descent,),
    run_request.DatasetReference: (fit.StoredDataset, fit.SampleDataset),
}


@pytest.mark.parametrize("stored", SAME, ids=lambda each: str(each.__name__))
def test_a_part_of_the_stored_request_has_the_fields_of_its_schemas(stored: Any) -> None:
    fields = set().union(*(schema.model_fields for schema in SAME[stored]))
    assert set(get_type_hints(stored)) == fields
    if len(SAME[stored]) > 1:  # the kind determines the fields
        common = set.intersection(*(set(schema.model_fields) for schema in SAME[stored]))
        assert stored.__required_keys__ <= common


def test_every_model_schema_is_found() -> None:
    assert len(MODELS) == 6
