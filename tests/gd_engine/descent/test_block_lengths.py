"""No bit of any column depends on block boundaries, for any number of rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    DescentConfig,
    Problem,
    Split,
    Stop,
    descend,
    initial_theta,
    losses_for,
    pose,
    start,
)
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from gd_engine.descent.evaluator import SLICE_ROWS, TOGETHER
from tests.examples import examples
from tests.gd_engine.descent.test_resume import in_turns
from tests.gd_engine.helpers import VARIANTS, assert_same_bits, joined

MANY_CLASSES = {"softmax of 12": lambda names: MODELS["softmax"](names, classes=[*"abcdefghijkl"])}
ALL_VARIANTS = VARIANTS | MANY_CLASSES
NUMPY_BUFFER = 8192
"""Numbers in the buffer of numpy's iterators."""
LIMITS = [8, 128, 512, 1024, NUMPY_BUFFER, 10_000, SLICE_ROWS, TOGETHER]
SIZES = st.one_of(
    st.integers(1, 40), st.sampled_from([limit + off for limit in LIMITS for off in (-1, 0, 1)]), st.just(25_000)
)
LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=4)
TRAINING_ROWS = 24


def problem_of(variant: str, validation: int, test: int, seed: int, **options: Any) -> Problem:
    random = np.random.default_rng(seed)
    count = TRAINING_ROWS + validation + test
    x = random.uniform(0.2, 1.5, (count, 3))
    model = ALL_VARIANTS[variant](["a", "b", "c"])
    y = random.integers(0, model.classes, count) if model.classes else x.sum(axis=1) + random.standard_normal(count)
    rows = np.split(np.arange(count), [TRAINING_ROWS, TRAINING_ROWS + validation])
    loss = losses_for(model.task)[options.pop("loss") % len(losses_for(model.task))]
    return pose(model, x, y.astype(float), Split(*rows), loss=loss, **options)


def assert_independent_of_blocks(problem: Problem, config: DescentConfig, *lengths: list[int]) -> None:
    state = start(initial_theta(problem.model, 3), config.optimizer)
    whole = list(descend(problem, config, state, is_full=lambda rows: False))
    for turns in lengths:
        assert_same_bits(joined(descend(problem, config, state, is_full=in_turns(*turns))), joined(whole))


@pytest.mark.slow
@pytest.mark.parametrize("variant", ALL_VARIANTS)
@settings(max_examples=examples(4))
@given(data=st.data(), validation=st.one_of(st.just(0), SIZES), test=SIZES, lengths=LENGTHS)
def test_every_model_and_loss(
    variant: str, data: st.DataObject, validation: int, test: int, lengths: list[int]
) -> None:
    options: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {
                "loss": st.integers(0, 3),
                "l1": st.sampled_from([0.0, 0.1]),
                "standardize": st.booleans(),
                "seed": st.integers(0, 99),
            }
        )
    )
    stop = data.draw(st.sampled_from([Stop(), Stop(patience=10)]))
    config = DescentConfig(OPTIMIZERS[data.draw(st.sampled_from(["gd", "adam"]))](), 0.01, 20, stop=stop)
    assert_independent_of_blocks(problem_of(variant, validation, test, **options), config, [1], lengths)


@pytest.mark.parametrize("variant", ["linear", "logistic", "softmax of 12", "mlp"])
@pytest.mark.parametrize("test", [NUMPY_BUFFER + 1, 10_001, SLICE_ROWS + NUMPY_BUFFER + 1])
def test_mini_batches_with_many_test_rows(variant: str, test: int) -> None:
    problem = problem_of(variant, test + 7, test, 0, loss=0, reduce=False)
    assert_independent_of_blocks(problem, DescentConfig(OPTIMIZERS["gd"](), 0.01, 20, batch_size=5), [1], [2, 3], [7])


@settings(max_examples=10)
@given(validation=st.one_of(st.just(0), SIZES), test=SIZES, lengths=st.lists(st.integers(1, 1500), min_size=1))
def test_affine_blocks(validation: int, test: int, lengths: list[int]) -> None:
    config = DescentConfig(OPTIMIZERS["momentum"](), 0.01, 2 * AFFINE_BLOCK + 50)
    assert_independent_of_blocks(problem_of("linear", validation, test, 0, loss=0), config, [1], lengths)


@pytest.mark.parametrize("variant", ["linear", "logistic", "mlp"])
def test_many_training_rows(variant: str) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((3 * SLICE_ROWS + 100, 3))
    y = (x.sum(axis=1) > 0).astype(float)
    cuts = np.split(np.arange(len(x)), [SLICE_ROWS + 9000, 2 * SLICE_ROWS + 9100])
    problem = pose(VARIANTS[variant](["a", "b", "c"]), x, y, Split(*cuts), reduce=False)
    assert_independent_of_blocks(problem, DescentConfig(OPTIMIZERS["adam"](), 0.01, 12), [1], [2, 3], [5])
