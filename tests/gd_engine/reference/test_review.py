"""The review of findings: what the reference minimum refutes, and what it adds."""

from typing import Any

import numpy as np

from gd_engine import MODELS, Finding, pose, split_by_fraction
from gd_engine.reference import reviewed
from tests.gd_engine.reference.descents import Judged, judged, problem_of

FALLING = Finding("too_few_steps", {}, "E was still falling.", {"descent": {"steps": 9}})
OVERFITTED = Finding("overfitting", {}, "The test error rises.", {"descent": {"steps": 9}})
CONSTANT = Finding("constant_column", {}, "x2 is constant.", {})
RANDOM = np.random.default_rng(4)
X = RANDOM.uniform(0.1, 3.0, (60, 1))
SATURATING = 2.0 * X[:, 0] / (0.6 + X[:, 0]) + 0.05 * RANDOM.standard_normal(60)
GROWING = 1.2 * np.exp(0.6 * X[:, 0]) + 0.05 * RANDOM.standard_normal(60)


def codes(found: Judged, *findings: Finding) -> list[str]:
    seen = reviewed(findings, found.problem, found.history, found.convergence, 0.1)
    return [finding.code for finding in seen]


def saturating(steps: int) -> Judged:
    problem = problem_of("formula", X, SATURATING, {"formula": "a*x1/(b + x1)"})
    return judged(problem, optimizer="nesterov", rate=0.1, steps=steps)


def growing(steps: int, **options: Any) -> Judged:
    """A descent with a third of the rows held out, whose largest x are among them."""
    order = np.argsort(X[:, 0])
    split = split_by_fraction(60, 0)._replace(train=order[:40], test=order[40:])
    problem = pose(MODELS["formula"](["x1"], formula="a*exp(b*x1)"), X, GROWING, split, **options)
    return judged(problem, optimizer="adam", rate=0.01, steps=steps)


def test_a_descent_near_its_minimum_is_not_too_short_however_fast_e_fell() -> None:
    near, far = saturating(70), saturating(4)
    assert near.convergence.state == far.convergence.state == "descending"
    assert near.convergence.relative_gap is not None
    assert near.convergence.relative_gap < 0.15
    assert codes(near, FALLING, CONSTANT) == ["constant_column"]
    assert codes(far, FALLING, CONSTANT) == ["too_few_steps", "constant_column"]


def test_without_a_known_minimum_a_finding_stays() -> None:
    near = saturating(70)
    unknown = near._replace(convergence=near.convergence._replace(reference=None))
    assert codes(unknown, FALLING) == ["too_few_steps"]


def test_a_test_error_that_rises_for_a_while_is_no_overfitting() -> None:
    """The test error rises up to the last step, but it is lower at the minimum."""
    found = growing(100)
    errors = found.history.overview.columns["test_mse"]
    assert errors[-1] > 1.5 * errors.min()
    assert codes(found, OVERFITTED) == ["too_few_steps"]


def test_a_test_error_that_is_higher_at_the_minimum_is_overfitting() -> None:
    found = growing(100)
    minimum = found.convergence.reference
    assert minimum is not None
    worse = minimum._replace(theta=np.array([5.0, 5.0]))
    assert codes(found._replace(convergence=found.convergence._replace(reference=worse)), OVERFITTED) == ["overfitting"]
