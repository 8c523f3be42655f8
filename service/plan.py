"""What a request asks of its data, found out without touching a row: names, sizes, price; or what is wrong with it."""

from collections import Counter
from math import comb, log10
from sys import float_info
from typing import Any, NamedTuple, Protocol

from gd_engine import MODELS, Model, Split, column_names, losses_for, split_by_fraction, split_by_rows
from service.errors import invalid
from service.settings import Settings

Request = dict[str, Any]
"""The body of POST /fit as JSON, every default filled in."""


MOST_DECADES = log10(float_info.max)
"""Numbers beyond 10 to this power are not finite."""


class Facts(Protocol):
    """What is known of a dataset besides its rows."""

    @property
    def rows(self) -> int: ...
    @property
    def features(self) -> list[str]: ...
    @property
    def target(self) -> str: ...
    @property
    def labels(self) -> list[str] | list[int] | None: ...
    @property
    def text_target(self) -> bool: ...
    @property
    def summary(self) -> list[dict[str, Any]]: ...


class Plan(NamedTuple):
    """A run before it runs. `columns` are the trajectory's after θ."""

    parameters: list[str]
    columns: list[str]
    classes: list[str] | list[int] | None
    loss: str
    train_rows: int
    test_rows: int
    steps: int

    @property
    def trajectory_bytes(self) -> int:
        """What the trajectory takes to store."""
        return 8 * (self.steps + 1) * (len(self.parameters) + len(self.columns))


def make(request: Request, facts: Facts, settings: Settings, inline: bool) -> Plan:
    """The plan of a request on a dataset. Raises InvalidError naming the first field that does not fit."""
    x, y = ("/dataset/x", "/dataset/y") if inline else ("/dataset", "/dataset")
    _check_parameter_count(request["model"], len(facts.features), settings.max_parameters)
    model = model_of(request, facts.features)
    classes = _classes(model, facts, y)
    _check_columns(request, model, facts, x)
    split = _split(request["split"], facts.rows)
    plan = Plan(
        parameters=list(model.parameters),
        columns=list(column_names(model.task)),
        classes=classes,
        loss=_loss(request, model),
        train_rows=len(split.train),
        test_rows=len(split.test),
        steps=request["descent"]["steps"],
    )
    _check_theta0(request["descent"]["theta0"], plan.parameters)
    _check_size(plan, settings)
    return plan


def model_of(request: Request, features: list[str]) -> Model:
    """The engine's model of a request."""
    options = {name: value for name, value in request["model"].items() if name != "kind"}
    return MODELS[request["model"]["kind"]](features, **options)


def split_of(request: Request, rows: int) -> Split:
    """The engine's split of a request. Raises ValueError if it leaves no training row."""
    split = request["split"]
    if "test_rows" in split:
        return split_by_rows(rows, split["test_rows"])
    return split_by_fraction(rows, split["test_fraction"], seed=split["seed"], shuffle=split["shuffle"])


def _check_parameter_count(model: Request, features: int, most: int) -> None:
    degree = model.get("degree", 1)
    count = comb(features + degree, degree) - (0 if model["intercept"] else 1)
    if count > most:
        raise invalid(
            "/model/degree" if degree > 1 else "/model",
            f"The model has {count} parameters, at most {most} are allowed.",
            "Lower the degree or leave out features." if degree > 1 else "Leave out features.",
        )


def _classes(model: Model, facts: Facts, pointer: str) -> list[str] | list[int] | None:
    if model.task == "regression":
        if facts.text_target:
            raise invalid(
                pointer,
                f"{facts.target} holds class labels, and {model.kind} predicts numbers.",
                'Choose the model {"kind": "logistic"}, or give numbers.',
            )
        return None
    count = len(facts.labels or [])
    if facts.labels is None or count != 2:
        found = f"{count} classes" if facts.labels else "numbers that are no classes"
        raise invalid(
            pointer,
            f"{facts.target} holds {found}; logistic needs exactly two.",
            "Give labels of two kinds, strings or whole numbers.",
        )
    return facts.labels


def _check_columns(request: Request, model: Model, facts: Facts, pointer: str) -> None:
    if len(set(model.parameters)) < len(model.parameters):
        [(name, _)] = Counter(model.parameters).most_common(1)
        raise invalid(pointer, f"A feature is called {name}, as a parameter of the model is.", "Rename the feature.")
    # Standardised, a column is squared for its standard deviation.
    power = int(model.monomials.sum(axis=1).max()) * (2 if request["standardize"] else 1)
    for column in facts.summary[:-1]:
        name, least, greatest = column["name"], column["min"], column["max"]
        if least == greatest and (model.intercept or request["standardize"]):
            raise invalid(
                pointer,
                f"The feature {name} is {least!r} in every row, so nothing can be learned from it.",
                "Leave it out, or if it stands for the intercept, set model.intercept to false.",
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


def _split(split: Request, rows: int) -> Split:
    if "test_rows" not in split:
        try:
            return split_of({"split": split}, rows)
        except ValueError as error:
            raise invalid("/split/test_fraction", f"{error}.", "Lower it, or give more rows.") from None
    test_rows = split["test_rows"]
    for place, row in enumerate(test_rows):
        if row >= rows:
            raise invalid(f"/split/test_rows/{place}", f"There is no row {row}.", f"Rows go from 0 to {rows - 1}.")
    parts = split_of({"split": split}, rows)
    if len(parts.test) < len(test_rows):
        raise invalid("/split/test_rows", "A row is named twice.", "Name each test row once.")
    if len(parts.train) == 0:
        raise invalid("/split/test_rows", "No row is left for training.", "Name fewer test rows.")
    return parts


def _loss(request: Request, model: Model) -> str:
    loss: str | None = request["objective"]["loss"]
    suitable = losses_for(model.task)
    if loss is not None and loss not in suitable:
        raise invalid("/objective/loss", f"{loss} does not suit {model.kind}.", f"Choose {' or '.join(suitable)}.")
    return loss or suitable[0]


def _check_theta0(theta0: Any, parameters: list[str]) -> None:
    pointer = "/descent/theta0"
    if isinstance(theta0, list) and len(theta0) != len(parameters):
        raise invalid(
            pointer,
            f"θ₀ has {len(theta0)} numbers, the model {len(parameters)} parameters.",
            f"Give one each for {_shortened(parameters)}.",
        )
    if isinstance(theta0, dict) and set(theta0) != set(parameters):
        wrong = min(set(theta0) ^ set(parameters))
        problem = "is missing" if wrong in parameters else "is not a parameter"
        raise invalid(pointer, f"{wrong[:200]} {problem}.", f"Give one number each for {_shortened(parameters)}.")


def _check_size(plan: Plan, settings: Settings) -> None:
    if plan.steps > settings.max_steps:
        raise invalid("/descent/steps", f"At most {settings.max_steps} steps are allowed.", "Ask for fewer steps.")
    if plan.trajectory_bytes > settings.max_trajectory_bytes:
        raise invalid(
            "/descent/steps",
            f"The trajectory would take {plan.trajectory_bytes} bytes, {settings.max_trajectory_bytes} are allowed.",
            "Ask for fewer steps, or use fewer parameters.",
        )


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
