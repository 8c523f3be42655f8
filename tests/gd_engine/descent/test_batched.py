"""Descents that go on abreast: whatever they are, each has the bits that it has alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, OPTIMIZERS, SCHEDULES, DescentConfig, Problem, Split, descend, initial_theta, pose, start
from gd_engine.descent.batched import BatchedDescent
from gd_engine.descent.trajectory import Outcome
from tests.gd_engine.helpers import VARIANTS, assert_same_bits, joined
from tests.gd_engine.random_problems import posed, tasks

STEPS = 30


def recipes_of(data: st.DataObject, steps: int) -> list[DescentConfig]:
    """Some that differ in learning rate and momentum: of rates from nothing to what diverges at once."""
    kind = data.draw(st.sampled_from(sorted(OPTIMIZERS)))
    options = st.fixed_dictionaries({"momentum": st.sampled_from([0.0, 0.5, 0.9])} if "mom" in kind else {})
    rates = st.one_of(st.floats(1e-6, 1.0), st.sampled_from([0.0, 30.0, 1e150]))
    made: dict[Any, Any] = {}
    found = []
    for chosen, rate in data.draw(st.lists(st.tuples(options, rates), min_size=1, max_size=7)):
        optimizer = made.setdefault(tuple(chosen.items()), OPTIMIZERS[kind](**chosen))
        schedule = data.draw(st.sampled_from([("constant", {}), ("exponential", {"factor": 0.9})]))
        found.append(DescentConfig(optimizer, SCHEDULES[schedule[0]](rate, steps, **schedule[1]), steps))
    return found


def alone(problem: Problem, config: DescentConfig, theta0: Any) -> tuple[dict[str, Any], Outcome | None]:
    blocks = list(descend(problem, config, start(theta0, config.optimizer), affine=False))
    return joined(blocks), blocks[-1].outcome


def assert_each_is_as_alone(problem: Problem, recipes: list[DescentConfig], full: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    thetas = [initial_theta(problem.model, 1) + random.standard_normal() for _ in recipes]
    states = [start(theta0, config.optimizer) for config, theta0 in zip(recipes, thetas, strict=True)]
    batch = BatchedDescent(problem, dict(enumerate(zip(recipes, states, strict=True))))
    for place in random.permutation(len(recipes)):
        blocks = list(batch.descend(place, lambda rows: rows >= full))
        ours, outcome = joined(blocks), blocks[-1].outcome
        theirs, expected = alone(problem, recipes[place], thetas[place])
        assert outcome == expected
        assert_same_bits(ours, theirs)
    assert batch.numbers == []


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=12)
@given(data=st.data(), full=st.integers(1, STEPS + 5), seed=st.integers(0, 99))
def test_each_has_its_own_bits(variant: str, data: st.DataObject, full: int, seed: int) -> None:
    task = data.draw(tasks(variant))
    assume(len(task.split.train) > 1)
    recipes = recipes_of(data, data.draw(st.sampled_from([0, 1, STEPS])))
    assert_each_is_as_alone(posed(task), recipes, full, seed)


@pytest.mark.parametrize("rows", [1, 2, 37])
@pytest.mark.parametrize(
    "formula",
    [
        "tanh(b1)*x1 + exp(b2)*x2 + sin(b3) + log1p(b4*b4) + sqrt(abs(b5)) + cosh(b6)",
        "sigmoid(b1) + softplus(b2)*x1 + arctan(b3*x2) + abs(b4)**2.5 + maximum(b5, x1) + b6**3",
    ],
)
def test_functions_of_parameters_alone_and_of_single_rows(formula: str, rows: int) -> None:
    """What numpy computes of one number need not be what it computes of the same one among many."""
    random = np.random.default_rng(rows)
    x, y = random.standard_normal((rows + 3, 2)), random.standard_normal(rows + 3)
    split = Split(np.arange(rows), np.arange(rows, rows), np.arange(rows, rows + 3))
    problem = pose(MODELS["formula"](["x1", "x2"], formula=formula), x, y, split)
    optimizer = OPTIMIZERS["gd"]()
    recipes = [DescentConfig(optimizer, rate, STEPS) for rate in np.geomspace(1e-4, 1e-2, 9)]
    assert_each_is_as_alone(problem, recipes, 1000, 0)
