"""Findings of descents on functions without data."""

from typing import Any

import numpy as np
import pytest

from gd_engine import (
    BENCHMARK_FUNCTIONS,
    OPTIMIZERS,
    Choices,
    DescentConfig,
    Finding,
    History,
    Stretch,
    auto_learning_rate,
    diagnose,
    initial_theta,
    pose_function,
)
from tests.gd_engine.diagnosis.french import check_french
from tests.gd_engine.helpers import descended


def found(
    text: str,
    theta0: dict[str, float] | None = None,
    optimizer: str = "gd",
    rate: float | None = None,
    steps: int = 100,
    **choices: Any,
) -> list[Finding]:
    problem = pose_function(text, theta0)
    used = auto_learning_rate(problem.energy, initial_theta(problem.model)) if rate is None else rate
    method = OPTIMIZERS[optimizer]()
    columns, outcome = descended(problem, method, used, steps)
    theta = columns.pop("theta")
    whole = Stretch(np.arange(len(theta)), theta, columns)
    chosen = Choices(automatic=rate is None, optimizer=optimizer, **choices)
    config = DescentConfig(method, used, steps)
    found = diagnose(problem, config, outcome, History(whole, whole), choices=chosen, features=())
    check_french(found)
    return found


def codes(*given: Any, **more: Any) -> list[str]:
    return [finding.code for finding in found(*given, **more)]


@pytest.mark.parametrize(
    "name", [name for name in BENCHMARK_FUNCTIONS if name not in ("ravine", "rosenbrock", "beale")]
)
def test_a_healthy_descent_has_no_finding(name: str) -> None:
    function = BENCHMARK_FUNCTIONS[name]
    assert codes(function.formula, dict(function.theta0)) == []
    assert codes(function.formula, dict(function.theta0), steps=1000) == []


@pytest.mark.parametrize("name", list(BENCHMARK_FUNCTIONS))
def test_a_rate_that_is_too_large_or_too_small(name: str) -> None:
    function = BENCHMARK_FUNCTIONS[name]
    theta0 = dict(function.theta0)
    [large] = found(function.formula, theta0, rate=50.0)
    [small] = found(function.formula, theta0, rate=1e-5)
    assert (large.code, small.code) == ("learning_rate_too_large", "too_few_steps")
    assert large.change == small.change == {"descent": {"learning_rate": "auto"}}
    assert codes(function.formula, theta0) in ([], ["too_few_steps"])


def test_too_few_steps() -> None:
    [finding] = found(BENCHMARK_FUNCTIONS["ravine"].formula, dict(BENCHMARK_FUNCTIONS["ravine"].theta0))
    assert finding.code == "too_few_steps"
    assert finding.change["descent"]["steps"] > 100
    assert f" to {finding.evidence['energy']:.4g}. It takes many more steps" in finding.sentence


def test_a_number_of_steps_at_the_limit_of_the_extrapolation_is_not_told() -> None:
    """The limit, sixteen times the steps, was said to be enough."""
    [early] = found("exp(-a)", rate=0.1, steps=10)
    assert (early.evidence["steps_needed"], early.change["descent"]["steps"]) == (None, 180)
    assert early.sentence.endswith("It takes many more steps; how many, this fall does not tell.")
    [later] = found(BENCHMARK_FUNCTIONS["ravine"].formula, dict(BENCHMARK_FUNCTIONS["ravine"].theta0), steps=170)
    assert later.sentence.endswith(" About 940 steps would do (an estimate).")
    assert later.evidence["steps_needed"] == later.change["descent"]["steps"] == 940


def test_a_function_without_a_lowest_point() -> None:
    [finding] = found("a**2 - b**2")
    assert (finding.code, finding.change) == ("unbounded", {})
    assert codes("-a**4", {"a": 1.0}, rate=0.1) == ["unbounded"]  # to −∞, and then not finite
    assert codes("a + b", {"a": 1.0, "b": 1.0}, rate=0.1) == ["unbounded"]


def test_a_saddle_is_no_minimum() -> None:
    [finding] = found("a**2 - b**2", {"a": 1.0, "b": 0.0}, rate=0.1)
    assert finding.code == "saddle_point"
    assert finding.evidence["curvature"] == pytest.approx(-2.0)
    assert "unbounded" in codes("a**2 - b**2", finding.change["descent"]["theta0"], rate=0.1, steps=400)
    function = BENCHMARK_FUNCTIONS["saddle"]
    assert codes(function.formula, {"a": 1.5, "b": 0.0}) == ["saddle_point"]


def test_a_descent_towards_a_flat_minimum_is_at_no_saddle() -> None:
    """a²b² bends downwards along a = −b, but nowhere below its minimum 0, towards which the descent still falls."""
    assert "saddle_point" not in codes("a**2*b**2", {"a": 1.0, "b": 1.0}, steps=500)


def test_a_start_without_a_value() -> None:
    [finding] = found("log(a) + 1/a", {"a": -1.0}, rate=0.1)
    assert finding.code == "infinite_start"
    assert "formula has no value" in finding.sentence
    assert finding.change["descent"]["theta0"]["a"] > 0


def test_rounding_beside_a_minimum_is_no_fault() -> None:
    function = BENCHMARK_FUNCTIONS["himmelblau"]
    assert codes(function.formula, dict(function.minima[1].theta)) == []


@pytest.mark.parametrize(
    ("text", "start", "part"),
    [
        ("log(a)", 1.0, "leads to about a = -"),
        ("sqrt(a)", 1.0, "leads to about a = -"),
        ("sqrt(a)", 0.0, "its gradient is not a finite number at a = 0"),
        ("a**1e308", 1.0, "where the formula has no finite value"),
    ],
)
def test_a_descent_that_leaves_the_domain_is_not_said_to_rise(text: str, start: float, part: str) -> None:
    [finding] = found(text, {"a": start}, rate=0.1)
    assert (finding.code, finding.change) == ("left_domain", {})
    assert part in finding.sentence


def test_a_smaller_rate_stays_in_the_domain_beside_a_minimum() -> None:
    [finding] = found("a - 3*log(a)", {"a": 0.1}, rate=10.0, steps=2)
    assert finding.code == "learning_rate_too_large"
    [finding] = found("2*a - log(a)", {"a": 1.0}, rate=1.5, steps=100)
    assert finding.code == "left_domain"
    smaller = finding.change["descent"]["learning_rate"]
    assert codes("2*a - log(a)", {"a": 1.0}, rate=smaller, steps=100) == []
