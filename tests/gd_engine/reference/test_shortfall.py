"""The finding of a descent that ended far above its reference minimum."""

from typing import Any

import numpy as np
import pytest
from scipy.special import fdtri

from gd_engine import BENCHMARK_FUNCTIONS, Finding, History, Stretch, initial_theta, pose_function
from gd_engine.reference import Convergence, find_shortfall, judge, reference_minimum
from gd_engine.reference.shortfall import _confidence_region, _length
from service.datasets import samples
from tests.gd_engine.diagnosis.french import check_french
from tests.gd_engine.reference.descents import Judged, judged, patient, problem_of

ROSENBROCK = BENCHMARK_FUNCTIONS["rosenbrock"]
STYBLINSKI_TANG = BENCHMARK_FUNCTIONS["styblinski_tang"]
RANDOM = np.random.default_rng(5)
X = RANDOM.standard_normal((80, 2))
CLASSES = (X @ np.array([2.0, -1.0]) + 0.5 * RANDOM.standard_normal(80) > 0).astype(np.float64)
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
PERCEPTRON = {"task": "classification", "classes": ["a", "b"]}
GROWTH = np.linspace(0.1, 5.0, 40)[:, None]
CERTIFIED = 1.2455138894e-01 / 14
"""NIST's least mean square of Misra1a's residuals."""


def short_of(found: Judged) -> list[Finding]:
    short = find_shortfall(found.problem, found.history, found.convergence, 0.1)
    check_french(short)
    return short


def misra1a(formula: str, theta0: list[float], **descent: Any) -> Judged:
    [table] = samples.load("misra1a").blocks()
    problem = problem_of("formula", table[:, :1], table[:, 1], {"formula": formula})
    return judged(problem, np.array(theta0), **descent)


@pytest.mark.parametrize("theta0", [[1.0, 1.0], [5.0, 0.1], [2.5, 0.5], [1.0, 0.01]])
@pytest.mark.parametrize("steps", [500, 2000])
def test_an_end_above_the_noise_of_precise_data_falls_short(theta0: list[float], steps: int) -> None:
    """A share of E of a constant, 483, is 50 times the certified minimum."""
    found = misra1a("100*b1*(1 - exp(-b2*x1/1000))", theta0, steps=steps)
    assert found.reference is not None
    assert found.reference.train_loss == pytest.approx(CERTIFIED, rel=1e-6)
    (finding,) = short_of(found)
    assert finding.evidence["attainable_energy"] == pytest.approx(CERTIFIED, rel=1e-6)


@pytest.mark.parametrize(("rows", "p"), [(14, 2), (10, 7), (1000, 3)])
def test_the_edge_of_the_confidence_region_is_that_of_an_f_test(rows: int, p: int) -> None:
    assert _confidence_region(rows, p) == pytest.approx(p / (rows - p) * fdtri(p, rows - p, 0.95))


def test_the_confidence_region_is_that_of_squared_errors_alone() -> None:
    """Of other losses a gap is negligible beside E of a constant."""
    random = np.random.default_rng(1)
    y = 10.0 * X[:, 0] + 0.1 * random.standard_normal(80)
    far: dict[str, list[str]] = {}
    for loss in ("mse", "huber"):
        problem = problem_of("linear", X, y, loss=loss, reduce=False)
        least = reference_minimum(problem, np.zeros(3), patient)
        assert least is not None
        beside = 1.2 * least.train_loss
        known = Convergence("stalled", (), {}, beside, least, 0.2)
        rows = np.arange(2)
        columns = {"train_loss": np.array([10.0, beside]), "train_accuracy": np.ones(2)}
        stretch = Stretch(rows, np.ones((2, 3)), columns)
        far[loss] = [each.code for each in find_shortfall(problem, History(stretch, stretch), known, 0.1)]
    assert far == {"mse": ["too_few_steps"], "huber": []}


def test_an_end_far_above_the_certified_minimum_has_not_converged() -> None:
    found = misra1a("b1*(1 - exp(-b2*x1))", [250.0, 5e-4], steps=500)
    assert found.convergence.loss == pytest.approx(2.25 * CERTIFIED, rel=0.01)
    assert found.convergence.state == "stalled"
    assert [finding.code for finding in short_of(found)] == ["too_few_steps"]


def test_a_function_whose_steps_go_up_and_down_falls_short() -> None:
    chaotic = pose_function(STYBLINSKI_TANG.formula, dict(STYBLINSKI_TANG.theta0))
    cyclic = pose_function("a - log(a)", {"a": 10.0})
    for problem, rate in ((chaotic, 0.1), (cyclic, 3.0)):
        found = judged(problem, initial_theta(problem.model), rate=rate, steps=100)
        assert found.convergence.state == "oscillating"
        assert [finding.code for finding in short_of(found)] == ["oscillation"]


def test_a_perceptron_no_better_than_the_shares_of_the_classes_falls_short() -> None:
    problem = problem_of("mlp", X, CLASSES, PERCEPTRON, loss="log_loss", reduce=False)
    found = judged(problem, optimizer="adam", rate=1e-4, steps=100, batch_size=8)
    unknown = judge(problem, found.outcome, found.history, None)
    (finding,) = short_of(found._replace(convergence=unknown))
    assert finding.code == "too_few_steps"
    assert finding.evidence["explained"] > 0.5


def test_only_a_perceptron_that_separates_the_classes_is_said_to() -> None:
    labels = np.array([0.0, 1.0, 1.0, 0.0])
    problem = problem_of("mlp", XOR, labels, PERCEPTRON, loss="log_loss")
    (early,) = short_of(judged(problem, rate=1e-3, steps=5))
    assert early.code != "separable_classes"
    (late,) = short_of(judged(problem, optimizer="adam", rate=0.05, steps=1000))
    assert late.code == "separable_classes"
    assert "line" not in late.sentence


@pytest.mark.parametrize(
    ("formula", "theta0", "flat"),
    [
        ("1/(1 + exp(-(a + b*x1)))*c", [50.0, 50.0, 1.0], ["a", "b"]),
        ("a*tanh(b*x1)", [1.0, 100.0], ["b"]),
        ("a*(1 - exp(-b*x1))", [1.0, 100.0], ["b"]),
    ],
)
def test_a_formula_that_saturates_is_said_to(formula: str, theta0: list[float], flat: list[str]) -> None:
    y = 2.0 * np.tanh(0.5 * GROWTH[:, 0]) + 0.01 * np.sin(40.0 * GROWTH[:, 0])
    found = judged(problem_of("formula", GROWTH, y, {"formula": formula}), np.array(theta0), rate=0.1, steps=300)
    (finding,) = short_of(found)
    assert (finding.code, finding.evidence["parameters"]) == ("plateau", flat)


@pytest.mark.parametrize(("steps", "codes"), [(2000, ["too_few_steps"]), (20_000, [])])
@pytest.mark.parametrize("constant", [0.0, 1e6])
def test_a_function_that_still_falls_far_above_a_minimum_has_too_few_steps(
    steps: int, codes: list[str], constant: float
) -> None:
    problem = pose_function(f"{ROSENBROCK.formula} + {constant}", dict(ROSENBROCK.theta0))
    found = judged(problem, initial_theta(problem.model), rate=1e-3, steps=steps)
    short = find_shortfall(problem, found.history, found.convergence, 1e-3)
    assert [finding.code for finding in short] == codes
    check_french(short)
    for finding in short:
        assert finding.evidence["attainable_energy"] == pytest.approx(constant, abs=1e-6)
        assert "and a local minimum is" in finding.sentence


@pytest.mark.parametrize("size", [0.0, 1e-200, 1.0, 1e200])
def test_the_length_of_theta_neither_overflows_nor_vanishes(size: float) -> None:
    assert _length(size * np.array([3.0, -4.0])) == pytest.approx(5.0 * size, rel=1e-15, abs=0.0)


@pytest.mark.parametrize(
    ("x", "target", "steps"),
    [([1, 2, 3, 4, 5, 6], 101.3, 3000), ([-1, -2, 0.5, 3], 2.0, 200), ([1, 2, 3, 4], 1e9 + 0.1, 2000)],
)
def test_a_descent_to_equal_targets_does_not_fall_short_of_a_rounding_error(
    x: list[float], target: float, steps: int
) -> None:
    """E of a constant is a rounding error or 0: to be above it says nothing."""
    found = judged(problem_of("linear", np.array(x)[:, None], np.full(len(x), target)), steps=steps)
    assert found.convergence.state == "converged"
    assert short_of(found) == []
