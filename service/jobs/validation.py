"""Validation of a request against the description of its data: names, sizes, storage. No rule reads a row."""

from collections import Counter
from itertools import pairwise
from math import comb, log10
from sys import float_info
from typing import NamedTuple

from gd_engine import FormulaError, Model, column_names, losses_for, share_of
from service.core.dataset_record import Dataset
from service.core.exceptions import invalid
from service.core.run_record import Classes
from service.core.run_request import (
    AskedObjective,
    AskedRequest,
    BaseRequest,
    ModelRequest,
    ObjectiveRequest,
    SplitRequest,
    StoredRequest,
)
from service.core.settings import Settings
from service.engine_adapter.factory import model_of, own_theta0, task_of
from service.jobs import hyperparameter_rules
from service.storage.datasets import NewDataset

MOST_DECADES = log10(float_info.max)
"""Decimal exponent of the largest finite float64."""
MOST_NAME_CHARACTERS = 1_000_000


Facts = Dataset | NewDataset
"""Description of a dataset without its rows."""


class Plan(NamedTuple):
    """A validated run. `columns` are the trajectory's columns after θ; `request` includes the model's defaults."""

    request: StoredRequest
    parameters: list[str]
    columns: list[str]
    classes: Classes
    train_rows: int
    validation_rows: int
    test_rows: int

    @property
    def steps(self) -> int:
        """Number of requested updates."""
        return self.request["descent"]["steps"]

    @property
    def width(self) -> int:
        """Number of float64 columns of a stored step."""
        return len(self.parameters) + len(self.columns)

    @property
    def trajectory_bytes(self) -> int:
        """Size of the whole trajectory in bytes."""
        return 8 * (self.steps + 1) * self.width


def make(asked: AskedRequest, facts: Facts, settings: Settings, inline: bool) -> Plan:
    """The plan of a request on a dataset. Raises InvalidError for the first invalid field."""
    x, y = ("/dataset/x", "/dataset/y") if inline else ("/dataset", "/dataset")
    classes = _classes(asked["model"], facts, y)
    _check_formula(asked["model"], settings.max_formula)
    _check_parameter_count(asked["model"], len(facts.features), len(classes or ()), settings.max_parameters)
    model = _model(asked, facts.features, classes)
    _check_names(model, x)
    _check_columns(asked, model, facts, x)
    sizes = _sizes(asked["split"], facts.rows)
    request = _filled(asked, model)
    hyperparameter_rules.check(request, list(model.parameters), sizes.train)
    loss, l1 = request["objective"]["loss"], request["objective"]["l1"]
    plan = Plan(
        request=request,
        parameters=list(model.parameters),
        columns=list(column_names(model, loss, l1=l1, validation=sizes.validation > 0)),
        classes=classes,
        train_rows=sizes.train,
        validation_rows=sizes.validation,
        test_rows=sizes.test,
    )
    _check_size(plan, settings)
    return plan


def _model(request: BaseRequest, features: list[str], classes: Classes) -> Model:
    try:
        model = model_of(request, features, classes)
    except FormulaError as error:
        raise invalid("/model/formula", error.message, error.hint) from None
    if model.kind == "formula" and request["standardize"]:
        raise invalid(
            "/standardize",
            "A formula is of the data in its own units.",
            "Set standardize to false, and write the scale into the formula: exp(-b2*x/1000).",
        )
    return model


def _filled(asked: AskedRequest, model: Model) -> StoredRequest:
    """The request with the defaults that depend on the model."""
    descent = asked["descent"]
    theta0 = own_theta0(model) if descent["theta0"] is None else descent["theta0"]
    return {
        **asked,
        "objective": _filled_objective(asked["objective"], model),
        "descent": {**descent, "theta0": theta0},
    }


def _filled_objective(asked: AskedObjective, model: Model) -> ObjectiveRequest:
    suitable = losses_for(model.task)
    loss = asked["loss"] or suitable[0]
    if loss not in suitable:
        raise invalid("/objective/loss", f"{loss} does not suit {model.kind}.", f"Choose {' or '.join(suitable)}.")
    objective: ObjectiveRequest = {"loss": loss, "l1": asked["l1"], "l2": asked["l2"]}
    if loss == "huber":
        objective["delta"] = asked["delta"] or 1.0
    elif asked["delta"] is not None:
        raise invalid("/objective/delta", f"{loss} has no delta.", "Remove it, or choose the loss huber.")
    return objective


def _check_formula(model: ModelRequest, most: int) -> None:
    if model["kind"] == "formula" and len(model["formula"]) > most:
        message = f"The formula has {len(model['formula'])} characters, at most {most} are allowed."
        raise invalid("/model/formula", message, "Write it shorter.")


def _check_parameter_count(model: ModelRequest, features: int, classes: int, most: int) -> None:
    count = _parameter_count(model, features, classes)
    if count > most:
        field = {"polynomial": "/degree", "mlp": "/hidden"}.get(model["kind"], "")
        advice = {"polynomial": "Lower the degree or leave out features.", "mlp": "Take fewer hidden units."}
        raise invalid(
            f"/model{field}",
            f"The model has {count} parameters, at most {most} are allowed.",
            advice.get(model["kind"], "Leave out features."),
        )


def _parameter_count(model: ModelRequest, features: int, classes: int) -> int:
    """Number of parameters by formula, since building an oversized model is expensive. 0 for a formula model."""
    if model["kind"] == "formula":
        return 0  # max_formula limits its parameters
    outputs = classes if classes > 2 else 1
    if model["kind"] == "mlp":
        sizes = [features, *model["hidden"], outputs]
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    degree = model.get("degree", 1)
    columns = comb(features + degree, degree) - (0 if model["intercept"] else 1)
    return columns * (classes if model["kind"] == "softmax" else 1)


def _classes(model: ModelRequest, facts: Facts, pointer: str) -> Classes:
    kind = model["kind"]
    if task_of(model) == "regression":
        if facts.text_target:
            raise invalid(
                pointer,
                f"{facts.target} holds class labels, and {kind} predicts numbers.",
                'Choose the model {"kind": "logistic"} for two classes or {"kind": "softmax"}, or give numbers.',
            )
        return None
    count = len(facts.labels or [])
    if facts.labels is None or count < 2 or (kind == "logistic" and count > 2):
        found = f"{count} {'class' if count == 1 else 'classes'}" if facts.labels else "numbers that are no classes"
        raise invalid(
            pointer,
            f"{facts.target} holds {found}; {kind} needs {'exactly' if kind == 'logistic' else 'at least'} two.",
            'For more classes choose the model {"kind": "softmax"}.'
            if count > 2
            else "Give labels of two kinds or more, strings or whole numbers.",
        )
    return facts.labels


def _check_names(model: Model, pointer: str) -> None:
    """Raises InvalidError for too long parameter names. A polynomial repeats its features' names in its parameters."""
    characters = sum(map(len, model.parameters))
    if characters > MOST_NAME_CHARACTERS:
        message = (
            f"The names of the parameters would have {characters} characters, at most {MOST_NAME_CHARACTERS} may be."
        )
        raise invalid(pointer, message, "Give the features shorter names.")


def _check_columns(request: BaseRequest, model: Model, facts: Facts, pointer: str) -> None:
    if len(set(model.parameters)) < len(model.parameters):
        [(name, _)] = Counter(model.parameters).most_common(1)
        raise invalid(pointer, f"A feature is called {name}, as a parameter of the model is.", "Rename the feature.")
    # The standard deviation squares each standardised column.
    power = int(model.monomials.sum(axis=1).max()) * (2 if request["standardize"] else 1)
    for column in facts.summary[:-1]:
        name, least, greatest = column["name"], column["min"], column["max"]
        if least == greatest and (model.intercept or request["standardize"]):
            raise invalid(
                pointer,
                f"The feature {name} is {least!r} in every row, so nothing can be learned from it.",
                "Leave it out, or if it is the intercept, set model.intercept to false.",
            )
        if power * log10(max(-least, greatest, 1.0)) > MOST_DECADES:
            raise invalid(
                pointer,
                f"The feature {name} reaches {max(-least, greatest)!r}, whose power {power} is not finite.",
                "Give the feature in a larger unit.",
            )
        if request["standardize"] and column["standard_deviation"] == 0:
            raise invalid(
                pointer,
                f"The feature {name} varies so little that its standard deviation is 0.",
                "Give the feature in a smaller unit.",
            )


class Sizes(NamedTuple):
    """Number of rows in each part of a split."""

    train: int
    validation: int
    test: int


def _sizes(split: SplitRequest, rows: int) -> Sizes:
    """The sizes of a split's parts, computed without drawing rows. Raises InvalidError for an impossible split."""
    test = _named(split["test_rows"], rows) if "test_rows" in split else _share(rows, split["test_fraction"], "test")
    validation = _share(rows - test, split["validation_fraction"], "validation")
    return Sizes(rows - test - validation, validation, test)


def _share(rows: int, share: float, name: str) -> int:
    try:
        return share_of(rows, share, name)
    except ValueError as error:
        raise invalid(f"/split/{name}_fraction", f"{error}.", "Lower it, or give more rows.") from None


def _named(test_rows: list[int], rows: int) -> int:
    for place, row in enumerate(test_rows):
        if row >= rows:
            raise invalid(f"/split/test_rows/{place}", f"There is no row {row}.", f"Rows go from 0 to {rows - 1}.")
    if len(set(test_rows)) < len(test_rows):
        raise invalid("/split/test_rows", "A row is named twice.", "Name each test row once.")
    if len(test_rows) == rows:
        raise invalid("/split/test_rows", "No row is left for training.", "Name fewer test rows.")
    return len(test_rows)


def _check_size(plan: Plan, settings: Settings) -> None:
    deadline = plan.request["deadline_seconds"]
    if deadline is not None and deadline > settings.max_run_seconds:
        raise invalid(
            "/deadline_seconds", f"A run may compute for {settings.max_run_seconds:g} seconds.", "Give at most as much."
        )
    if plan.steps > settings.max_steps:
        raise invalid("/descent/steps", f"At most {settings.max_steps} steps are allowed.", "Ask for fewer steps.")
    if plan.trajectory_bytes > settings.max_trajectory_bytes:
        raise invalid(
            "/descent/steps",
            f"The trajectory would take {plan.trajectory_bytes} bytes, {settings.max_trajectory_bytes} are allowed.",
            "Ask for fewer steps, or use fewer parameters.",
        )
