"""The diagnosis of any descent terminates with finite numbers, for extreme data and requests too."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from gd_engine import MODELS, OPTIMIZERS, FormulaError, NoLearningRateError, losses_for
from gd_engine.arrays import FloatArray
from tests.examples import examples
from tests.gd_engine.diagnosis.test_findings import Request, run

SCALES = [1e-300, 1e-150, 1e-8, 1e-3, 1.0, 1.0, 1.0, 1e3, 1e8, 1e150, 1e300]
FORMULAS = [
    *("b + 0*x1", "b*x1", "b**2*x1", "maximum(b, 0)*x1", "exp(-b*x1)", "sigmoid(b*x1)", "cos(b*x1)", "abs(b)*x1"),
    *("log(b*x1)", "x1**b", "sqrt(b - x1)", "a*x1/(b + x1)", "a*(1 - exp(-b*x1))", "a + b*x1 + c*x1**2", "x1 + 0*b"),
]
RATES = [
    {"kind": "step", "every": 5, "factor": 0.5},
    {"kind": "exponential", "factor": 0.9},
    {"kind": "inverse_time", "rate": 0.1},
    {"kind": "cosine"},
    {"kind": "backtracking"},
]
THETA0 = st.sampled_from([0.0, 1.0, -1.0, 30.0, -30.0, 1e-9, 1e9])


@st.composite
def tables(draw: st.DrawFn, classes: int) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = max(draw(st.one_of(st.integers(1, 3), st.integers(4, 40))), classes)
    columns = draw(st.integers(1, 3))
    x = random.standard_normal((rows, columns)) * [draw(st.sampled_from(SCALES)) for _ in range(columns)]
    trouble = draw(st.sampled_from(["none", "none", "constant", "zero", "twice", "offset", "whole", "alike"]))
    if trouble in ("constant", "zero"):
        x[:, 0] = 3.0 if trouble == "constant" else 0.0
    if trouble == "twice":
        x[:, -1] = 2.0 * x[:, 0]
    if trouble == "offset":
        x += 1e9
    if trouble == "whole":
        x = np.round(x)
    if trouble == "alike":
        x[:] = x[0]
    if classes:
        y = np.arange(rows) % classes if draw(st.booleans()) else np.sort(np.arange(rows) % classes)
        return x, y.astype(np.float64)
    targets = {
        "equal": np.full(rows, draw(st.sampled_from([0.0, 5.0, -1e-9, 1e150]))),
        "exact": x[:, 0] * 2.0 + 1.0,
        "noise": random.standard_normal(rows) * draw(st.sampled_from(SCALES)),
        "line": x[:, 0] + random.standard_normal(rows),
    }
    return x, targets[draw(st.sampled_from(sorted(targets)))]


@st.composite
def models(draw: st.DrawFn) -> tuple[Request, str, int]:
    """A model's request, its task, and its number of classes."""
    kind = draw(st.sampled_from(sorted(MODELS)))
    if kind == "formula":
        return {"kind": kind, "formula": draw(st.sampled_from(FORMULAS))}, "regression", 0
    if kind == "mlp":
        hidden = draw(st.sampled_from([(1,), (4,), (3, 2)]))
        activation = draw(st.sampled_from(["tanh", "relu", "sigmoid"]))
        return {"kind": kind, "hidden": hidden, "activation": activation}, "regression", 0
    asked: Request = {"intercept": draw(st.booleans())} | (
        {"degree": draw(st.integers(1, 4))} if kind == "polynomial" else {}
    )
    classes = {"logistic": 2, "softmax": draw(st.integers(2, 4))}.get(kind, 0)
    return {"kind": kind, **asked}, "classification" if classes else "regression", classes


@st.composite
def descents(draw: st.DrawFn) -> Request:
    rates = st.floats(-12, 6).map(lambda power: 10.0**power)
    optimizer: Any = draw(st.sampled_from(sorted(OPTIMIZERS)))
    asked: Request = {
        "steps": draw(st.sampled_from([1, 2, 3, 10, 60, 300])),
        "learning_rate": draw(st.one_of(st.just("auto"), rates)),
        "optimizer": {"kind": optimizer}
        | ({"momentum": draw(st.sampled_from([0.0, 0.9, 0.99]))} if optimizer in ("momentum", "nesterov") else {}),
        "schedule": draw(st.sampled_from([*[{"kind": "constant"}] * 3, *RATES])),
    }
    if draw(st.booleans()):
        asked["stop"] = draw(
            st.sampled_from([{"gradient_norm": 1e-3}, {"gradient_norm": 1e9}, {"loss_change": 0.0}, {"patience": 2}])
        )
    if draw(st.integers(0, 3)) == 0:
        asked["batch_size"] = draw(st.integers(1, 5))
    if draw(st.integers(0, 3)) == 0:
        asked["clip_norm"] = draw(st.sampled_from([1e-3, 1.0]))
    return asked


def theta_of(asked: Request, x: FloatArray, draw: Any) -> Any:
    """A request's θ₀: None, zeros, random numbers, or for a formula numbers by name."""
    if asked["kind"] != "formula":
        return draw(st.sampled_from([None, None, "zeros", {"kind": "normal", "scale": 10.0}]))
    model = MODELS["formula"]([f"x{j + 1}" for j in range(x.shape[1])], formula=asked["formula"])
    return draw(st.one_of(st.none(), st.fixed_dictionaries(dict.fromkeys(model.parameters, THETA0))))


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(data=st.data())
def test_any_descent(data: st.DataObject) -> None:
    model, task, classes = data.draw(models())
    x, y = data.draw(tables(classes))
    penalties = st.sampled_from([0.0, 0.0, 1e-3, 1.0, 1000.0])
    request: Request = {
        "model": model,
        "objective": {
            "loss": data.draw(st.sampled_from(losses_for(task))),
            "l1": data.draw(penalties),
            "l2": data.draw(penalties),
        },
        "standardize": model["kind"] != "formula" and data.draw(st.booleans()),
        "split": {"test_fraction": data.draw(st.sampled_from([0.0, 0.25, 0.5])) if len(y) > 3 else 0.0},
        "descent": data.draw(descents()),
    }
    theta0 = theta_of(model, x, data.draw)
    if theta0 is not None:
        request["descent"]["theta0"] = theta0
    note(f"{request} {x=} {y=}")
    try:
        found = run(x, y, request).findings
    except (NoLearningRateError, FormulaError):
        return
    json.dumps([finding._asdict() for finding in found], allow_nan=False)
