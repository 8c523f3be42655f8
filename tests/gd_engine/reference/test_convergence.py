"""The state of a descent, from its trajectory and its reference minimum."""

from typing import Any

import numpy as np
import pytest

from gd_engine.reference import judge
from tests.gd_engine.reference.descents import Judged, history_of, judged, problem_of

RANDOM = np.random.default_rng(3)
X = RANDOM.standard_normal((80, 2))
Y = X @ np.array([1.5, -2.0]) + 0.7 + RANDOM.standard_normal(80)
LABELS = (X[:, 0] + RANDOM.standard_normal(80) > 0).astype(np.float64)
ROOMS = np.arange(1.0, 9.0)[:, None]
PRICES = 150_000.0 + 30_000.0 * np.arange(8.0)
DAYS = 44197.0 + 7.0 * np.arange(6.0)[:, None]

Options = dict[str, Any]


def of(kind: str, y: Any, posing: Options, **descent: Any) -> Judged:
    return judged(problem_of(kind, X, np.asarray(y), **posing), **descent)


def test_a_descent_to_the_minimum_has_converged() -> None:
    found = of("linear", Y, {}, steps=200)
    assert found.convergence.state == "converged"
    assert found.convergence.relative_gap == pytest.approx(0.0, abs=1e-10)
    assert found.convergence.clauses == ("converged", "minimum", "mean")


@pytest.mark.parametrize(
    ("kind", "y", "posing", "descent"),
    [
        ("logistic", LABELS, {"loss": "log_loss"}, {"rate": 1.0, "steps": 300}),
        ("linear", Y, {"loss": "huber"}, {"rate": 0.5, "steps": 300}),
        ("linear", Y, {"l1": 0.1}, {"rate": 1e-3, "steps": 5000}),
        ("linear", Y, {"loss": "mae"}, {"rate": 1e-3, "steps": 8000}),
        ("linear", Y, {"reduce": False}, {"rate": 1e-3, "steps": 4000, "batch_size": 8}),
    ],
    ids=["logistic", "huber", "l1", "mae", "batches"],
)
def test_a_descent_of_any_objective_converges(kind: str, y: Any, posing: Options, descent: Options) -> None:
    assert of(kind, y, posing, **descent).convergence.state == "converged"


@pytest.mark.parametrize(
    ("posing", "descent"),
    [
        ({"loss": "mae"}, {"rate": 8.0, "steps": 300}),
        ({"reduce": False}, {"rate": 0.4, "steps": 300, "batch_size": 2}),
        ({}, {"rate": 1.2, "steps": 60, "optimizer": "momentum"}),
    ],
    ids=["mae with long steps", "small batches", "momentum"],
)
def test_a_descent_that_goes_up_and_down_oscillates(posing: Options, descent: Options) -> None:
    found = of("linear", 5.0 * Y, posing, **descent)
    assert found.convergence.state == "oscillating"
    assert found.reference is not None


def test_a_slow_descent_still_descends() -> None:
    found = of("linear", Y, {}, rate=1e-3, steps=300)
    assert found.convergence.state == "descending"
    assert found.convergence.relative_gap is not None
    assert found.convergence.relative_gap > 0.1


def test_a_descent_in_noise_still_descends() -> None:
    found = of("linear", Y + 20.0, {"reduce": False}, rate=2e-3, steps=300, batch_size=4)
    assert found.convergence.state == "descending"


@pytest.mark.parametrize("options", [{}, {"batch_size": 4}], ids=["all rows", "batches"])
def test_steps_that_are_far_too_short_stall(options: Options) -> None:
    """adam takes a step of 0.001 towards a target 255,000 away."""
    problem = problem_of("linear", ROOMS, PRICES, standardize=True, reduce=not options)
    found = judged(problem, optimizer="adam", rate=1e-3, steps=300, **options).convergence
    assert (found.state, found.clauses[-1]) == ("stalled", "mean_better")
    assert found.values["reference"] == 0.0
    assert found.reference is not None
    assert found.reference.train_loss == pytest.approx(0.0, abs=1e-6)
    assert found.relative_gap is None


def test_a_narrow_valley_of_timestamps_stalls() -> None:
    found = judged(problem_of("linear", DAYS, np.arange(1.0, 7.0))).convergence
    assert found.state == "stalled"
    assert found.loss == pytest.approx(2.9134, rel=1e-4)


def test_a_descent_that_ends_above_its_start_rises() -> None:
    assert of("linear", Y, {}, rate=1.05, steps=20).convergence.state == "rising"


def test_a_descent_that_leaves_the_numbers_has_diverged() -> None:
    found = of("linear", Y, {}, rate=5.0, steps=2000)
    assert (found.outcome.reason, found.convergence.state) == ("diverged", "diverged")
    assert found.convergence.loss is not None
    assert found.reference is not None


def test_a_descent_that_cannot_begin_has_diverged() -> None:
    found = of("linear", Y, {}, steps=1)
    empty = history_of({name: column[:0] for name, column in _columns(found).items()})
    convergence = judge(found.problem, found.outcome, empty, None)
    assert (convergence.state, convergence.clauses, convergence.loss) == ("diverged", ("diverged_at_once",), None)


def _columns(found: Judged) -> dict[str, Any]:
    return {"theta": found.history.overview.theta, **found.history.overview.columns}


def test_a_plateau_without_a_known_minimum_stalls() -> None:
    problem = problem_of("formula", ROOMS, 2.0 * ROOMS[:, 0], {"formula": "maximum(b, 0)*x1"})
    found = judged(problem, np.array([-1.0]), rate=0.01, steps=50).convergence
    assert (found.state, found.reference, found.clauses[1]) == ("stalled", None, "unknown")


def test_separable_classes_never_converge() -> None:
    problem = problem_of("logistic", ROOMS, (ROOMS[:, 0] > 4.5).astype(np.float64), loss="log_loss")
    found = judged(problem, steps=5000, rate=1.0).convergence
    assert (found.state, found.relative_gap) == ("descending", None)


def test_a_close_fit_far_above_its_own_minimum_has_not_converged() -> None:
    x = np.linspace(0.0, 1.0, 40)[:, None]
    found = judged(problem_of("linear", x, 1000.0 * x[:, 0] + RANDOM.standard_normal(40)), steps=60).convergence
    assert found.relative_gap is not None
    assert (found.relative_gap > 1.0, found.state) == (True, "descending")


def test_a_few_steps_of_a_classification_have_not_converged() -> None:
    classes = np.digitize(X[:, 0] + 2.0 * RANDOM.standard_normal(80), [-1.0, 1.0]).astype(np.float64)
    problem = problem_of("softmax", X, classes, {"classes": ["a", "b", "c"]}, loss="log_loss")
    assert judged(problem, steps=4).convergence.state == "descending"
    assert judged(problem, steps=1000).convergence.state == "converged"


def test_a_penalty_whose_kink_the_steps_jump_over_oscillates() -> None:
    found = of("linear", Y, {"l1": 4.0}, steps=200).convergence
    assert found.state == "oscillating"
    assert found.relative_gap is not None
    assert found.relative_gap > 0.01


def test_the_minimum_of_a_descent_that_diverged_is_no_rounding() -> None:
    found = of("linear", Y, {}, rate=5.0, steps=2000).convergence
    assert found.values["reference"] > 0.1


def test_a_constant_that_is_as_good_is_not_called_better() -> None:
    found = of("linear", np.full(80, 5.0), {}, steps=100).convergence
    assert found.clauses == ("converged", "minimum", "mean")


def test_a_fit_without_a_known_minimum_that_halves_its_error_still_descends() -> None:
    problem = problem_of("formula", ROOMS, np.ones(8), {"formula": "tanh(a*x1 + a)"})
    found = judged(problem, np.array([0.1]), rate=0.1, steps=300).convergence
    assert (found.state, found.reference) == ("descending", None)


def test_a_descent_that_begins_beside_the_minimum_has_converged() -> None:
    """A fork of a run that had nearly arrived has little to fall, and converges slowly."""
    end = of("linear", Y, {"l1": 0.1}, rate=0.05, steps=150).history.ending.theta[-1]
    found = of("linear", Y, {"l1": 0.1}, theta0=end, rate=1e-3, steps=20).convergence
    assert found.relative_gap is not None
    assert (0.0 < found.relative_gap < 1e-6, found.state) == (True, "converged")


def test_a_fit_with_a_huge_start_has_not_converged_far_from_its_minimum() -> None:
    t = np.arange(41.0)[:, None]
    problem = problem_of("formula", t, np.round(2.0 * np.exp(0.03 * t[:, 0]), 2), {"formula": "a*exp(b*x1)"})
    found = judged(problem, rate=0.01, steps=500, clip_norm=1.0).convergence
    assert found.values["first"] > 1e33
    assert found.state == "descending"
    assert found.loss == pytest.approx(1.847, rel=1e-3)
    assert found.values["reference"] == pytest.approx(8.466e-6, rel=1e-3)
