"""Findings of planted faults: each fault has its finding, whose change corrects the descent."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    SCHEDULES,
    Choices,
    DescentConfig,
    Stop,
    auto_learning_rate,
    descend,
    initial_theta,
    losses_for,
    normal_theta,
    pose,
    split_by_fraction,
    start,
)
from gd_engine.arrays import FloatArray
from gd_engine.diagnosis import Finding, History, Stretch, diagnose
from service.datasets import samples
from tests.gd_engine.diagnosis.french import check_french

Request = dict[str, Any]
MLP = {"kind": "mlp"}
RELU = {"kind": "mlp", "activation": "relu"}
LOGISTIC = {"kind": "logistic"}
SATURATION = {"kind": "formula", "formula": "b1*(1 - exp(-b2*x1))"}


class Done(NamedTuple):
    """A finished descent and its diagnosis."""

    findings: list[Finding]
    reason: str
    energy: FloatArray
    columns: dict[str, FloatArray]

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]


def merged(target: Any, patch: Any) -> Any:
    """The target after a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def without_kind(asked: Mapping[str, Any]) -> Request:
    return {name: value for name, value in asked.items() if name != "kind"}


def run(x: FloatArray, y: FloatArray, request: Request) -> Done:
    """The descent of a request and its diagnosis, as in the service."""
    features = [f"x{j + 1}" for j in range(x.shape[1])]
    asked = {"kind": "linear"} | request.get("model", {})
    if asked["kind"] == "softmax":
        asked["classes"] = [str(label) for label in range(int(y.max()) + 1)]
    model = MODELS[asked["kind"]](features, **without_kind(asked))
    objective = {"loss": losses_for(model.task)[0]} | request.get("objective", {})
    descent = {"steps": 100, "learning_rate": "auto"} | request.get("descent", {})
    batch = descent.get("batch_size")
    split = split_by_fraction(len(y), request.get("split", {}).get("test_fraction", 0.25))
    standardize = request.get("standardize", False)
    problem = pose(model, x, y, split, **objective, standardize=standardize, reduce=batch is None)
    optimizer = {"kind": "gd"} | descent.get("optimizer", {})
    method = OPTIMIZERS[optimizer["kind"]](**without_kind(optimizer))
    theta0 = theta_of(model, descent)
    rate = descent["learning_rate"]
    rate = auto_learning_rate(problem.energy, theta0) if rate == "auto" else rate
    schedule = {"kind": "constant"} | descent.get("schedule", {})
    rates = SCHEDULES[schedule["kind"]](rate, descent["steps"], **without_kind(schedule))
    stop = Stop(**descent.get("stop", {}))
    config = DescentConfig(method, rates, descent["steps"], batch, 0, descent.get("clip_norm"), stop)
    blocks = list(descend(problem, config, start(theta0, method)))
    theta = np.concatenate([block.theta for block in blocks])
    columns = {name: np.concatenate([block.columns[name] for block in blocks]) for name in blocks[0].columns}

    def stretch(rows: Any) -> Stretch:
        return Stretch(np.arange(len(theta))[rows], theta[rows], {name: c[rows] for name, c in columns.items()})

    rows = np.unique(np.linspace(0, max(len(theta) - 1, 0), 2000).astype(int))[: len(theta)]
    history = History(stretch(rows), stretch(slice(max(len(theta) - 256, 0), None)))
    outcome = blocks[-1].outcome
    assert outcome is not None
    found = diagnose(problem, config, outcome, history, choices=choices_of(request), features=features)
    check_french(found)
    return Done(found, outcome.reason, columns["train_loss"], columns | {"theta": theta})


def choices_of(request: Request) -> Choices:
    descent = request.get("descent", {})
    optimizer, schedule = descent.get("optimizer", {}), {"kind": "constant"} | descent.get("schedule", {})
    options: dict[str, Any] = {name: optimizer[name] for name in ("momentum", "decay") if name in optimizer}
    return Choices(
        standardize=request.get("standardize", False),
        automatic=descent.get("learning_rate", "auto") == "auto",
        optimizer=optimizer.get("kind", "gd"),
        optimizer_options=tuple(without_kind(optimizer)),
        schedule=schedule["kind"],
        schedule_options=tuple(without_kind(schedule)),
        own_theta0=descent.get("theta0") is not None,
        seed=descent.get("seed", 0),
        **options,
    )


def theta_of(model: Any, descent: Request) -> FloatArray:
    theta0 = descent.get("theta0")
    if theta0 is None:
        return initial_theta(model, descent.get("seed", 0))
    if theta0 == "zeros":
        return np.zeros(len(model.parameters))
    if isinstance(theta0, dict) and "kind" in theta0:
        return normal_theta(model, theta0.get("scale", 1.0), descent.get("seed", 0))
    return np.array([theta0[name] for name in model.parameters] if isinstance(theta0, dict) else theta0, dtype=float)


def data(seed: int = 0, n: int = 80, noise: float = 0.3) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, 3))
    return x, x @ np.array([1.0, -2.0, 0.5]) + 1.0 + noise * random.standard_normal(n)


def labels(seed: int = 0, n: int = 80) -> FloatArray:
    _, y = data(seed, n, noise=0.0)
    return (y + np.random.default_rng(seed + 1).logistic(size=n) > 1.0).astype(np.float64)


X, Y = data()
C = labels()
BOUND = 2.0 * auto_learning_rate(
    pose(MODELS["linear"](["a", "b", "c"]), X, Y, split_by_fraction(80, 0.25)).energy, np.zeros(4)
)
SEPARABLE = (data(noise=0.0)[1] > 1.0).astype(np.float64)
SCALES = X * [1.0, 100.0, 0.01]
WIDE = np.random.default_rng(7).standard_normal((80, 30))
NOISE = np.random.default_rng(8).standard_normal(80)
CONSTANT = np.column_stack([X, np.full(80, 3.0)])
TWICE = np.column_stack([X, 32.0 - 1.8 * X[:, 0]])
NEAR = np.column_stack([X, X[:, 0] + 0.02 * NOISE])


def asked(model: Request | None = None, objective: Request | None = None, **descent: Any) -> Request:
    parts = {"model": model, "objective": objective, "descent": descent}
    return {name: part for name, part in parts.items() if part}


def of(kind: str, **options: Any) -> Request:
    return {"kind": kind, **options}


FAULTS: dict[str, tuple[str, FloatArray, FloatArray, Request]] = {
    "the course's rate": ("learning_rate_too_large", X * 2, Y, asked(None, {"loss": "sse"}, learning_rate=1.0)),
    "rate and scales": ("learning_rate_too_large", SCALES, Y, asked(None, {"loss": "sse"}, learning_rate=1.0)),
    "rate, few steps": ("learning_rate_too_large", X, Y, asked(learning_rate=10.0)),
    "rate, momentum": ("learning_rate_too_large", X, Y, asked(learning_rate=10.0, optimizer=of("momentum"))),
    "rate, nesterov": ("learning_rate_too_large", X, Y, asked(learning_rate=0.7, optimizer=of("nesterov"))),
    "rate, adam": ("learning_rate_too_large", X, Y, asked(learning_rate=1e3, optimizer=of("adam"))),
    "rate, logistic": ("learning_rate_too_large", X, C, asked(LOGISTIC, learning_rate=1e3)),
    "rate, perceptron": ("learning_rate_too_large", X, Y, asked(MLP, learning_rate=50.0)),
    "rate, sse of a perceptron": ("learning_rate_too_large", X, Y, asked(MLP, {"loss": "sse"}, learning_rate=1.0)),
    "rate, mae": ("learning_rate_too_large", X, Y, asked(None, {"loss": "mae"}, learning_rate=5.0)),
    "rate, cosine": ("learning_rate_too_large", X, Y, asked(learning_rate=5.0, schedule=of("cosine"))),
    "rate, fallen": (
        "learning_rate_too_large",
        X,
        Y,
        asked(learning_rate=5.0, schedule=of("exponential", factor=0.9), steps=60),
    ),
    "rate, batches": ("learning_rate_too_large", X, Y, asked(learning_rate=2.0, batch_size=8)),
    "rate, clipped": ("learning_rate_too_large", X, Y, asked(learning_rate=2.0, clip_norm=1.0)),
    "overshooting": ("oscillation", X, Y, asked(learning_rate=0.998 * BOUND)),
    "ringing": ("oscillation", X, Y, asked(optimizer=of("momentum", momentum=0.99))),
    "overshooting rmsprop": ("oscillation", X, Y, asked(learning_rate=1.0, optimizer=of("rmsprop"))),
    "overshooting mae": ("oscillation", X, Y, asked(None, {"loss": "mae"}, learning_rate=1.0, steps=300)),
    "small rate": ("too_few_steps", X, Y, asked(learning_rate=1e-4)),
    "small rate, sse": ("too_few_steps", X, Y, asked(None, {"loss": "sse"}, learning_rate=1e-5)),
    "small rate, momentum": ("too_few_steps", X, Y, asked(learning_rate=1e-4, optimizer=of("momentum"))),
    "small rate, adam": ("too_few_steps", X, Y, asked(learning_rate=1e-3, optimizer=of("adam"))),
    "small rate, adagrad": ("too_few_steps", X, Y, asked(learning_rate=1e-3, optimizer=of("adagrad"))),
    "small rate, rmsprop": ("too_few_steps", X, Y, asked(learning_rate=1e-4, optimizer=of("rmsprop"))),
    "small rate, logistic": ("too_few_steps", X, C, asked(LOGISTIC, learning_rate=0.01)),
    "small rate, huber": ("too_few_steps", X, Y, asked(None, {"loss": "huber"}, learning_rate=1e-4)),
    "small rate, perceptron": ("too_few_steps", X, Y, asked(MLP, learning_rate=1e-5, steps=500)),
    "small rate, batches": ("too_few_steps", X, Y, asked(learning_rate=1e-4, batch_size=8)),
    "rate that fell": ("too_few_steps", X, Y, asked(schedule=of("step", every=2, factor=0.1))),
    "few steps": ("too_few_steps", X, Y, asked(steps=4)),
    "few steps, momentum": ("too_few_steps", X, Y, asked(steps=20, optimizer=of("momentum"))),
    "few steps, perceptron": ("too_few_steps", X, Y, asked(MLP, steps=4)),
    "lax stop": ("too_few_steps", X, Y, asked(stop={"loss_change": 0.5})),
    "scales": ("ill_conditioned", SCALES, Y, {}),
    "scales, momentum": ("ill_conditioned", SCALES, Y, asked(optimizer=of("momentum"))),
    "scales, adam": ("ill_conditioned", SCALES, Y, asked(optimizer=of("adam"))),
    "scales, logistic": ("ill_conditioned", X * [1, 1000, 0.01], C, asked(LOGISTIC)),
    "far from 0": ("ill_conditioned", X + np.array([0.0, 300.0, 0.0]), Y, {}),
    "collinear": ("ill_conditioned", NEAR, Y + 40 * (NEAR[:, 3] - X[:, 0]), {"standardize": True}),
    "zeros": ("plateau", X, Y, asked(MLP, theta0="zeros")),
    "saturated": (
        "plateau",
        X,
        C,
        asked(LOGISTIC, {"loss": "mse"}, learning_rate=1.0, theta0=[0.0, -300.0, 300.0, 0.0]),
    ),
    "overfitting": ("overfitting", WIDE, NOISE, asked(steps=5000) | {"split": {"test_fraction": 0.5}}),
    "overfitting perceptron": (
        "overfitting",
        WIDE[:, :5],
        WIDE[:, 0] + NOISE,
        asked(MLP | {"hidden": [10]}, steps=5000, learning_rate=0.03) | {"split": {"test_fraction": 0.5}},
    ),
    "constant": ("constant_column", CONSTANT, Y, {}),
    "constant, standardised": ("constant_column", CONSTANT, Y, {"standardize": True}),
    "constant, logistic": ("constant_column", CONSTANT, C, asked(LOGISTIC, steps=1000)),
    "twice": ("duplicate_columns", TWICE, Y, {"standardize": True}),
    "twice, logistic": ("duplicate_columns", TWICE, C, asked(LOGISTIC, steps=300) | {"standardize": True}),
    "separable": ("separable_classes", X, SEPARABLE, asked(LOGISTIC, steps=5000)),
    "dead from the start": (
        "dead_units",
        X,
        Y,
        asked(RELU, steps=300, theta0=[-100.0] * 8 + [0.1 * (k % 7) for k in range(33)]),
    ),
    "killed": ("dead_units", X, Y, asked(RELU, steps=300, learning_rate=0.5)),
    "saturated units": ("dead_units", 1000 + X, Y, asked(MLP, steps=300)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_one_finding_whose_change_corrects_it(name: str) -> None:
    code, x, y, request = FAULTS[name]
    done = run(x, y, request)
    assert done.codes == [code], [finding.sentence for finding in done.findings]
    [finding] = done.findings
    evidence = json.loads(json.dumps(finding.evidence, allow_nan=False))
    assert evidence == finding.evidence
    assert finding.change
    corrected = run(x, y, merged(request, finding.change))
    assert corrected.reason != "diverged"
    assert code not in corrected.codes
    assert corrected.energy[-1] <= corrected.energy[0]


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault[0] != "overfitting"])
def test_a_corrected_descent_is_healthy(name: str) -> None:
    _, x, y, request = FAULTS[name]
    for _ in range(3):  # a change may reveal a fault, which the next one corrects
        findings = run(x, y, request).findings
        if not findings:
            return
        request = merged(request, findings[0].change)
    assert [finding.sentence for finding in run(x, y, request).findings] == []


def test_the_features_that_depend_on_each_other_are_named() -> None:
    _, x, y, request = FAULTS["collinear"]
    [finding] = run(x, y, request).findings
    assert set(finding.evidence["columns"]) == {"x1", "x4"}


def test_the_columns_of_most_and_least_size_are_named() -> None:
    [finding] = run(SCALES, Y, {}).findings
    assert (finding.evidence["largest"], finding.evidence["smallest"]) == ("x2", "x3")
    assert finding.change == {"standardize": True}


def test_collinear_powers_of_the_data_are_standardised_before_any_penalty() -> None:
    [table] = samples.load("longley").blocks()
    x, y, request = table[:, :-1], table[:, -1], {"model": {"kind": "polynomial", "degree": 3}}
    done = run(x, y, request)
    [finding] = done.findings
    assert finding.change["standardize"]
    assert "objective" not in finding.change
    assert run(x, y, merged(request, finding.change)).energy[-1] < 1e-2 * done.energy[-1]


def test_dead_units_are_numbered() -> None:
    [finding] = run(*FAULTS["dead from the start"][1:]).findings
    assert finding.evidence["units"] == list(range(1, 9))
    assert finding.evidence["from_start"]
    assert not run(*FAULTS["killed"][1:]).findings[0].evidence["from_start"]


def test_duplicates_and_a_rate_too_large_are_two_findings() -> None:
    assert run(TWICE, Y, asked(learning_rate=10.0)).codes == ["learning_rate_too_large", "duplicate_columns"]


def test_a_constant_column_may_replace_the_intercept() -> None:
    [finding] = run(CONSTANT, Y, {}).findings
    assert finding.change == {"model": {"intercept": False}}
    assert run(CONSTANT, Y, asked({"intercept": False})).findings == []


def test_separable_classes_of_a_softmax() -> None:
    classes = np.argmax(X @ np.random.default_rng(2).standard_normal((3, 3)), axis=1).astype(np.float64)
    request = asked(of("softmax"), learning_rate=5.0, steps=5000)
    done = run(X, classes, request)
    assert done.codes == ["separable_classes"]
    assert run(X, classes, merged(request, done.findings[0].change)).findings == []


def test_a_formula_that_saturates_is_given_a_better_start() -> None:
    [table] = samples.load("misra1a").blocks()
    x, y = table[:, :-1], table[:, -1]
    request = asked(SATURATION, steps=1000)
    done = run(x, y, request)
    assert done.codes == ["plateau"]
    corrected = run(x, y, merged(request, done.findings[0].change))
    assert corrected.findings == []
    assert corrected.energy[-1] < 0.02 * done.energy[-1]


def test_a_descent_without_rows_has_the_finding_of_its_start() -> None:
    done = run(X, Y, asked(theta0=[1e200] * 4))
    assert (done.reason, done.codes) == ("diverged", ["infinite_start"])
