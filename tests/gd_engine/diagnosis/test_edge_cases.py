"""Edge cases of the diagnosis: one parameter, equal targets, strong penalties, and overflow."""

from typing import Any

import numpy as np
import pytest

from tests.gd_engine.diagnosis.test_findings import Request, merged, run

COLUMN = np.array([[1.0], [2.0], [3.0], [4.0]])
LINE = np.array([2.0, 4.0, 6.0, 8.0])
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((40, 2)) * [5.0, 3.0] + [10.0, -2.0]
Y = X @ np.array([2.0, -1.0]) + 3.0 + RANDOM.standard_normal(40)


def of_a_formula(formula: str, **descent: Any) -> Request:
    return {
        "model": {"kind": "formula", "formula": formula},
        "split": {"test_fraction": 0.0},
        "descent": {"steps": 50, "learning_rate": 0.01, **descent},
    }


@pytest.mark.parametrize(
    ("formula", "b"), [("maximum(b, 0)*x1", -1.0), ("b**2*x1", 0.0), ("abs(b)*x1", 0.0), ("exp(-b*x1)", 30.0)]
)
@pytest.mark.parametrize("optimizer", ["gd", "adam"])
def test_the_change_leads_off_a_plateau_of_one_parameter(formula: str, b: float, optimizer: str) -> None:
    request = of_a_formula(formula, theta0={"b": b}, optimizer={"kind": optimizer})
    done = run(COLUMN, LINE, request)
    assert (done.reason, len(done.energy), done.codes) == ("max_steps", 51, ["plateau"])
    corrected = run(COLUMN, LINE, merged(request, done.findings[0].change))
    assert corrected.energy[-1] < 0.5 * done.energy[-1]
    assert set(corrected.codes) <= {"too_few_steps"}


@pytest.mark.parametrize(("formula", "b"), [("cos(b*x1)", 0.0), ("sigmoid(b*x1)", 20.0)])
def test_a_plateau_without_a_better_start_has_no_finding(formula: str, b: float) -> None:
    assert run(COLUMN, LINE, of_a_formula(formula, theta0={"b": b})).codes == []


@pytest.mark.parametrize("optimizer", ["gd", "adam"])
def test_equal_targets_that_are_not_reached_need_more_steps(optimizer: str) -> None:
    request = of_a_formula("a + b*x1", steps=300, optimizer={"kind": optimizer})
    done = run(COLUMN[:3], np.full(3, 5.0), request)
    assert done.codes == ["too_few_steps"]
    corrected = run(COLUMN[:3], np.full(3, 5.0), merged(request, done.findings[0].change))
    assert corrected.codes == []
    assert corrected.energy[-1] < 1e-3 * done.energy[-1]


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
@pytest.mark.parametrize("target", [0.0, 0.1, 5.0])
@pytest.mark.parametrize("model", [{"kind": "linear"}, {"kind": "mlp"}, {"kind": "formula", "formula": "a + b*x1"}])
def test_equal_targets_that_are_reached_have_no_finding(model: Request, target: float, loss: str) -> None:
    request = {
        "model": model,
        "objective": {"loss": loss},
        "standardize": model["kind"] != "formula",
        "descent": {
            "steps": 2000,
            "learning_rate": 0.05,
            "optimizer": {"kind": "adam"},
            "schedule": {"kind": "exponential", "factor": 0.997},
        },
    }
    x = np.random.default_rng(1).uniform(0.0, 2.0, (40, 1))
    done = run(x, np.full(40, target), request)
    assert done.energy[-1] <= 1e-3 * done.energy[0]
    assert done.codes == []


@pytest.mark.parametrize("model", [{"kind": "linear"}, {"kind": "polynomial", "degree": 2}])
def test_a_penalty_that_makes_e_steep_is_not_blamed_on_the_columns(model: Request) -> None:
    request = {"model": model, "objective": {"l2": 1000.0}, "standardize": True, "split": {"test_fraction": 0.0}}
    done = run(X, Y, request)
    assert done.codes == ["too_few_steps"]
    assert run(X, Y, merged(request, done.findings[0].change)).codes == []


@pytest.mark.parametrize("l2", [1e6, 1e9])
def test_no_finding_advises_too_many_steps(l2: float) -> None:
    request = {"objective": {"l2": l2}, "standardize": True, "split": {"test_fraction": 0.0}}
    assert run(X, Y, request).codes == []


def test_a_column_whose_deviation_overflows_is_not_called_constant() -> None:
    x = np.column_stack([np.full(40, 3.0), 1e300 * X[:, 0]])
    request = {
        "model": {"kind": "logistic"},
        "standardize": True,
        "descent": {"steps": 2, "learning_rate": 0.1},
    }
    found = {finding.code: finding.evidence for finding in run(x, (Y > 20.0).astype(float), request).findings}
    assert found["constant_column"] == {"columns": ["x1"], "values": [3.0]}


LOGISTIC = {"kind": "logistic", "intercept": False}
ODD: dict[str, tuple[Any, Any, Request]] = {
    "a deviation that overflows": (
        [[2e300], [-3e300]],
        [0, 1],
        {
            "model": LOGISTIC,
            "objective": {"l2": 1000.0},
            "descent": {"optimizer": {"kind": "adagrad"}, "theta0": [5.0]},
        },
    ),
    "squares that are too small": (
        [[6e-301], [2e-301], [9e-301]],
        [1.0, -1.0, -2.0],
        {
            "model": {"kind": "linear", "intercept": False},
            "descent": {"optimizer": {"kind": "adamw"}, "learning_rate": 0.1, "theta0": [5.0]},
        },
    ),
    "columns without a size": (
        [[-1e-300], [-4e-301], [2e-300], [5e-301]],
        [0, 0, 1, 2],
        {
            "model": {"kind": "softmax", "intercept": False},
            "objective": {"loss": "sse", "l2": 1000.0},
            "descent": {"steps": 60, "learning_rate": 1.0, "optimizer": {"kind": "adamw"}, "theta0": [9, -8, 7]},
        },
    ),
    "a Gram matrix that overflows": (
        X[:, [0, 1, 0]] * [3e299, 1e-300, 6e299],
        3e299 * X[:, 0],
        {
            "model": {"kind": "mlp"},
            "objective": {"loss": "huber"},
            "descent": {"learning_rate": 1e-6, "optimizer": {"kind": "adamw"}},
        },
    ),
    "a slope of the optimum that overflows": (
        1e-301 * X[:, :1],
        np.arange(len(X)) % 2,
        {"descent": {"steps": 60}},
    ),
    "a great momentum before its first turn": (
        np.linspace(-1.0, 1.0, 20)[:, None],
        3.0 * np.linspace(-1.0, 1.0, 20),
        {"descent": {"steps": 20, "learning_rate": 0.01, "optimizer": {"kind": "momentum", "momentum": 0.95}}},
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_extreme_numbers_raise_no_error(name: str) -> None:
    x, y, request = ODD[name]
    run(np.array(x), np.array(y, dtype=np.float64), {"split": {"test_fraction": 0.0}, **request})


@pytest.mark.parametrize("formula", ["exp(a*x1)", "b*exp(a*x1)", "b + c*exp(a*x1) + d + f", "a*x1 + log(b - 2)"])
@pytest.mark.parametrize("rate", [1e-9, 0.1])
def test_a_formula_with_an_infinite_first_energy_gets_another_theta0(formula: str, rate: float) -> None:
    request = of_a_formula(formula, learning_rate=rate)
    done = run(1000.0 * COLUMN, LINE, request)
    assert (done.reason, len(done.energy), done.codes) == ("diverged", 0, ["infinite_start"])
    corrected = run(1000.0 * COLUMN, LINE, merged(request, done.findings[0].change))
    assert len(corrected.energy) > 0


def test_a_theta0_with_an_infinite_energy_is_replaced() -> None:
    request = {"split": {"test_fraction": 0.0}, "descent": {"learning_rate": 0.01, "theta0": [1e200, 1e200]}}
    done = run(COLUMN, LINE, request)
    assert done.codes == ["infinite_start"]
    assert done.findings[0].change == {"descent": {"theta0": None, "learning_rate": "auto"}}
    assert len(run(COLUMN, LINE, merged(request, done.findings[0].change)).energy) == 101


def test_standardised_columns_make_the_first_energy_finite() -> None:
    request = {
        "model": {"kind": "mlp", "activation": "relu"},
        "split": {"test_fraction": 0.0},
        "descent": {"learning_rate": 0.01},
    }
    done = run(1e153 * (COLUMN - 0.1) + 1e154, LINE, request)
    assert done.codes == ["infinite_start"]
    assert done.findings[0].change == {"standardize": True}


def test_targets_whose_squares_overflow_have_an_empty_change() -> None:
    done = run(COLUMN, 1e200 * LINE, {"split": {"test_fraction": 0.0}, "descent": {"learning_rate": 0.01}})
    assert [(finding.code, finding.change) for finding in done.findings] == [("infinite_start", {})]


@pytest.mark.parametrize("theta0", [3.0, -3.0])
@pytest.mark.parametrize("rate", [1e-6, 1e-4])
def test_the_rate_for_the_linear_part_of_huber_is_tried(theta0: float, rate: float) -> None:
    request = {
        "model": {"kind": "linear", "intercept": False},
        "objective": {"loss": "huber"},
        "split": {"test_fraction": 0.0},
        "descent": {"steps": 100, "learning_rate": rate, "theta0": [theta0]},
    }
    x, y = np.array([[0.1], [3.0], [10.0], [20.0], [30.0]]), np.zeros(5)
    done = run(x, y, request)
    [finding] = done.findings
    assert finding.code == "too_few_steps"
    assert 0 < finding.evidence["gain"] <= done.energy[-1]
    assert run(x, y, merged(request, finding.change)).energy[-1] < 0.5 * done.energy[-1]


def test_a_moderate_condition_number_with_few_steps_left_is_not_ill_conditioning() -> None:
    x, y = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), np.array([2.1, 3.9, 6.2, 7.8, 9.7])
    request = {"split": {"test_fraction": 0.0}, "descent": {"steps": 20, "learning_rate": 0.02}}
    done = run(x, y, request)
    assert done.codes == ["too_few_steps"]
    assert run(x, y, merged(request, done.findings[0].change)).findings == []


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("degree", [1, 2])
def test_a_few_steps_are_no_sign_of_bad_conditioning(steps: int, degree: int) -> None:
    x = np.linspace(0.0, 1.0, 30)[:, None]
    request = {"model": {"kind": "polynomial", "degree": degree}, "descent": {"steps": steps}}
    assert "ill_conditioned" not in run(x, 3.0 * x[:, 0] + 1.0, request).codes
