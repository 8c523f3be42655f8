"""The state and the reference of a function's descent: neither a constant in E nor a factor of E changes them."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from gd_engine import pose_function
from gd_engine.reference import judge
from service.core.convergence_sentences import sentence
from tests.gd_engine.reference.descents import Judged, judged

ROSENBROCK = "(1-a)**2 + 100*(b-a**2)**2"


def of(formula: str, theta0: dict[str, float], **descent: Any) -> Judged:
    return judged(pose_function(formula, theta0), **descent)


def state(formula: str, theta0: dict[str, float], **descent: Any) -> str:
    return of(formula, theta0, **descent).convergence.state


RUNS: dict[str, tuple[str, str, dict[str, float], dict[str, Any]]] = {
    "to the minimum": ("converged", "a**2 + b**2", {"a": 3.0, "b": -1.0}, {"rate": 0.1, "steps": 100}),
    "from the minimum": ("converged", "(a - 1)**2", {"a": 1.0}, {"rate": 0.1, "steps": 10}),
    "a few small steps": ("descending", "a**2", {"a": 3.0}, {"rate": 0.01, "steps": 5}),
    "far below the start, in a valley": ("descending", "1e6*a**2 + b**2", {"a": 1.0, "b": 1.0}, {"steps": 10_000}),
    "slower and slower": ("descending", "a**4", {"a": 1.0}, {"rate": 0.1, "steps": 1000}),
    "between two points": ("oscillating", "a**2", {"a": 1.0}, {"rate": 1.0, "steps": 50}),
    "over a kink": ("oscillating", "sqrt(a**2)", {"a": 5.03}, {"rate": 0.1, "steps": 100}),
    "upwards": ("rising", "a**2", {"a": 1.0}, {"rate": 1.01, "steps": 50}),
    "nowhere": ("stalled", "a*0", {"a": 1.0}, {"rate": 0.1, "steps": 20}),
    "slow, then faster": ("descending", "-exp(-a**2)", {"a": 4.0}, {"rate": 1.0, "steps": 1000}),
}


ABOUT = ["{}", "{} + 1e6", "1e6*({})", "1e-6*({})"]
BELOW_ROUNDING = ("slow, then faster", "{} + 1e6")
"""The fall of this one is less than the rounding error of 1e6."""


@pytest.mark.parametrize(("name", "about"), sorted({*product(RUNS, ABOUT)} - {BELOW_ROUNDING}))
def test_the_state_of_a_functions_descent(name: str, about: str) -> None:
    expected, formula, theta0, descent = RUNS[name]
    scale = {"1e6*({})": 1e-6, "1e-6*({})": 1e6}.get(about, 1.0)
    if "rate" in descent:
        descent = {**descent, "rate": scale * descent["rate"]}
    assert state(about.format(formula), theta0, **descent) == expected


def test_a_descent_that_fell_far_has_not_converged() -> None:
    found = of(ROSENBROCK, {"a": -10.0, "b": 10.0}, steps=1000)
    assert found.convergence.loss is not None
    assert found.convergence.loss > 1.0
    assert found.convergence.state in {"descending", "stalled"}
    assert found.reference is not None
    assert found.reference.train_loss == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("about", ["{}", "{} + 100", "1e-6*({})"])
@pytest.mark.parametrize(
    ("formula", "theta0", "steps", "expected"),
    [
        ("(a - 1)**20", {"a": 3.0}, 100, "descending"),
        ("a**4", {"a": 1.0}, 100, "descending"),
        ("exp(a)", {"a": 1.0}, 100, "descending"),
        ("exp(-a)", {"a": 1.0}, 100, "descending"),
        ("log(1 + exp(a))", {"a": 1.0}, 100, "descending"),
        ("a**2*b**2", {"a": 1.0, "b": 1.0}, 500, "descending"),
        ("100*a**2 + b**2", {"a": 1.0, "b": 1.0}, 1000, "stalled"),
    ],
)
def test_an_e_that_falls_by_a_share_of_itself_is_not_stalled(
    formula: str, theta0: dict[str, float], steps: int, expected: str, about: str
) -> None:
    found = of(about.format(formula), theta0, steps=steps)
    assert judge(found.problem, found.outcome, found.history, None).state == expected


def test_e_that_never_changed_is_not_said_to_move() -> None:
    still = of("a*0 + 3", {"a": 1.0}, rate=0.1, steps=20).convergence
    assert still.clauses == ("hardly_moved", "unknown")
    jumps = of("a**2", {"a": 1.0}, rate=1.0, steps=50).convergence
    assert jumps.clauses == ("alternating", "local_minimum")


@pytest.mark.parametrize("about", ["{}", "{} + 1e6", "1e-6*({})"])
@pytest.mark.parametrize(
    ("formula", "start"),
    [
        ("a**3", 1.0),
        ("tanh(a)", 1.0),
        ("tanh(a)", -4.0),
        ("exp(exp(a))", 0.5),
        ("exp(a)", 0.5),
        ("1/a", 1.0),
        ("log(1 + exp(a))", 1.0),
    ],
)
def test_no_minimum_is_claimed_where_none_is_attained(formula: str, start: float, about: str) -> None:
    assert of(about.format(formula), {"a": start}, rate=0.1, steps=50).reference is None


@pytest.mark.parametrize("other", ["b**2", "1e4*(b - 2)**2"])
def test_no_minimum_is_claimed_beside_a_direction_without_one(other: str) -> None:
    for formula in ("a**3", "tanh(a)", "exp(a)"):
        assert of(f"{formula} + {other}", {"a": 0.5, "b": 1.0}, rate=1e-5, steps=50).reference is None


@pytest.mark.parametrize("about", ["{}", "{} + 1e6", "1e-6*({})"])
@pytest.mark.parametrize(
    ("formula", "theta0", "expected"),
    [
        ("a**4", {"a": 1.0}, {"a": 0.0}),
        ("(a - 1)**4 + b**2", {"a": 3.0, "b": 1.0}, {"a": 1.0, "b": 0.0}),
        ("a*exp(a)", {"a": 0.5}, {"a": -1.0}),
        (ROSENBROCK, {"a": -1.2, "b": 1.0}, {"a": 1.0, "b": 1.0}),
        (ROSENBROCK, {"a": -10.0, "b": 10.0}, {"a": 1.0, "b": 1.0}),
        ("sin(a)", {"a": 1.6}, {"a": 1.5 * np.pi}),
        ("sin(a)", {"a": 3.1415926}, {"a": 1.5 * np.pi}),
        ("sin(a) + 0.001*b**2", {"a": 1.5, "b": 1.0}, {"a": -0.5 * np.pi, "b": 0.0}),
    ],
)
def test_the_minimum_of_the_last_steps_basin_is_claimed(
    formula: str, theta0: dict[str, float], expected: dict[str, float], about: str
) -> None:
    found = of(about.format(formula), theta0, rate=1e-9, steps=3).reference
    assert found is not None
    assert found.theta is not None
    hidden = 1e-2 if "**4" in formula else 1e-6  # where E is flat
    np.testing.assert_allclose(found.theta, list(expected.values()), atol=hidden)


def test_a_line_of_minima_is_a_minimum() -> None:
    for formula in ("(a - b)**2", "(a*b - 1)**2"):
        found = of(formula, {"a": 3.0, "b": 2.0}, rate=0.01, steps=10).reference
        assert found is not None
        assert found.train_loss == pytest.approx(0.0, abs=1e-20)


def test_the_gap_beside_a_minimum_of_rounding_has_no_ratio() -> None:
    assert of("(a - 0.1)**2 + 1e-30", {"a": 3.0}, rate=0.1, steps=50).convergence.relative_gap is None
    assert of("(a - 0.1)**2 + 1", {"a": 3.0}, rate=0.1, steps=50).convergence.relative_gap is not None


def test_a_huge_start_hides_no_gap_at_the_end() -> None:
    """E of 5e34 at θ₀ says nothing of the rounding error of 2.12, nor of the depth of the valley."""
    found = of("exp(a) + exp(-a) + (b - 3)**2", {"a": 80.0, "b": 0.0}, rate=1.0, steps=85, clip_norm=1.0).convergence
    assert found.state == "descending"
    assert found.loss == pytest.approx(2.125, abs=1e-3)
    assert found.values["reference"] == pytest.approx(2.0)
    assert found.relative_gap == pytest.approx(0.0624, rel=0.01)


def test_numbers_that_differ_are_shown_apart() -> None:
    found = of("a**2 + 100", {"a": 0.1}, rate=0.01, steps=5).convergence
    text = sentence(found.clauses, found.values, "en")
    assert found.state == "descending"
    assert text == "E was still falling at step 5, where it is 100.01; a local minimum is 100."


def test_a_rise_after_a_fall_is_told_as_one() -> None:
    found = of("a**2", {"a": 1.0}, optimizer="momentum", rate=0.1, steps=6).convergence
    assert (found.state, found.clauses[0]) == ("rising", "rising_again")
    assert found.loss is not None
    assert found.values["least"] < found.loss < found.values["first"]


def test_a_steep_rise_is_a_rise_at_once() -> None:
    assert state("1000*a**2 + b**2", {"a": 0.08, "b": 2.38}, optimizer="nesterov", rate=1.0, steps=10) == "rising"


@pytest.mark.parametrize("formula", ["log(1 + a**2)", "a**6", "cosh(a)"])
def test_a_minimum_is_claimed_where_rounding_makes_it_flat(formula: str) -> None:
    if formula == "cosh(a)":
        formula = "exp(a) + exp(-a)"
    found = of(formula, {"a": 0.5}, optimizer="nesterov", rate=0.1, steps=2000)
    assert found.reference is not None
    assert found.reference.theta is not None
    assert abs(found.reference.theta[0]) < 1e-2


def test_a_momentum_that_just_passes_the_minimum_has_not_converged() -> None:
    found = of("log(1 + a**2)", {"a": 2.48049652}, optimizer="fista", rate=0.1, steps=20)
    assert found.convergence.loss == pytest.approx(0.0, abs=1e-6)
    assert found.convergence.state == "descending"


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adam"])
@pytest.mark.parametrize("formula", ["a", "-a", "-a**2", "a**3", "-log(a)", "-sqrt(a)", "a - 0.1*sin(a)", "-a + 1e6"])
def test_an_e_that_falls_without_end_has_no_minimum(formula: str, optimizer: str) -> None:
    found = of(formula, {"a": 1.0}, rate=0.1, steps=50, optimizer=optimizer).convergence
    assert found.reference is None
    assert found.clauses[1] == "unbounded"
    assert sentence(found.clauses, found.values, "en").endswith("falls without end in this direction.")


@pytest.mark.parametrize(
    "formula", ["exp(-a)", "1/a", "-tanh(a)", "a/(1 + a**2)", "1e-9*a**2 - a", "-a*exp(-a)", "a**2"]
)
def test_an_e_that_falls_ever_less_may_have_an_infimum(formula: str) -> None:
    assert "unbounded" not in of(formula, {"a": 1.5}, rate=0.1, steps=50).convergence.clauses


@pytest.mark.parametrize("optimizer", ["ista", "fista"])
@pytest.mark.parametrize(
    ("formula", "l1", "expected"),
    [
        ("(a - 3)**2 + (b + 1)**2", 0.1, [2.95, -0.95]),
        ("(a - 3)**2 + (b + 1)**2", 5.0, [0.5, 0.0]),
        ("(a - 3)**2 + (b + 1)**2", 100.0, [0.0, 0.0]),
        ("(a**2 - 1)**2 + b**2", 0.5, [0.93040293, 0.0]),
    ],
)
def test_a_proximal_step_converges_at_the_minimum_of_an_l1_penalty(
    formula: str, l1: float, expected: list[float], optimizer: str
) -> None:
    problem = pose_function(formula, {"a": 1.0, "b": 1.0}, l1=l1)
    found = judged(problem, np.ones(2), optimizer=optimizer, rate=0.1, steps=300)
    assert found.reference is not None
    assert found.reference.theta == pytest.approx(np.array(expected), abs=1e-7)
    assert found.convergence.state == "converged"


def test_no_minimum_of_an_l1_penalty_is_claimed_where_e_falls_beside_it() -> None:
    """At 0 the slope of E equals the penalty; one below it, 0 is an unstable end of the proximal steps."""
    for l1 in (1.0, 0.5):
        problem = pose_function("-a", {"a": 0.0}, l1=l1)
        assert judged(problem, np.zeros(1), optimizer="ista", rate=0.1, steps=0).reference is None
