"""The reference minimum against certified and known minima, and where there is none."""

from typing import Any

import numpy as np
import pytest

from gd_engine import Problem, initial_theta
from gd_engine.arrays import FloatArray
from gd_engine.reference import BudgetSpentError, reference_minimum
from tests.gd_engine.reference.descents import judged, patient, problem_of
from tests.gd_engine.test_nist import DANWOOD, rows

RANDOM = np.random.default_rng(5)
X = RANDOM.standard_normal((60, 2)) * [3.0, 0.5] + [1.0, -2.0]
NOISE = RANDOM.standard_normal(60)
Y = X @ np.array([1.5, -2.0]) + 0.7 + NOISE
LABELS = (X @ np.array([1.0, -1.0]) + 3.0 * NOISE > 1.0).astype(np.float64)
CLASSES = np.digitize(X[:, 0] + 2.0 * NOISE, [-1.0, 2.0]).astype(np.float64)
NAMES = {"classes": ["a", "b", "c"]}

NIST: dict[str, tuple[str, list[list[float]], float]] = {
    "misra1a": ("b1*(1 - exp(-b2*x1))", [[500, 1e-4], [250, 5e-4]], 1.2455138894e-01),
    "chwirut2": ("exp(-b1*x1)/(b2 + b3*x1)", [[0.1, 0.01, 0.02], [0.15, 0.008, 0.010]], 5.1304802941e02),
    "danwood": ("b1*x1**b2", [[1, 5], [0.7, 4]], 4.3173084083e-03),
}


@pytest.mark.parametrize("steps", [1, 300])
@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", NIST)
def test_the_reference_of_nists_problems_is_the_certified_residual_sum_of_squares(
    name: str, start: int, steps: int
) -> None:
    formula, starts, certified = NIST[name]
    x, y = (DANWOOD[:, :1], DANWOOD[:, 1]) if name == "danwood" else rows(name)
    found = judged(problem_of("formula", x, y, {"formula": formula}), np.array(starts[start]), rate=1e-13, steps=steps)
    assert found.reference is not None
    assert found.reference.train_loss * len(y) == pytest.approx(certified, rel=1e-6)


def test_the_reference_of_a_bad_start_is_reached_again_or_none() -> None:
    """Puromycin, where the descent from ones crosses a pole: the certified minimum, or no claim."""
    conc = np.repeat([0.02, 0.06, 0.11, 0.22, 0.56, 1.1], 2)[:, None]
    rate = np.array([76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200.0])
    problem = problem_of("formula", conc, rate, {"formula": "Vm*x1/(K + x1)"})
    found = judged(problem, steps=5000)
    assert found.reference is None or found.reference.train_loss * 12 == pytest.approx(1195.449, rel=1e-6)
    assert found.convergence.state != "converged"
    assert found.convergence.clauses[-1] == "mean_better"


SMOOTH: dict[str, tuple[str, FloatArray, dict[str, Any], dict[str, Any]]] = {
    "logistic": ("logistic", LABELS, {}, {"loss": "log_loss"}),
    "ridge logistic": ("logistic", LABELS, {}, {"loss": "log_loss", "l2": 0.1}),
    "softmax": ("softmax", CLASSES, NAMES, {"loss": "log_loss"}),
    "huber": ("linear", Y, {}, {"loss": "huber"}),
    "squares of probabilities": ("logistic", LABELS, {}, {"loss": "mse"}),
    "ridge formula": ("formula", Y, {"formula": "a + b*x1 + c*x2"}, {"loss": "mse", "l2": 0.1}),
    "sum of squares": ("formula", Y, {"formula": "a + b*x1 + c*x2"}, {"loss": "sse"}),
    "huber of a formula": ("formula", Y, {"formula": "a + b*x1 + c*x2"}, {"loss": "huber"}),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_no_step_leads_below_the_reference(name: str) -> None:
    kind, y, options, posing = SMOOTH[name]
    problem = problem_of(kind, X, y, options, **posing)
    found = reference_minimum(problem, initial_theta(problem.model), patient)
    assert found is not None
    assert found.theta is not None
    assert float(problem.energy(found.theta)) == pytest.approx(found.train_loss, rel=1e-12)
    assert_least(problem, found.theta)


def assert_least(problem: Problem, theta: FloatArray) -> None:
    """Asserts that E rises in random directions, at small and at great distances."""
    least = float(problem.energy(theta))
    for size in (1e-3, 0.1, 1.0):
        for direction in RANDOM.standard_normal((50, len(theta))):
            assert float(problem.energy(theta + size * direction)) >= least * (1 - 1e-12)


@pytest.mark.parametrize("loss", ["mse", "huber", "mae"])
@pytest.mark.parametrize("l1", [0.01, 0.5, 50.0])
def test_the_reference_with_an_l1_penalty(loss: str, l1: float) -> None:
    problem = problem_of("linear", X, Y, loss=loss, l1=l1)
    found = reference_minimum(problem, np.zeros(3), patient)
    assert found is not None
    assert found.theta is not None
    assert_least(problem, found.theta)
    assert (found.theta[1:] == 0).all() == (l1 == 50.0)


def test_the_reference_of_a_logistic_lasso() -> None:
    problem = problem_of("logistic", X, LABELS, loss="log_loss", l1=0.05)
    found = reference_minimum(problem, np.zeros(3), patient)
    assert found is not None
    assert found.method == "proximal_newton"
    assert found.theta is not None
    assert_least(problem, found.theta)


def test_the_least_absolute_errors_of_an_intercept_are_those_of_the_median() -> None:
    y = np.array([1.0, 2.0, 4.0, 100.0, 3.0])
    found = reference_minimum(problem_of("linear", np.zeros((5, 1)), y, loss="mae"), np.zeros(2), patient)
    assert found is not None
    assert found.train_loss == pytest.approx(np.abs(y - 3.0).mean(), rel=1e-9)


@pytest.mark.parametrize("kind", ["logistic", "softmax", "mlp"])
def test_the_infimum_of_separable_classes_is_0(kind: str) -> None:
    x = np.arange(10.0)[:, None]
    y = (x[:, 0] > 4.5).astype(np.float64)
    options = {"logistic": {}, "softmax": {"classes": ["a", "b"]}}.get(
        kind, {"task": "classification", "classes": ["a", "b"]}
    )
    found = judged(problem_of(kind, x, y, options, loss="log_loss"), steps=200)
    assert found.reference is not None
    assert (found.reference.train_loss, found.reference.theta) == (0.0, None)
    assert "separable" in found.convergence.clauses


def test_the_infimum_of_partly_separable_classes_is_that_of_the_other_rows() -> None:
    """The second feature is 1 in rows of one class alone, so its weight grows without end."""
    x1 = [-1.2, -0.7, -0.3, 0.1, 0.4, 0.9, 1.3, -0.5, 0.2, -1.0, -0.6, 0.8]
    y = np.array([0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1.0])
    x = np.column_stack([x1, np.repeat([0.0, 1.0], [8, 4])])
    found = reference_minimum(problem_of("logistic", x, y, loss="log_loss"), np.zeros(3), patient)
    rest = reference_minimum(problem_of("logistic", x[:8, :1], y[:8], loss="log_loss"), np.zeros(2), patient)
    assert found is not None
    assert rest is not None
    assert found.theta is None
    assert found.train_loss == pytest.approx(rest.train_loss * 8 / 12, rel=1e-9)


@pytest.mark.parametrize("kind", ["logistic", "softmax"])
def test_a_clear_outlier_is_no_separation(kind: str) -> None:
    """Some rows are so far from the boundary that their probability is 1 within rounding."""
    x = np.concatenate([X, [[60.0, 0.0], [-60.0, 0.0]]])
    y = np.concatenate([LABELS, [1.0, 0.0]])
    options = {} if kind == "logistic" else {"classes": ["a", "b"]}
    found = reference_minimum(
        problem_of(kind, x, y, options, loss="log_loss"), np.zeros(3 if kind == "logistic" else 6), patient
    )
    assert found is not None
    assert found.theta is not None


def test_a_third_class_that_is_apart_has_no_minimum() -> None:
    """Two classes overlap, the third is separable from both: E has no minimum, and no infimum is claimed."""
    x = np.concatenate([X, [[500.0, 0.0], [510.0, 1.0], [520.0, -1.0]]])
    y = np.concatenate([LABELS, [2.0, 2.0, 2.0]])
    found = reference_minimum(problem_of("softmax", x, y, NAMES, loss="log_loss"), np.zeros(9), patient)
    assert found is None or found.theta is None


LINE = np.array([[1.0], [2.0], [3.0], [4.0]])


@pytest.mark.parametrize(("formula", "b"), [("b**2*x1", 0.0), ("maximum(b, 0)*x1", -1.0), ("exp(-b*x1)", 800.0)])
def test_no_reference_is_claimed_at_a_saddle_or_on_a_plateau(formula: str, b: float) -> None:
    problem = problem_of("formula", LINE, 2.0 * LINE[:, 0], {"formula": formula})
    assert reference_minimum(problem, np.array([b]), patient) is None


def test_no_reference_is_claimed_when_the_budget_is_spent() -> None:
    def spent(_: float = 0.0, /) -> float:
        raise BudgetSpentError

    problem = problem_of("logistic", X, LABELS, loss="log_loss")
    assert reference_minimum(problem, np.zeros(3), spent) is None


def test_an_interruption_of_the_caller_goes_through() -> None:
    def stop(_: float = 0.0, /) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reference_minimum(problem_of("formula", X, Y, {"formula": "a + b*x1"}), np.ones(2), stop)


def test_the_minimum_over_many_parameters() -> None:
    x = RANDOM.standard_normal((60, 300))
    problem = problem_of("logistic", x, LABELS, loss="log_loss", l2=0.1)
    found = reference_minimum(problem, np.zeros(301), patient)
    assert found is not None
    assert found.method == "l_bfgs"
    assert found.theta is not None
    assert_least(problem, found.theta)


def test_a_perceptron_has_the_minimum_near_its_end() -> None:
    problem = problem_of("mlp", X, Y, {"hidden": (2,)}, loss="huber", l2=0.05, standardize=True)
    found = judged(problem, initial_theta(problem.model, 3), steps=300)
    assert found.reference is not None
    assert found.reference.theta is not None
    least = found.reference.train_loss
    assert least <= float(problem.energy(found.history.overview.theta[-1]))
    for direction in RANDOM.standard_normal((200, len(found.reference.theta))):
        assert float(problem.energy(found.reference.theta + 1e-3 * direction)) >= least * (1 - 1e-9)


def test_no_reference_is_claimed_where_the_gradient_is_no_number() -> None:
    x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    for posing in ({}, {"loss": "huber"}, {"l1": 0.1}):
        problem = problem_of("formula", x, np.square(x[:, 0]), {"formula": "a*x1**b"}, **posing)
        assert reference_minimum(problem, np.ones(2), patient) is None


def test_no_reference_is_claimed_when_the_memory_is_spent() -> None:
    def greedy(_: float = 0.0, /) -> float:
        raise MemoryError

    assert reference_minimum(problem_of("formula", X, Y, {"formula": "a + b*x1"}), np.ones(2), greedy) is None
