"""Random bodies of POST /fit: every model, loss, optimiser and schedule on data of odd sizes and extreme numbers."""

from typing import Any

import numpy as np

from gd_engine import LOSSES, MODELS, OPTIMIZERS, losses_for
from tests.gd_engine.diagnosis.test_any_descent import FORMULAS, RATES, SCALES

Body = dict[str, Any]
ROWS = [*[2, 2, 3, 3, 4], 5, 8, 20, 60]
FEATURES = [1, 1, 1, 2, 2, 3, 7, 40, 300]
TROUBLES = ["none", "none", "none", "nearly constant", "zero", "twice", "offset", "whole", "one value", "duplicates"]
TARGETS = ["noise", "noise", "line", "exact", "zero", "equal", "two values"]
PENALTIES = [0.0, 0.0, 0.0, 1e-300, 1e-3, 1.0, 1000.0, 1e12]


def body_of(seed: int) -> Body:
    """The body with this number. The service may refuse it, and must not fail on it."""
    draw = np.random.default_rng(seed)
    kind = _one(draw, sorted(MODELS))
    model, classes = _model(draw, kind)
    rows, features = int(_one(draw, ROWS)), int(_one(draw, FEATURES))
    if kind in ("polynomial", "mlp", "formula"):
        features = min(features, 7)
    rows = max(rows, classes)
    x = _features(draw, rows, features)
    y: list[Any] = (np.arange(rows) % classes).tolist() if classes else _target(draw, x).tolist()
    losses = losses_for("classification" if classes else "regression")
    return {
        "dataset": {"x": x.tolist(), "y": y},
        "split": _split(draw, rows),
        "standardize": kind != "formula" and bool(draw.integers(2)),
        "model": model,
        "objective": {
            "loss": _one(draw, [loss for loss in LOSSES if loss in losses]),
            "l1": _one(draw, PENALTIES),
            "l2": _one(draw, PENALTIES),
        },
        "descent": _descent(draw, rows),
    }


def _one(draw: np.random.Generator, among: Any) -> Any:
    return among[int(draw.integers(len(among)))]


def _model(draw: np.random.Generator, kind: str) -> tuple[Body, int]:
    """A model and its number of classes, 0 for a regression."""
    asked: Body = {"kind": kind}
    if kind == "formula":
        return asked | {"formula": _one(draw, FORMULAS)}, 0
    if kind == "mlp":
        task = _one(draw, ["regression", "classification"])
        asked |= {"hidden": _one(draw, [[1], [4], [3, 2]]), "activation": _one(draw, ["tanh", "relu", "sigmoid"])}
        return asked | {"task": task}, int(_one(draw, [2, 3])) if task == "classification" else 0
    if kind == "polynomial":
        asked["degree"] = int(draw.integers(1, 5))
    asked["intercept"] = bool(draw.integers(2))
    return asked, {"logistic": 2, "softmax": int(_one(draw, [2, 3, 5]))}.get(kind, 0)


def _features(draw: np.random.Generator, rows: int, features: int) -> Any:
    x = draw.standard_normal((rows, features)) * [_one(draw, SCALES) for _ in range(features)]
    trouble = _one(draw, TROUBLES)
    if trouble == "nearly constant":
        x[:, 0] = 3.0
        x[0, 0] = np.nextafter(3.0, 4.0)
    if trouble == "zero":
        x[:, 0] = 0.0
    if trouble == "one value":
        x[:] = x[0]
    if trouble == "twice":
        x[:, -1] = 2.0 * x[:, 0]
    if trouble == "offset":
        x += 1e9
    if trouble == "whole":
        x = np.round(x)
    if trouble == "duplicates":
        x[1:] = x[1]
    return x


def _target(draw: np.random.Generator, x: Any) -> Any:
    rows = len(x)
    with np.errstate(over="ignore"):
        targets = {
            "noise": draw.standard_normal(rows) * _one(draw, SCALES),
            "line": x[:, 0] + draw.standard_normal(rows),
            "exact": x[:, 0] * 2.0 + 1.0,
            "zero": np.zeros(rows),
            "equal": np.full(rows, _one(draw, [5.0, -1e-9, 1e150, 1e-300])),
            "two values": np.arange(rows) % 2 * 1.0,
        }
    return np.clip(targets[_one(draw, TARGETS)], -1.7e308, 1.7e308)


def _split(draw: np.random.Generator, rows: int) -> Body:
    asked: Body = {"test_fraction": _one(draw, [0.0, 0.0, 0.25, 0.5]), "seed": int(draw.integers(5))}
    if draw.integers(4) == 0 and rows > 2:
        asked = {"test_rows": sorted(draw.permutation(rows)[: int(draw.integers(1, rows))].tolist())}
    return asked | {"validation_fraction": _one(draw, [0.0, 0.0, 0.0, 0.3])}


def _descent(draw: np.random.Generator, rows: int) -> Body:
    optimizer: Body = {"kind": _one(draw, ["gd", *sorted(OPTIMIZERS)])}
    if optimizer["kind"] in ("momentum", "nesterov"):
        optimizer["momentum"] = _one(draw, [0.0, 0.5, 0.9, 0.99])
    asked: Body = {
        "steps": _one(draw, [1, 2, 3, 10, 60, 300]),
        "learning_rate": "auto" if draw.integers(2) else 10.0 ** draw.uniform(-12, 6),
        "optimizer": optimizer,
        "schedule": _one(draw, [{"kind": "constant"}, *(RATES if optimizer["kind"] == "gd" else RATES[:-1])]),
        "seed": int(draw.integers(5)),
    }
    theta0 = [None, None, "zeros", {"kind": "normal", "scale": _one(draw, [1e-9, 1.0, 100.0, 1e154])}]
    if (chosen := _one(draw, theta0)) is not None:
        asked["theta0"] = chosen
    if draw.integers(4) == 0:
        asked["stop"] = _one(
            draw, [{"gradient_norm": 1e-3}, {"gradient_norm": 1e9}, {"loss_change": 0.0}, {"loss_change": 1e-3}]
        )
    if draw.integers(4) == 0:
        asked["batch_size"] = int(draw.integers(1, min(rows, 5)))
    if draw.integers(4) == 0:
        asked["clip_norm"] = _one(draw, [1e-300, 1e-3, 1.0])
    return asked
