"""Translation of a request into engine objects: model, split, loss, θ₀, descent configuration."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from gd_engine import (
    LOSSES,
    MODELS,
    OPTIMIZERS,
    SCHEDULES,
    SHAPES,
    Choices,
    DescentConfig,
    Model,
    Optimizer,
    Shape,
    Split,
    Stop,
    initial_theta,
    normal_theta,
    split_by_fraction,
    split_by_rows,
)
from gd_engine.arrays import FloatArray, IntArray
from service.core.run_record import Classes
from service.core.run_request import (
    BaseRequest,
    ModelRequest,
    StoredRequest,
    Theta0,
    is_by_name,
    is_normal,
)


def task_of(model: ModelRequest) -> str:
    """The task of a request's model: "regression" or "classification"."""
    classifies = model["kind"] in {"logistic", "softmax"} or model.get("task") == "classification"
    return "classification" if classifies else "regression"


def model_of(request: BaseRequest, features: Sequence[str], classes: Classes) -> Model:
    """The engine's model of a request. Raises FormulaError."""
    kind, options = _model_options(request["model"], classes)
    return MODELS[kind](features, **options)


def shape_of(model: ModelRequest, features: Sequence[str], classes: Classes) -> Shape:
    """The sizes of a request's model, in microseconds. Raises FormulaError."""
    kind, options = _model_options(model, classes)
    return SHAPES[kind](features, **options)


def _model_options(model: ModelRequest, classes: Classes) -> tuple[str, dict[str, Any]]:
    kind, options = _kind_and_options(model)
    if kind == "softmax" or options.get("task") == "classification":
        options["classes"] = [str(label) for label in classes or ()]
    return kind, options


def split_of(request: BaseRequest, rows: int, classes: IntArray | None) -> Split:
    """The engine's split of a request. `classes`: the class of each row, for a stratified split.

    Raises ValueError if it leaves no training row.
    """
    split = request["split"]
    # Requests of earlier versions lack stratify and validation_fraction, and lack seed and shuffle beside test_rows.
    validation, seed, shuffle = split.get("validation_fraction", 0.0), split.get("seed", 0), split.get("shuffle", True)
    options: dict[str, Any] = {"validation": validation, "seed": seed, "shuffle": shuffle, "classes": classes}
    if "test_rows" in split:
        return split_by_rows(rows, split["test_rows"], **options)
    return split_by_fraction(rows, split["test_fraction"], **options)


def is_stratified(request: BaseRequest) -> bool:
    """Whether the split of a stored request needs the classes of the rows."""
    return bool(request["split"].get("stratify"))


class Standardization(NamedTuple):
    """What a request standardises; `before_powers`: the features of a polynomial, not only its columns."""

    features: bool
    before_powers: bool
    target: bool


def standardization_of(request: BaseRequest) -> Standardization:
    """The standardisation of a stored request; a function without data has none."""
    asked = request.get("standardize", False)
    if isinstance(asked, bool):
        return Standardization(asked, before_powers=False, target=False)
    return Standardization(bool(asked["features"]), asked["features"] is True, asked["target"])


def posing_of(request: StoredRequest) -> dict[str, Any]:
    """The options of `gd_engine.pose_blocks`."""
    objective = request["objective"]
    options = {"delta": objective["delta"]} if objective["loss"] == "huber" else {}
    return {
        "loss": LOSSES[objective["loss"]](**options),
        "l1": objective["l1"],
        "l2": objective["l2"],
        "standardize": standardization_of(request).features,
        "target": standardization_of(request).target,
        # Minibatches need all rows.
        "reduce": request["descent"]["batch_size"] is None,
    }


def theta0_of(request: BaseRequest, model: Model) -> FloatArray:
    """θ₀ of a request, shape (p,)."""
    descent = request["descent"]
    theta0, seed = descent["theta0"], descent["seed"]
    if theta0 is None:
        return initial_theta(model, seed)
    if theta0 == "zeros":
        return np.zeros(len(model.parameters))
    if is_normal(theta0):
        return normal_theta(model, theta0["scale"], seed)
    if is_by_name(theta0):
        theta0 = [theta0[name] for name in model.parameters]
    return np.array(theta0, dtype=np.float64)


def without_default_theta0(request: StoredRequest, model: Model | Shape) -> StoredRequest:
    """The request with null for a θ₀ that is the model's default, as a client may leave it out."""
    descent = request["descent"]
    if descent["theta0"] != default_theta0(model):
        return request
    return {**request, "descent": {**descent, "theta0": None}}


def choices_of(request: StoredRequest, model: Model) -> Choices:
    """The user's choices for the diagnosis."""
    descent = request["descent"]
    optimizer, (schedule, schedule_options) = descent["optimizer"], _kind_and_options(descent["schedule"])
    plain = Choices()
    return Choices(
        standardize=standardization_of(request).features,
        automatic=descent["learning_rate"] == "auto",
        optimizer=optimizer["kind"],
        momentum=optimizer.get("momentum", plain.momentum),
        decay=optimizer.get("decay", plain.decay),
        weight_decay=optimizer.get("weight_decay", plain.weight_decay),
        optimizer_options=tuple(_kind_and_options(optimizer)[1]),
        schedule=schedule,
        schedule_options=tuple(schedule_options),
        own_theta0=descent["theta0"] not in (None, default_theta0(model)),
        seed=descent["seed"],
        theta0=theta0_of(request, model),
    )


def default_theta0(model: Model | Shape) -> Theta0:
    """Default θ₀ of a model in JSON form; None for a θ₀ drawn by the seed."""
    if model.kind == "mlp":
        return None
    if isinstance(model, Model) and model.kind == "function":
        return dict(zip(model.parameters, initial_theta(model).tolist(), strict=True))
    return dict.fromkeys(model.parameters, 1.0) if model.kind == "formula" else "zeros"


def config_of(request: BaseRequest, learning_rate: float) -> DescentConfig:
    """The descent configuration of a request. `learning_rate` is a number, also for "auto"."""
    descent = request["descent"]
    optimizer, optimizer_options = _kind_and_options(descent["optimizer"])
    schedule, schedule_options = _kind_and_options(descent["schedule"])
    return DescentConfig(
        optimizer=_optimizer(optimizer, *optimizer_options.items()),
        learning_rate=SCHEDULES[schedule](learning_rate, descent["steps"], **schedule_options),
        steps=descent["steps"],
        batch_size=descent["batch_size"],
        seed=descent["seed"],
        clip_norm=descent["clip_norm"],
        stop=Stop(**descent["stop"]),
    )


@lru_cache
def _optimizer(kind: str, *options: tuple[str, Any]) -> Optimizer:
    """Cached optimiser: equal options give the identical object, which batched descents compare."""
    return OPTIMIZERS[kind](**dict(options))


def _kind_and_options(choice: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return choice["kind"], {name: value for name, value in choice.items() if name != "kind"}
