"""Validation of a request against the description of its data: names, sizes, storage. No rule reads a row."""

from collections import Counter
from math import log10
from sys import float_info
from typing import NamedTuple

import orjson

from gd_engine import FormulaError, Shape, column_names, losses_for, share_of
from service.core.column_choice import Choice
from service.core.exceptions import invalid
from service.core.run_record import Classes
from service.core.run_request import (
    AskedObjective,
    AskedRequest,
    DatasetReference,
    ModelRequest,
    ObjectiveRequest,
    SplitRequest,
    StoredRequest,
)
from service.core.settings import Settings
from service.engine_adapter.factory import default_theta0, shape_of, task_of
from service.jobs import hyperparameter_rules, scaling_rules, stored_size

MOST_DECADES = log10(float_info.max)
"""Decimal exponent of the largest finite float64."""
MOST_NAME_CHARACTERS = 1_000_000


class Plan(NamedTuple):
    """A validated run. `columns` are the trajectory's columns after θ; `request` includes the model's defaults.

    The sizes are those of the parameters' names, the classes, and the values that a sweep varies, as JSON.
    """

    request: StoredRequest
    shape: Shape
    columns: list[str]
    classes: Classes
    train_rows: int
    validation_rows: int
    test_rows: int
    bytes_of_names: int
    bytes_of_classes: int
    bytes_of_values: int = 0

    @property
    def gradient_evaluations(self) -> int:
        """The evaluations of ∇E: one at each θ, and another at the point ahead of each step of fista."""
        ahead = self.steps if self.request["descent"]["optimizer"]["kind"] == "fista" else 0
        return self.steps + 1 + ahead

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters, built at the first access: a price needs their number only."""
        return list(self.shape.parameters)

    @property
    def steps(self) -> int:
        """Number of requested updates."""
        return self.request["descent"]["steps"]

    @property
    def width(self) -> int:
        """Number of float64 columns of a stored step."""
        return self.shape.size + len(self.columns)

    @property
    def trajectory_bytes(self) -> int:
        """Size of the whole trajectory in bytes."""
        return 8 * (self.steps + 1) * self.width

    @property
    def stored_bytes(self) -> int:
        """Size of the run in bytes: its trajectory, and approximately its row with all results, tags and indexes."""
        optimum = "optimality_gap" in self.columns  # E is quadratic in θ
        results = stored_size.of_results(self.shape.size, self.bytes_of_names, test=self.test_rows > 0, optimum=optimum)
        request = stored_size.of_json(self.request) + stored_size.of_tags(self.request["tags"])
        names = self.bytes_of_names + self.bytes_of_classes + self.bytes_of_values
        return self.trajectory_bytes + stored_size.ROW_BYTES + request + names + results


class _Model(NamedTuple):
    """What the members of a sweep with one model share."""

    shape: Shape
    classes: Classes
    bytes_of_names: int
    bytes_of_classes: int


class Sizes(NamedTuple):
    """Number of rows in each part of a split."""

    train: int
    validation: int
    test: int


class Pointers(NamedTuple):
    """JSON pointers to the features and to the target of a request."""

    features: str
    target: str


def of_data(dataset: DatasetReference, *, inline: bool) -> Pointers:
    """The pointers of a request with this dataset."""
    if inline:
        return Pointers("/dataset/x", "/dataset/y")
    return Pointers("/dataset/features", "/dataset/target") if "features" in dataset else Pointers(*["/dataset"] * 2)


class DataPlanner:
    """Plans requests on one dataset by sizes alone: no model is built, and what requests share is computed once."""

    def __init__(self, facts: Choice, settings: Settings, pointers: Pointers) -> None:
        self._facts, self._settings = facts, settings
        self._x, self._y = pointers
        self._models: dict[bytes, _Model] = {}
        self._checked: set[tuple[int, bool, bool]] = set()
        self._parts: dict[tuple[object, ...], tuple[SplitRequest, Sizes]] = {}
        self._columns: dict[tuple[object, ...], list[str]] = {}

    def plan(self, asked: AskedRequest) -> Plan:
        """The plan of a request. Raises InvalidError for the first invalid field."""
        standardize = asked["standardize"]
        features = standardize if isinstance(standardize, bool) else bool(standardize["features"])
        model = self._model(asked["model"], features)
        shape = model.shape
        sizes = self._sizes(asked["split"])
        request = _filled(asked, shape)
        hyperparameter_rules.check(request, shape, sizes.train)
        columns = self._names_of_columns(request["objective"], shape, sizes)
        plan = Plan(request, shape, columns, model.classes, *sizes, model.bytes_of_names, model.bytes_of_classes)
        check_size(plan, self._settings)
        return plan

    def _model(self, model: ModelRequest, standardize: bool) -> _Model:
        """The checked shape of a model, with its classes and sizes."""
        key = orjson.dumps([model, standardize])
        if (known := self._models.get(key)) is not None:
            return known
        facts, settings = self._facts, self._settings
        classes = _classes(model, facts, self._y)
        if model["kind"] == "formula":
            check_formula(model["formula"], settings.max_formula, "/model/formula")
        shape = _shape_of(model, facts.features, classes)
        check_parameter_count(shape, settings.max_parameters)
        _check_names(shape, self._x)
        of_columns = (shape.degree, shape.intercept, standardize)
        if of_columns not in self._checked:
            _check_columns(standardize, shape, facts, self._x)
            self._checked.add(of_columns)
        bytes_of_names = stored_size.of_names(shape, model, facts.features, classes)
        found = self._models[key] = _Model(shape, classes, bytes_of_names, stored_size.of_json(classes))
        return found

    def _sizes(self, split: SplitRequest) -> Sizes:
        # A long list of rows is known by its identity, which the kept split preserves.
        key = (id(split.get("test_rows")), split.get("test_fraction"), split["validation_fraction"])
        if key not in self._parts:
            self._parts[key] = split, _sizes(split, self._facts.rows)
        return self._parts[key][1]

    def _names_of_columns(self, objective: ObjectiveRequest, shape: Shape, sizes: Sizes) -> list[str]:
        loss, l1, validation = objective["loss"], objective["l1"], sizes.validation > 0
        key = (shape.task, shape.linear, shape.size, loss, l1 == 0.0, validation)
        if key not in self._columns:
            self._columns[key] = list(column_names(shape, loss, l1=l1, validation=validation))
        return self._columns[key]


def _shape_of(model: ModelRequest, features: list[str], classes: Classes) -> Shape:
    try:
        return shape_of(model, features, classes)
    except FormulaError as error:
        raise invalid("/model/formula", error.message, error.hint) from None


def _filled(asked: AskedRequest, shape: Shape) -> StoredRequest:
    """The request with the defaults that depend on the model."""
    descent = asked["descent"]
    theta0 = default_theta0(shape) if descent["theta0"] is None else descent["theta0"]
    return {
        **asked,
        "split": scaling_rules.filled_split(asked["split"], shape),
        "standardize": scaling_rules.filled_standardize(asked["standardize"], shape),
        "objective": _filled_objective(asked["objective"], shape),
        "descent": {**descent, "theta0": theta0},
    }


def _filled_objective(asked: AskedObjective, shape: Shape) -> ObjectiveRequest:
    suitable = losses_for(shape.task)
    loss = asked["loss"] or suitable[0]
    if loss not in suitable:
        raise invalid("/objective/loss", f"{loss} does not suit {shape.kind}.", f"Choose {' or '.join(suitable)}.")
    objective: ObjectiveRequest = {"loss": loss, "l1": asked["l1"], "l2": asked["l2"]}
    if loss == "huber":
        objective["delta"] = asked["delta"] or 1.0
    elif asked["delta"] is not None:
        raise invalid("/objective/delta", f"{loss} has no delta.", "Remove it, or choose the loss huber.")
    return objective


def check_formula(formula: str, most: int, pointer: str) -> None:
    """Raises InvalidError for a formula of more than `most` characters."""
    if len(formula) > most:
        message = f"The formula has {len(formula)} characters, at most {most} are allowed."
        raise invalid(pointer, message, "Write it shorter.")


def check_parameter_count(shape: Shape, most: int) -> None:
    """Raises InvalidError for a model of more than `most` parameters."""
    if shape.size > most:
        field = {"polynomial": "/degree", "mlp": "/hidden"}.get(shape.kind, "")
        whole, root = ("function", "/function") if shape.kind == "function" else ("model", "/model")
        advice = {
            "polynomial": "Lower the degree or leave out features.",
            "mlp": "Take fewer hidden units.",
            "function": "Write it with fewer names.",
        }
        raise invalid(
            f"{root}{field}",
            f"The {whole} has {shape.size} parameters, at most {most} are allowed.",
            advice.get(shape.kind, "Leave out features."),
        )


def _classes(model: ModelRequest, facts: Choice, pointer: str) -> Classes:
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


def _check_names(shape: Shape, pointer: str) -> None:
    """Raises InvalidError for too long or equal parameter names. A polynomial repeats its features' names in them."""
    if shape.characters > MOST_NAME_CHARACTERS:
        message = (
            f"The names of the parameters would have {shape.characters} characters, at most {MOST_NAME_CHARACTERS} may "
            "be."
        )
        raise invalid(pointer, message, "Give the features shorter names.")
    if not shape.distinct and len(set(shape.parameters)) < shape.size:
        [(name, _)] = Counter(shape.parameters).most_common(1)
        raise invalid(pointer, f"A feature is called {name}, as a parameter of the model is.", "Rename the feature.")


def _check_columns(standardize: bool, shape: Shape, facts: Choice, pointer: str) -> None:
    # The standard deviation squares each standardised column.
    power = shape.degree * (2 if standardize else 1)
    for column in facts.columns:
        name, least, greatest = column["name"], column["min"], column["max"]
        if least is None or greatest is None:  # a damaged summary of an earlier version
            continue
        if power * log10(max(-least, greatest, 1.0)) > MOST_DECADES:
            raise invalid(
                pointer,
                f"The feature {name} reaches {max(-least, greatest)!r}, whose power {power} is not finite.",
                "Give the feature in a larger unit.",
            )
        if standardize and least < greatest and column["standard_deviation"] == 0:
            raise invalid(
                pointer,
                f"The feature {name} varies so little that its standard deviation is 0.",
                "Give the feature in a smaller unit.",
            )


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


def check_size(plan: Plan, settings: Settings) -> None:
    """Raises InvalidError for a plan over the limits of time, steps or bytes."""
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
