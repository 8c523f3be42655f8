"""Planted runs: requests with one planted fault, and healthy ones. The number of a run decides everything about it.

What the fault is follows from how the run was planted. Whether it did harm is measured on the finished run, by the
least E of its task: a run that reached the minimum in spite of its fault, or a healthy one that missed it, does not
count.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.torture.planted_tasks import ROWS, TASKS, TEST_ROWS, Body, Task, linear, of_design

LINEAR_METHODS = ("gd", "momentum", "nesterov")
ADAPTIVE = ("adam", "rmsprop", "adagrad", "adamw")
SLOW = {"too_few_steps", "ill_conditioned", "plateau"}
WILD = {"learning_rate_too_large", "oscillation", "dead_units"}


class Planted(NamedTuple):
    """A request, its fault, the codes that name it, and whether a finished run shows it (or its health)."""

    number: int
    fault: str
    body: Body
    codes: set[str]
    shows: Callable[[Body], bool]


def one(draw: np.random.Generator, among: Any) -> Any:
    return among[int(draw.integers(len(among)))]


def _loss(run: Body) -> float:
    value = (run["final"] or {}).get("train_loss")
    return float("inf") if value is None or run["status"] == "diverged" else float(value)


def _harmed(task: Task) -> Callable[[Body], bool]:
    """Whether a tenth of what a constant's E has above the least is still there."""
    return lambda run: _loss(run) > task.least + 0.1 * (task.null - task.least)


def _well(task: Task) -> Callable[[Body], bool]:
    return lambda run: _loss(run) <= task.least * 1.002 + 1e-4 * task.null


def _overfits(run: Body) -> bool:
    """Whether the test error rose far above its least, and is far above the training error."""
    final, best = run["final"], run["best"]
    if run["status"] != "succeeded":
        return False
    return bool(final["test_mse"] > max(2.2 * best["test_mse"], final["train_mse"] / 0.6))


def _optimizer(draw: np.random.Generator, kind: str) -> Body:
    if kind in ("momentum", "nesterov"):
        return {"kind": kind, "momentum": float(one(draw, [0.5, 0.8, 0.9]))}
    return {"kind": kind, "weight_decay": 0.0} if kind == "adamw" else {"kind": kind}


def _schedule(draw: np.random.Generator, steps: int) -> Body:
    return dict(
        one(
            draw,
            [
                {"kind": "constant"},
                {"kind": "step", "every": max(steps // 2, 1), "factor": 0.5},
                {"kind": "exponential", "factor": 0.5 ** (1.0 / max(steps, 1))},
                {"kind": "inverse_time", "rate": 1.0 / max(steps, 1)},
                {"kind": "cosine"},
            ],
        )
    )


def _bound(task: Task, optimizer: Body) -> float:
    """The greatest stable rate near the minimum, by the textbook."""
    mu: float = optimizer.get("momentum", 0.0)
    over: float = 1.0 + 2.0 * mu if optimizer["kind"] == "nesterov" else 1.0
    return 2.0 * (1.0 + mu) / over / task.curvature


def _descent(draw: np.random.Generator, task: Task, kind: str, share: float, steps: int) -> Body:
    """A descent whose rate is a share of the bound; for an adaptive method, of 0.1."""
    optimizer = _optimizer(draw, kind)
    rate = share * (_bound(task, optimizer) if kind in LINEAR_METHODS else 0.1)
    schedule = _schedule(draw, steps)
    descent = {"optimizer": optimizer, "learning_rate": rate, "steps": steps, "schedule": schedule}
    return descent | ({"batch_size": int(one(draw, [8, 16]))} if draw.integers(4) == 0 else {})


def _task(draw: np.random.Generator, without: tuple[str, ...] = ()) -> tuple[str, Task]:
    name = one(draw, [name for name in TASKS if name not in without])
    return name, TASKS[name](draw)


def large_rate(draw: np.random.Generator, number: int) -> Planted:
    name, task = _task(draw)
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    share = float(10.0 ** (draw.uniform(0.5, 3.0) if kind in LINEAR_METHODS else draw.uniform(3.0, 5.0)))
    descent = _descent(draw, task, kind, share, int(one(draw, [30, 100, 300])))
    codes = WILD | (
        {"plateau", "infinite_start"} if name in ("formula", "perceptron", "perceptron, sigmoid") else set()
    )
    return Planted(number, f"large rate, {name}, {kind}", task.request | {"descent": descent}, codes, _harmed(task))


def small_rate(draw: np.random.Generator, number: int) -> Planted:
    name, task = _task(draw)
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    descent = _descent(draw, task, kind, float(10.0 ** draw.uniform(-6.0, -4.0)), int(one(draw, [30, 100, 300])))
    return Planted(number, f"small rate, {name}, {kind}", task.request | {"descent": descent}, SLOW, _harmed(task))


def few_steps(draw: np.random.Generator, number: int) -> Planted:
    name, task = _task(draw)
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    steps = int(draw.integers(3, 7)) if kind in LINEAR_METHODS else int(draw.integers(10, 20))
    descent = _descent(draw, task, kind, 0.02 if kind in LINEAR_METHODS else 0.1, steps)
    return Planted(number, f"few steps, {name}, {kind}", task.request | {"descent": descent}, SLOW, _harmed(task))


def scales(draw: np.random.Generator, number: int) -> Planted:
    """Columns of different sizes, far from 0, or extreme: thousands, 300 ± 1, Unix times, 1e-12."""
    base, how = linear(draw), one(draw, ["sizes", "far", "timestamps", "tiny"])
    x = base.x.copy()
    if how == "sizes":
        x[:, 0] *= 10.0 ** draw.uniform(3.0, 6.0)
    if how == "far":
        x += 300.0
    if how == "timestamps":
        x[:, 0] = 1.7e9 + 86_400.0 * x[:, 0]
    if how == "tiny":
        x = 1e-12 * x[:, :1]
    y = base.y if how != "tiny" else 1e12 * 2.0 * x[:, 0] + 1.0 + 0.3 * draw.standard_normal(ROWS)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    task = of_design(x, y, np.column_stack([np.ones(ROWS), z]), {"kind": "linear"}, "mse")
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    rate: Any = "auto" if kind in LINEAR_METHODS else 0.01
    descent = {"optimizer": _optimizer(draw, kind), "learning_rate": rate, "steps": int(one(draw, [100, 500]))}
    codes = {"ill_conditioned", "too_few_steps", "learning_rate_too_large", "oscillation"}
    return Planted(number, f"scales, {how}, {kind}", task.request | {"descent": descent}, codes, _harmed(task))


def large_target(draw: np.random.Generator, number: int) -> Planted:
    """A target of hundreds of thousands, as prices of houses are."""
    name, task = _task(draw, without=("formula", "logistic", "softmax", "linear, mae", "linear, huber"))
    size = float(10.0 ** draw.uniform(3.0, 5.5))
    square = size**2
    task = task._replace(y=size * (task.y + 2.0), least=square * task.least, null=square * task.null)
    kind = one(draw, ADAPTIVE)
    descent: Body = {"optimizer": _optimizer(draw, kind), "learning_rate": 0.001, "steps": int(one(draw, [100, 300]))}
    if draw.integers(2):
        descent["batch_size"] = 16
    codes = SLOW | {"dead_units"}
    return Planted(number, f"large target, {name}, {kind}", task.request | {"descent": descent}, codes, _harmed(task))


def overfitting(draw: np.random.Generator, number: int) -> Planted:
    """As many columns as half the rows, or a perceptron with more weights than rows, of noise."""
    validated = bool(draw.integers(2))
    first = 70 if validated else 35  # the rows after it are for testing
    x = draw.standard_normal((240, 25))
    y = x[:, 0] + draw.standard_normal(240)
    body: Body = {"dataset": {"x": x.tolist(), "y": y.tolist()}, "split": {"test_rows": list(range(first, 240))}}
    if validated:
        body["split"] = {**body["split"], "validation_fraction": 0.5}
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    rate: Any = "auto" if kind in LINEAR_METHODS else 0.03
    steps = 3000
    if draw.integers(3) == 0:
        body["model"] = {"kind": "mlp", "hidden": [10]}
        rate = 0.03
        steps = 2000
    body["descent"] = {"optimizer": _optimizer(draw, kind), "learning_rate": rate, "steps": steps}

    fault = f"overfitting, {body.get('model', {'kind': 'linear'})['kind']}, {kind}"
    return Planted(number, fault, body, {"overfitting"}, _overfits)


def plateau(draw: np.random.Generator, number: int) -> Planted:
    """A start at which the gradient says nothing: identical hidden units, or units that are all dead."""
    task = TASKS["perceptron"](draw)
    activation = one(draw, ["tanh", "relu", "sigmoid"])
    body = task.request | {"model": {"kind": "mlp", "hidden": [4], "activation": activation}}
    theta0: Any = "zeros" if activation != "relu" else [-100.0] * 4 + [0.1] * 13
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    rate = 0.05 if kind in LINEAR_METHODS else 0.01
    body["descent"] = {"theta0": theta0, "steps": 200, "optimizer": _optimizer(draw, kind), "learning_rate": rate}
    return Planted(number, f"plateau, {activation}, {kind}", body, {"plateau", "dead_units"}, _harmed(task))


def columns(draw: np.random.Generator, number: int) -> Planted:
    """A column without information: constant, twice, or the last of all categories beside an intercept."""
    base, how = linear(draw), one(draw, ["constant_column", "duplicate_columns", "dummies"])
    x = base.x
    if how == "constant_column":
        x = np.column_stack([x, np.full(ROWS, 3.0)])
    if how == "duplicate_columns":
        x = np.column_stack([x, 32.0 - 1.8 * x[:, 0]])
    if how == "dummies":
        x = np.column_stack([x, np.eye(3)[np.arange(ROWS) % 3]])
    body = base._replace(x=x).request | {"standardize": bool(draw.integers(2))}
    body["descent"] = {"steps": int(one(draw, [100, 3000])), "optimizer": _optimizer(draw, one(draw, LINEAR_METHODS))}
    codes = {how if how != "dummies" else "duplicate_columns"}
    return Planted(number, f"columns, {how}", body, codes, lambda run: run["status"] == "succeeded")


def separable(draw: np.random.Generator, number: int) -> Planted:
    """Classes that a line separates, or one class in all rows of a group."""
    x = draw.standard_normal((ROWS, 2))
    y = (x[:, 0] > 0).astype(int)
    how = one(draw, ["separable", "quasi-separable"])
    if how == "quasi-separable":
        y = (x[:, 0] + draw.logistic(size=ROWS) > 0).astype(int)
        x[:, 1] = np.arange(ROWS) % 3 == 0
        y[x[:, 1] > 0] = 1
    kind = one(draw, [*LINEAR_METHODS, "adam"])
    rate: Any = "auto" if kind in LINEAR_METHODS else 0.05
    descent = {"steps": 3000, "optimizer": _optimizer(draw, kind), "learning_rate": rate}
    dataset = {"x": x.tolist(), "y": y.tolist()}
    body = {"dataset": dataset, "model": {"kind": "logistic"}, "split": {"test_rows": TEST_ROWS}, "descent": descent}
    return Planted(number, f"{how}, {kind}", body, {"separable_classes"}, lambda run: run["status"] == "succeeded")


def bad_start(draw: np.random.Generator, number: int) -> Planted:
    """A formula without a value at θ₀, or one at whose θ₀ it is flat."""
    task = TASKS["formula"](draw)
    body = task.request | {"model": {"kind": "formula", "formula": "a*exp(b*x1)"}}
    theta0 = {"a": 1.0, "b": float(one(draw, [900.0, 5000.0]))}
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    body["descent"] = {"theta0": theta0, "steps": 100, "learning_rate": 0.01, "optimizer": _optimizer(draw, kind)}
    return Planted(number, f"infinite start, {kind}", body, {"infinite_start"}, lambda run: run["status"] == "diverged")


def function(draw: np.random.Generator, number: int) -> Planted:
    """A function without data, with a rate that is too large or too small for it."""
    name, curvature = one(draw, [("bowl", 3.0), ("ravine", 100.0), ("hill", 1.0)])
    is_large = bool(draw.integers(2))
    rate = float((10.0 ** draw.uniform(0.5, 2.0) if is_large else 10.0 ** draw.uniform(-6.0, -4.0)) / curvature)
    kind = one(draw, ["gd", "momentum", "nesterov"])
    body = {"function": {"name": name}, "descent": {"steps": 200, "learning_rate": rate, "optimizer": {"kind": kind}}}
    codes = WILD if is_large else SLOW
    return Planted(number, f"function, {name}, {kind}, rate {rate:.1g}", body, codes, lambda run: _loss(run) > 0.01)


def weight_decay(draw: np.random.Generator, number: int) -> Planted:
    """adamw keeps every |θⱼ| below 1/w: a minimum beyond it is out of reach."""
    base = linear(draw)
    task = base._replace(y=200.0 * base.y, least=4e4 * base.least, null=4e4 * base.null)
    optimizer = {"kind": "adamw", "weight_decay": float(one(draw, [0.1, 0.3, 1.0]))}
    body = task.request | {"descent": {"steps": 2000, "learning_rate": 1.0, "optimizer": optimizer}}
    codes = {"weight_decay", "too_few_steps"}
    return Planted(number, "weight decay, adamw", body, codes, _harmed(task))


def kink(draw: np.random.Generator, number: int) -> Planted:
    """An l1 penalty that holds a weight at 0: a step of a constant rate jumps over its kink."""
    base = linear(draw)
    x = np.column_stack([base.x, draw.standard_normal((ROWS, 2))])
    body = base._replace(x=x).request | {"objective": {"l1": float(draw.uniform(0.3, 0.6))}}
    kind = one(draw, ["gd", "momentum"])
    body["descent"] = {"steps": 500, "optimizer": _optimizer(draw, kind), "learning_rate": 0.2}
    return Planted(number, f"kink, {kind}", body, {"penalty_kink"}, lambda run: run["status"] == "succeeded")


PLANTS = (
    *[large_rate, small_rate, few_steps] * 3,
    *(scales, scales, large_target, overfitting, plateau, columns, separable, bad_start, function, weight_decay, kink),
)


def faulty(number: int) -> Planted:
    """The run with this number and a planted fault."""
    return PLANTS[number % len(PLANTS)](np.random.default_rng([number, 1]), number)


def healthy(number: int) -> Planted:
    """The run with this number that should reach its minimum."""
    draw = np.random.default_rng([number, 2])
    name, task = _task(draw)
    kind = one(draw, LINEAR_METHODS + ADAPTIVE)
    steps = int(one(draw, [2000, 4000]))
    descent = _descent(draw, task, kind, 0.25, steps)
    rough = name == "linear, mae" or "batch_size" in descent or kind in ADAPTIVE
    if rough and descent["schedule"]["kind"] != "cosine":
        descent["schedule"] = {"kind": "exponential", "factor": 1e-3 ** (1.0 / steps)}
    if kind == "gd" and "batch_size" not in descent and name != "linear, mae" and draw.integers(3) == 0:
        descent |= {"schedule": {"kind": "backtracking"}, "learning_rate": 1.0}
    body = task.request | {"descent": descent}

    def shows(run: Body) -> bool:
        if name.startswith("perceptron"):
            well = _loss(run) <= 1.05 * task.least and run["final"]["test_mse"] < 2.0 * task.least
            return well and not _overfits(run)  # by steps enough it fits the noise
        return _well(task)(run)

    return Planted(number, f"{name}, {kind}, {descent['schedule']['kind']}", body, set(), shows)
