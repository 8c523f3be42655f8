"""The model of a run at a step, for use without the service: its numbers, Python, C, or a workbook."""

from typing import Literal, NamedTuple

from gd_engine import FUNCTIONS, Problem, Scaling, TargetScaling
from gd_engine.arrays import FloatArray
from service.analysis.model_code.notation import Notation, written
from service.analysis.model_code.program import ExportedModel, program_of
from service.analysis.model_code.source_code import c_source, python_source
from service.analysis.pool_worker import NoAnswerError
from service.analysis.run_context import RunContext, run_context
from service.core.column_choice import of_request
from service.schemas.responses.model import ModelNumbers, ModelScaling, ScaledColumn
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

Form = Literal["json", "python", "c", "sheet"]
MOST_LINES = 2_000
"""The most parameters of a model whose formula is written out among its numbers."""
MATHEMATICS = {name: f"{name}({{}})" for name in FUNCTIONS} | {
    "maximum": "max({}, {})",
    "minimum": "min({}, {})",
    "relu": "max({}, 0)",
}


class ModelRequest(NamedTuple):
    """The stored θ of `step`, and the form of the answer."""

    seq: int
    step: int
    form: Form


def model_at(database: Database, request: ModelRequest) -> bytes | ModelNumbers:
    """The model of the run. Raises NoAnswerError for one that is too large for the form."""
    context = run_context(database, request.seq)
    problem = context.problem(reduce=True)
    theta = context.at([request.step])[1][0]
    if request.form == "json":
        return _numbers(context, problem, request.step, theta)
    model = _exported(context, problem, request.step, theta)
    if request.form == "python":
        return python_source(model).encode()
    if request.form == "c":
        return c_source(model).encode()
    from service.analysis.model_code.workbook import (  # noqa: PLC0415 - openpyxl takes 0.1 s to import
        MOST_COLUMNS,
        column_count,
        workbook_of,
    )

    if (columns := column_count(model)) > MOST_COLUMNS:
        raise NoAnswerError(f"A sheet has at most {MOST_COLUMNS:,} columns; the model needs {columns:,}. Ask for json.")
    return workbook_of(model, _means(context, database))


def _exported(context: RunContext, problem: Problem, step: int, theta: FloatArray) -> ExportedModel:
    run = context.run
    return ExportedModel(
        run_id=run.id,
        step=step,
        features=run.dataset_features,
        target=run.dataset_target,
        classes=run.classes,
        parameters=run.parameters,
        theta=theta.tolist(),
        program=program_of(problem, run.request["model"].get("formula"), run.dataset_features),
    )


def _numbers(context: RunContext, problem: Problem, step: int, theta: FloatArray) -> ModelNumbers:
    run, model = context.run, problem.model
    columns = run.parameters[model.intercept :] if model.kind == "polynomial" else run.dataset_features
    features, target = problem.features, problem.target
    coefficients = problem.coefficients(theta).tolist()
    scaling: ModelScaling = {
        "features": None if features is None else _scales(run.dataset_features, features.scaling),
        "columns": None if _is_identity(problem.scaling) else _scales(columns, problem.scaling),
        "target": None if target == TargetScaling() else {"mean": target.mean, "scale": target.scale},
    }
    return {
        "run_id": run.id,
        "step": step,
        "model": run.request["model"],
        "features": run.dataset_features,
        "target": run.dataset_target,
        "classes": run.classes,
        "parameters": run.parameters,
        "theta": theta,
        "coefficients": dict(zip(run.parameters, coefficients, strict=True)),
        "scaling": scaling,
        "formula": _lines(_exported(context, problem, step, theta)) if len(theta) <= MOST_LINES else None,
    }


def _lines(model: ExportedModel) -> list[str]:
    """The assignments as a person writes them, with the numbers of θ and the names of the features."""
    notation = Notation(
        theta=lambda i: _shown(model.theta[i]),
        feature=lambda j: model.features[j],
        variable=lambda i: f"z{i}",
        calls=MATHEMATICS,
        number=_short,
        infinity="∞",
        nan="NaN",
    )
    names = {each.place: f"P({label})" for each, label in zip(model.program.outputs, model.classes or (), strict=False)}
    names = names or {model.program.outputs[0].place: model.target}
    return [f"{names.get(i, f'z{i}')} = {written(each, notation)}" for i, each in enumerate(model.program.assignments)]


def _shown(number: float) -> str:
    return _short(number) if number >= 0.0 else f"({_short(number)})"


def _short(number: float) -> str:
    return repr(number).removesuffix(".0")


def _is_identity(scaling: Scaling) -> bool:
    return not scaling.mean.any() and bool((scaling.scale == 1.0).all())


def _scales(names: list[str], scaling: Scaling) -> list[ScaledColumn]:
    numbers = zip(names, scaling.mean.tolist(), scaling.scale.tolist(), strict=True)
    return [{"name": name, "mean": mean, "scale": scale} for name, mean, scale in numbers]


def _means(context: RunContext, database: Database) -> list[float]:
    """The means of the run's features, by which the workbook begins; 0 where a damaged summary has none."""
    with database.reading() as connection:
        dataset = datasets.find(connection, context.run.dataset_id or "")
    if dataset is None:
        raise GoneError("The run was deleted just now.")
    choice = of_request(dataset, context.run.request["dataset"])
    return [each["mean"] or 0.0 for each in choice.columns]
