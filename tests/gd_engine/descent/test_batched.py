"""Batched descents have the same bits as single ones."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, OPTIMIZERS, SCHEDULES, DescentConfig, Problem, Split, descend, initial_theta, pose, start
from gd_engine.descent.batched import BatchedDescent
from gd_engine.descent.trajectory import Outcome
from tests.examples import examples
from tests.gd_engine.helpers import VARIANTS, assert_same_bits, joined
from tests.gd_engine.random_problems import posed, tasks

STEPS = 30


def configs_of(data: st.DataObject, steps: int) -> list[DescentConfig]:
    """Configurations with different learning rates and momenta, from a rate of 0 to one that diverges at once."""
    kind = data.draw(st.sampled_from(sorted(set(OPTIMIZERS) - {"ista", "fista"})))
    options = st.fixed_dictionaries({"momentum": st.sampled_from([0.0, 0.5, 0.9])} if "mom" in kind else {})
    rates = st.one_of(st.floats(1e-6, 1.0), st.sampled_from([0.0, 30.0, 1e150]))
    made: dict[Any, Any] = {}
    found = []
    for chosen, rate in data.draw(st.lists(st.tuples(options, rates), min_size=1, max_size=7)):
        optimizer = made.setdefault(tuple(chosen.items()), OPTIMIZERS[kind](**chosen))
        schedule = data.draw(st.sampled_from([("constant", {}), ("exponential", {"factor": 0.9})]))
        found.append(DescentConfig(optimizer, SCHEDULES[schedule[0]](rate, steps, **schedule[1]), steps))
    return found


def single(problem: Problem, config: DescentConfig, theta0: Any) -> tuple[dict[str, Any], Outcome | None]:
    blocks = list(descend(problem, config, start(theta0, config.optimizer), affine=False))
    return joined(blocks), blocks[-1].outcome


def assert_same_as_single(problem: Problem, configs: list[DescentConfig], full: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    thetas = [initial_theta(problem.model, 1) + random.standard_normal() for _ in configs]
    states = [start(theta0, config.optimizer) for config, theta0 in zip(configs, thetas, strict=True)]
    batch = BatchedDescent(problem, dict(enumerate(zip(configs, states, strict=True))))
    for place in random.permutation(len(configs)):
        blocks = list(batch.descend(place, lambda rows: rows >= full))
        ours, outcome = joined(blocks), blocks[-1].outcome
        theirs, expected = single(problem, configs[place], thetas[place])
        assert outcome == expected
        assert_same_bits(ours, theirs)
    assert batch.numbers == []


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=examples(8))
@given(data=st.data(), full=st.integers(1, STEPS + 5), seed=st.integers(0, 99))
def test_batched_descents_have_the_bits_of_single_ones(variant: str, data: st.DataObject, full: int, seed: int) -> None:
    task = data.draw(tasks(variant))
    assume(len(task.split.train) > 1)
    configs = configs_of(data, data.draw(st.sampled_from([0, 1, STEPS])))
    assert_same_as_single(posed(task), configs, full, seed)


@pytest.mark.parametrize("rows", [1, 2, 37])
@pytest.mark.parametrize(
    "formula",
    [
        "tanh(b1)*x1 + exp(b2)*x2 + sin(b3) + log1p(b4*b4) + sqrt(abs(b5)) + cosh(b6)",
        "sigmoid(b1) + softplus(b2)*x1 + arctan(b3*x2) + abs(b4)**2.5 + maximum(b5, x1) + b6**3",
    ],
)
def test_functions_of_parameters_alone_and_of_single_rows(formula: str, rows: int) -> None:
    """numpy may round the function of a single number differently from that of the same number in an array."""
    random = np.random.default_rng(rows)
    x, y = random.standard_normal((rows + 3, 2)), random.standard_normal(rows + 3)
    split = Split(np.arange(rows), np.arange(rows, rows), np.arange(rows, rows + 3))
    problem = pose(MODELS["formula"](["x1", "x2"], formula=formula), x, y, split)
    optimizer = OPTIMIZERS["gd"]()
    configs = [DescentConfig(optimizer, rate, STEPS) for rate in np.geomspace(1e-4, 1e-2, 9)]
    assert_same_as_single(problem, configs, 1000, 0)
