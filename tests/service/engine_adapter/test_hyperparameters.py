"""Every model, loss, optimiser, schedule, start and stop rule, from the request to the trajectory."""

from typing import Any

import httpx2
import numpy as np
import pytest

from gd_engine import LOSSES, MODELS, OPTIMIZERS, SCHEDULES
from service.schemas.responses.runs import Run
from service.schemas.responses.trajectories import Trajectory
from tests.service.helpers import WAIT, check_answer, fit_body, strict_json

ROWS = 40
X = np.random.default_rng(5).normal(size=(ROWS, 2))
LINE = 1 + X @ [2.0, -1.0] + 0.1 * np.random.default_rng(6).normal(size=ROWS)
TWO = (LINE > 1).astype(int).tolist()
THREE = np.array(["low", "middle", "high"])[np.digitize(LINE, [0, 2])].tolist()
NUMBERS: dict[str, Any] = {"x": X.tolist(), "y": LINE.tolist(), "feature_names": ["a", "b"]}

MODELS_ASKED: dict[str, tuple[dict[str, Any], Any]] = {
    "linear": ({}, LINE.tolist()),
    "polynomial": ({"degree": 2}, LINE.tolist()),
    "logistic": ({}, TWO),
    "softmax": ({}, THREE),
    "mlp": ({"hidden": [4, 3], "activation": "relu"}, LINE.tolist()),
    "formula": ({"formula": "c + k*a - exp(d)*b"}, LINE.tolist()),
}
OPTIMIZERS_ASKED: dict[str, dict[str, Any]] = {
    "gd": {},
    "momentum": {"momentum": 0.5},
    "nesterov": {"momentum": 0.5},
    "adagrad": {"epsilon": 1e-9},
    "rmsprop": {"decay": 0.9},
    "adam": {"beta1": 0.8},
    "adamw": {"weight_decay": 0.1},
    "ista": {},
    "fista": {},
}
SCHEDULES_ASKED: dict[str, tuple[dict[str, Any], list[float]]] = {
    "constant": ({}, [0.1, 0.1, 0.1, 0.1, 0.1]),
    "step": ({"every": 2, "factor": 0.5}, [0.1, 0.1, 0.05, 0.05, 0.025]),
    "exponential": ({"factor": 0.5}, [0.1, 0.05, 0.025, 0.0125, 0.00625]),
    "inverse_time": ({"rate": 1.0}, [0.1, 0.05, 0.1 / 3, 0.025, 0.02]),
    "cosine": ({}, [0.1, 0.05 * (1 + 0.5**0.5), 0.05, 0.05 * (1 - 0.5**0.5), 0.0]),
    "backtracking": ({}, [0.1, 0.1, 0.1, 0.1, 0.1]),
}


def fitted(client: httpx2.Client, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The finished run and its trajectory."""
    body = {"dataset": NUMBERS, "descent": {"steps": 50}} | changes
    answer = client.post("/fit", json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    run = strict_json(answer.content)
    check_answer(Run, run)
    assert run["status"] == "succeeded", run["error"]
    trajectory = strict_json(client.get(run["links"]["trajectory"]).content)
    check_answer(Trajectory, trajectory)
    return run, trajectory


def test_every_choice_of_the_engine_is_tested() -> None:
    assert set(MODELS_ASKED) == set(MODELS)
    assert set(OPTIMIZERS_ASKED) == set(OPTIMIZERS)
    assert set(SCHEDULES_ASKED) == set(SCHEDULES)


@pytest.mark.parametrize("kind", MODELS_ASKED)
def test_each_model_descends(kind: str, client: httpx2.Client) -> None:
    options, y = MODELS_ASKED[kind]
    run, trajectory = fitted(client, dataset=NUMBERS | {"y": y}, model={"kind": kind, **options})
    assert trajectory["train_loss"][-1] < trajectory["train_loss"][0]
    assert len(trajectory["theta"][0]) == len(run["parameters"]) == len(set(run["parameters"]))
    assert list(run["final"]["coefficients"]) == run["parameters"]
    metrics = {"train_accuracy", "test_precision", "test_recall", "train_f1"}
    assert (metrics <= trajectory.keys()) == (kind in {"logistic", "softmax"})
    assert "optimality_gap" not in trajectory


def test_a_perceptron_predicts_classes(client: httpx2.Client) -> None:
    model = {"kind": "mlp", "task": "classification"}
    run, trajectory = fitted(client, dataset=NUMBERS | {"y": THREE}, model=model, standardize=True)
    assert run["classes"] == ["high", "low", "middle"]
    assert run["request"]["objective"]["loss"] == "log_loss"
    assert max(value for value in trajectory["train_accuracy"] if value is not None) > 0.6


def test_a_softmax_names_its_classes(client: httpx2.Client) -> None:
    run, _ = fitted(client, dataset=NUMBERS | {"y": THREE}, model={"kind": "softmax"})
    assert run["parameters"][:4] == ["intercept[high]", "intercept[low]", "intercept[middle]", "a[high]"]


def test_defaults_that_depend_on_the_model(client: httpx2.Client) -> None:
    run, trajectory = fitted(client, model={"kind": "formula", "formula": "c + k*a"})
    assert run["request"]["descent"]["theta0"] == {"c": 1.0, "k": 1.0}
    assert trajectory["theta"][0] == [1.0, 1.0]
    run, _ = fitted(client, objective={"loss": "huber"})
    assert run["request"]["objective"]["delta"] == 1.0


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_descends(loss: str, client: httpx2.Client) -> None:
    classifies = loss == "log_loss"
    changes: dict[str, Any] = {"dataset": NUMBERS | {"y": TWO}, "model": {"kind": "logistic"}} if classifies else {}
    objective = {"loss": loss, "l1": 0.01, "l2": 0.01} | ({"delta": 0.5} if loss == "huber" else {})
    _, trajectory = fitted(client, objective=objective, descent={"steps": 50, "learning_rate": 0.01}, **changes)
    assert trajectory["train_loss"][-1] < trajectory["train_loss"][0]


@pytest.mark.parametrize("kind", OPTIMIZERS_ASKED)
def test_each_optimizer_descends(kind: str, client: httpx2.Client) -> None:
    optimizer = {"kind": kind, **OPTIMIZERS_ASKED[kind]}
    run, trajectory = fitted(client, descent={"steps": 50, "learning_rate": 0.05, "optimizer": optimizer})
    assert trajectory["train_loss"][-1] < trajectory["train_loss"][0]
    assert run["request"]["descent"]["optimizer"].items() >= optimizer.items()


@pytest.mark.parametrize("kind", SCHEDULES_ASKED)
def test_each_schedule_sets_the_rate_of_each_step(kind: str, client: httpx2.Client) -> None:
    options, expected = SCHEDULES_ASKED[kind]
    _, trajectory = fitted(client, descent={"steps": 4, "learning_rate": 0.1, "schedule": {"kind": kind, **options}})
    assert trajectory["learning_rate"] == pytest.approx(expected, rel=1e-12, abs=1e-17)


def test_the_run_names_its_shortcuts(client: httpx2.Client) -> None:
    assert fitted(client)[0]["timings"]["ways"] == ["reduction", "affine"]
    assert fitted(client, objective={"l1": 0.1})[0]["timings"]["ways"] == ["replay"]


def test_the_optimality_gap_is_sent_on_request(client: httpx2.Client) -> None:
    run, trajectory = fitted(client, objective={"l2": 0.1}, descent={"steps": 200})
    answer = client.get(f"/runs/{run['id']}/trajectory?fields=step,optimality_gap")
    gap = np.array(answer.json()["optimality_gap"])
    np.testing.assert_allclose(gap, np.array(trajectory["train_loss"]) - run["optimum"]["train_loss"], atol=1e-12)
    assert (gap >= 0).all()
    np.testing.assert_allclose(run["optimum"]["theta"], run["final"]["theta"], rtol=1e-6)
    run, _ = fitted(client, objective={"l1": 0.1})
    assert run["optimum"] is None
    assert client.get(f"/runs/{run['id']}/trajectory?fields=optimality_gap").status_code == 422


def test_theta0_can_be_drawn(client: httpx2.Client) -> None:
    def first(seed: int, scale: float) -> Any:
        descent = {"steps": 1, "theta0": {"kind": "normal", "scale": scale}, "seed": seed}
        return np.array(fitted(client, descent=descent)[1]["theta"][0])

    assert first(1, 1.0).tolist() == first(1, 1.0).tolist() != first(2, 1.0).tolist()
    np.testing.assert_allclose(first(1, 3.0), 3 * first(1, 1.0))


def test_batches_are_drawn_by_the_seed(client: httpx2.Client) -> None:
    def last(seed: int) -> Any:
        descent = {"steps": 50, "learning_rate": 0.05, "batch_size": 4, "seed": seed}
        return fitted(client, descent=descent)[1]["theta"][-1]

    assert last(1) == last(1) != last(2)


def test_a_clipped_gradient_makes_steps_of_one_length(client: httpx2.Client) -> None:
    _, trajectory = fitted(client, descent={"steps": 5, "learning_rate": 0.1, "clip_norm": 0.5})
    lengths = np.linalg.norm(np.diff(trajectory["theta"], axis=0), axis=1)
    np.testing.assert_allclose(lengths, 0.05)


@pytest.mark.parametrize(("condition", "column"), [("gradient_norm", "gradient_norm"), ("loss_change", "train_loss")])
def test_a_descent_stops_at_its_condition(condition: str, column: str, client: httpx2.Client) -> None:
    run, trajectory = fitted(client, descent={"steps": 5000, "stop": {condition: 1e-3}})
    assert run["stop_reason"] == condition
    assert run["steps_done"] == len(trajectory["step"]) - 1 < 5000
    values = np.array(trajectory[column])
    small = values <= 1e-3 if condition == "gradient_norm" else np.abs(np.diff(values, prepend=np.inf)) <= 1e-3
    assert np.flatnonzero(small).tolist() == [run["steps_done"]]


def test_patience_watches_validation_rows(client: httpx2.Client) -> None:
    y = np.random.default_rng(0).normal(size=ROWS).tolist()  # noise
    split = {"test_fraction": 0.25, "validation_fraction": 0.4}
    run, trajectory = fitted(
        client,
        dataset=NUMBERS | {"y": y},
        split=split,
        model={"kind": "polynomial", "degree": 3},
        descent={"steps": 5000, "stop": {"patience": 20}},
    )
    assert run["stop_reason"] == "patience"
    assert run["dataset"]["validation_rows"] == 12
    errors = trajectory["validation_mse"]
    assert int(np.argmin(errors)) == run["steps_done"] - 20
    assert run["final"]["validation_mse"] == errors[-1]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "patience without validation rows": ({"descent": {"stop": {"patience": 3}}}, "/descent/stop/patience"),
    "validation rows that leave none": ({"split": {"validation_fraction": 0.99}}, "/split/validation_fraction"),
    "backtracking with momentum": (
        {"descent": {"schedule": {"kind": "backtracking"}, "optimizer": {"kind": "momentum"}}},
        "/descent/schedule/kind",
    ),
    "backtracking with batches": (
        {"descent": {"schedule": {"kind": "backtracking"}, "batch_size": 2}},
        "/descent/schedule/kind",
    ),
    "auto of mae": (
        {"objective": {"loss": "mae"}, "descent": {"learning_rate": "auto"}},
        "/descent/learning_rate",
    ),
    "delta of mse": ({"objective": {"delta": 1.0}}, "/objective/delta"),
    "batch too large": ({"descent": {"batch_size": 1000}}, "/descent/batch_size"),
    "standardised formula": ({"model": {"kind": "formula", "formula": "c*x1"}, "standardize": True}, "/standardize"),
    "wrong formula": ({"model": {"kind": "formula", "formula": "c*exq(x1)"}}, "/model/formula"),
    "too many units": ({"model": {"kind": "mlp", "hidden": [1000, 1000]}}, "/model/hidden"),
    "unknown model": ({"model": {"kind": "tree"}}, "/model/kind"),
    "unknown optimizer": ({"descent": {"optimizer": {"kind": "sgd"}}}, "/descent/optimizer/kind"),
    "unknown schedule": ({"descent": {"schedule": {"kind": "warmup"}}}, "/descent/schedule/kind"),
    "option of another optimizer": (
        {"descent": {"optimizer": {"kind": "gd", "momentum": 0.9}}},
        "/descent/optimizer/momentum",
    ),
    "growing rate": ({"descent": {"schedule": {"kind": "exponential", "factor": 2.0}}}, "/descent/schedule/factor"),
    "theta0 of another formula": (
        {"model": {"kind": "formula", "formula": "c*x1"}, "descent": {"theta0": {"d": 1.0}}},
        "/descent/theta0",
    ),
    "three classes for a logistic": (
        {"dataset": {"y": [0, 1, 2] * 2 + [0, 1]}, "model": {"kind": "logistic"}},
        "/dataset/y",
    ),
    "one class for a softmax": ({"dataset": {"y": [1] * 8}, "model": {"kind": "softmax"}}, "/dataset/y"),
    "labels for a perceptron that predicts numbers": (
        {"dataset": {"y": ["a", "b"] * 4}, "model": {"kind": "mlp"}},
        "/dataset/y",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_inconsistent_requests_are_refused_with_a_hint(name: str, client: httpx2.Client) -> None:
    changes, pointer = REFUSED[name]
    answer = client.post("/fit", json=fit_body(**changes))
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["message"]
    assert error.get("hint") or "unknown" in name or name in {"option of another optimizer", "growing rate"}


def test_the_error_of_a_formula_points_at_its_column(client: httpx2.Client) -> None:
    answer = client.post("/fit", json=fit_body(model={"kind": "formula", "formula": "c*exq(x1)"}))
    [error] = answer.json()["errors"]
    assert "column 3" in error["message"]
    assert "exp" in error["hint"]
