"""The three shortcuts against the plain autograd loop of `oracle.py`: θ, E, ∇E and the errors of every step."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gd_engine import OPTIMIZERS, DescentConfig, Stop, split_by_fraction, ways
from gd_engine.data.qr import SLICE_NUMBERS
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from gd_engine.descent.evaluator import SLICE_ROWS
from tests.examples import examples
from tests.gd_engine.helpers import VARIANTS
from tests.gd_engine.oracle import Task
from tests.gd_engine.random_problems import ADAPTIVE, assert_agree, compare, posed, stable_rate, tasks

LINEAR = ["linear", "linear, no intercept", "polynomial"]
LEAPING = ["gd", "momentum", "nesterov"]
CURVED = [name for name in VARIANTS if name.startswith("mlp")] + ["formula"]


def squares_alone(task: Task) -> Task:
    """The task with a quadratic E."""
    return task._replace(loss="sse" if task.loss in {"sse", "mae"} else "mse", l1=0.0)


def fair_rate(task: Task, optimizer: str, share: float) -> float:
    """A learning rate at which a step's rounding errors do not grow.

    On a curved E a descent faster than this is chaotic, as an adaptive one is about a minimum: the oracle with its rows
    in another order is as far from itself as the engine is from it.
    """
    if optimizer in ADAPTIVE:
        # rmsprop's first steps are 1 / √(1 − ρ) = 10 times as long.
        return (0.01 if task.variant in CURVED else 0.1) * (0.1 if optimizer == "rmsprop" else 1.0) * share
    rate = stable_rate(task) * (1.0 if optimizer == "gd" else 0.1) * share
    return min(0.2 * rate, 0.1) if task.variant in CURVED else rate


def fair(task: Task, optimizer: str) -> Task:
    """The task without offsets for adaptive methods: their step length makes scores of 1,000 on columns far from 0."""
    if optimizer not in ADAPTIVE:
        return task
    deviation = task.x.std(axis=0)
    return task._replace(x=(task.x - task.x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))


@pytest.mark.parametrize("replay", [True, False], ids=["replayed", "traced"])
@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=6)
@given(data=st.data(), optimizer=st.sampled_from(sorted(OPTIMIZERS)), share=st.sampled_from([0.01, 0.3, 1.0]))
def test_replay_agrees_with_the_plain_loop(
    variant: str, replay: bool, data: st.DataObject, optimizer: str, share: float
) -> None:
    task = fair(data.draw(tasks(variant)), optimizer)
    assume(len(task.split.train) > 1)
    rate = fair_rate(task, optimizer, share)
    assert_agree(compare(task, optimizer, rate, 20, replay=replay, reduce=False), 20)


@pytest.mark.parametrize("variant", LINEAR)
@settings(max_examples=examples(10))
@given(data=st.data(), optimizer=st.sampled_from(sorted(OPTIMIZERS)), share=st.sampled_from([0.01, 0.3, 1.0]))
def test_reduction_agrees_with_the_plain_loop(variant: str, data: st.DataObject, optimizer: str, share: float) -> None:
    task = fair(squares_alone(data.draw(tasks(variant))), optimizer)
    assume(len(task.split.train) > 1)
    assert posed(task).reduced
    assert_agree(compare(task, optimizer, fair_rate(task, optimizer, share), 40, affine=False), 40)


@pytest.mark.parametrize("variant", LINEAR)
@settings(max_examples=examples(4))
@given(data=st.data(), optimizer=st.sampled_from(LEAPING), share=st.floats(0.01, 0.99))
def test_affine_steps_agree_with_the_plain_loop(
    variant: str, data: st.DataObject, optimizer: str, share: float
) -> None:
    task = squares_alone(data.draw(tasks(variant)))
    assume(len(task.split.train) > 1)
    steps = data.draw(st.sampled_from([AFFINE_BLOCK - 1, AFFINE_BLOCK, AFFINE_BLOCK + 70, 250]))
    rate = fair_rate(task, optimizer, share)
    assert ways(posed(task), DescentConfig(OPTIMIZERS[optimizer](), rate, steps)) == ["reduction", "affine"]
    compared = compare(task, optimizer, rate, steps)
    assert compared[1].reason == "max_steps"
    assert_agree(compared, steps)


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
@settings(max_examples=examples(10))
@given(data=st.data(), optimizer=st.sampled_from(LEAPING), times=st.floats(0.18, 6.0).map(lambda power: 10.0**power))
def test_a_rate_too_large_diverges_at_the_plain_loops_step(
    affine: bool, data: st.DataObject, optimizer: str, times: float
) -> None:
    task = squares_alone(data.draw(tasks("linear")))
    assume(len(task.split.train) > 1)
    compared = compare(task, optimizer, times * 2.0 * stable_rate(task), 4000, affine=affine)
    assert_agree(compared, 4000)
    if optimizer == "gd":  # momentum diverges above 3.8/λmax by default
        assert compared[1].reason == "diverged"


@pytest.mark.slow
@settings(max_examples=examples(8))
@given(data=st.data(), optimizer=st.sampled_from(LEAPING), times=st.floats(0.9, 1.1))
def test_affine_steps_at_the_edge_of_divergence_agree_with_the_plain_loop(
    data: st.DataObject, optimizer: str, times: float
) -> None:
    # The mean of numbers near 1e4 has a rounding error of 1e-12, and so have the eigenvalues of the centred columns. At
    # the edge of divergence no error decays: a thousand steps multiply it by a thousand, in the oracle too.
    task = squares_alone(data.draw(tasks("linear", troubles=st.sampled_from(["none", "scales", "collinear"]))))
    assume(len(task.split.train) > 1)
    assert_agree(compare(task, optimizer, times * 2.0 * stable_rate(task), 1100), 1100)


@pytest.mark.parametrize("variant", ["linear", "logistic", "softmax of 3", "mlp of 2", "formula", "polynomial"])
@settings(max_examples=3)
@given(data=st.data(), optimizer=st.sampled_from(["gd", "adam"]), rows=st.integers(1, 3 * SLICE_ROWS))
def test_several_slices_agree_with_the_plain_loop(variant: str, data: st.DataObject, optimizer: str, rows: int) -> None:
    task = fair(data.draw(tasks(variant, rows=st.just(2 * SLICE_ROWS + rows))), optimizer)
    assert len(task.split.train) > SLICE_ROWS
    assert_agree(compare(task, optimizer, fair_rate(task, optimizer, 0.3), 8, reduce=False), 8)


@pytest.mark.slow
@settings(max_examples=examples(6))
@given(data=st.data(), optimizer=st.sampled_from(LEAPING))
def test_reduction_by_gram_matrices_agrees_with_the_plain_loop(data: st.DataObject, optimizer: str) -> None:
    task = squares_alone(data.draw(tasks("linear", rows=st.integers(2 * SLICE_NUMBERS // 3, SLICE_NUMBERS))))
    assert len(task.split.train) > SLICE_NUMBERS // (task.x.shape[1] + 2)
    assert_agree(compare(task, optimizer, fair_rate(task, optimizer, 0.9), 30), 30)


def test_ways_names_exactly_the_shortcuts_taken() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((50, 2))
    plain = Task("linear", x, x @ np.array([1.0, 2.0]), split_by_fraction(50, 0), "mse")
    gd = OPTIMIZERS["gd"]()
    assert ways(posed(plain), DescentConfig(gd, 0.1, 100)) == ["reduction", "affine"]
    assert ways(posed(plain), DescentConfig(gd, 0.1, 15)) == ["reduction", "replay"]  # fewer steps than 4 (p + 1)
    assert ways(posed(plain), DescentConfig(gd, 0.1, 16)) == ["reduction", "affine"]
    assert ways(posed(plain), DescentConfig(OPTIMIZERS["adam"](), 0.1, 100)) == ["reduction", "replay"]
    assert ways(posed(plain), DescentConfig(gd, lambda k: 0.1, 100)) == ["reduction", "replay"]
    assert ways(posed(plain), DescentConfig(gd, 0.1, 100, clip_norm=1.0)) == ["reduction", "replay"]
    assert ways(posed(plain), DescentConfig(gd, 0.1, 100, stop=Stop(gradient_norm=0.1))) == ["reduction", "affine"]
    assert ways(posed(plain, reduce=False), DescentConfig(gd, 0.1, 100)) == ["replay"]
    assert ways(posed(plain._replace(l1=0.1)), DescentConfig(gd, 0.1, 100)) == ["replay"]
    assert ways(posed(plain._replace(loss="mae")), DescentConfig(gd, 0.1, 100)) == ["replay"]
    assert ways(posed(plain, reduce=False), DescentConfig(gd, 0.1, 100, batch_size=5)) == ["replay"]
