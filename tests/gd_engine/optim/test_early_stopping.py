"""Early stopping conditions; the test rows do not affect them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, OPTIMIZERS, Problem, Split, Stop, auto_learning_rate, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from tests.examples import examples
from tests.gd_engine.helpers import assert_same_bits, descended

MODES = pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
ROWS = 40


def data(seed: int = 0) -> tuple[FloatArray, FloatArray, Split]:
    """Few rows, many features, much noise: data on which a model overfits."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((ROWS, 8))
    y = x[:, 0] + 1.5 * random.standard_normal(ROWS)
    return x, y, split_by_fraction(ROWS, 0.25, validation=0.4, seed=seed)


def problem_of(x: FloatArray, y: FloatArray, split: Split, model: str = "linear") -> Problem:
    names = [f"x{i}" for i in range(x.shape[1])]
    return pose(MODELS[model](names), x, (y > 0).astype(float) if model == "logistic" else y, split)


def rate_of(problem: Problem) -> float:
    return 0.5 * auto_learning_rate(problem.energy, np.zeros(len(problem.model.parameters)))


@MODES
@settings(max_examples=examples(8))
@given(power=st.floats(-9.0, 0.0), seed=st.integers(0, 50))
def test_descent_stops_at_the_first_gradient_below_the_limit(affine: bool, power: float, seed: int) -> None:
    problem = problem_of(*data(seed))
    bound, rate = 10.0**power, rate_of(problem)
    whole, _ = descended(problem, "gd", rate, 3 * AFFINE_BLOCK, affine=affine)
    ours, outcome = descended(problem, "gd", rate, 3 * AFFINE_BLOCK, stop=Stop(gradient_norm=bound), affine=affine)
    short = np.flatnonzero(whole["gradient_norm"] <= bound)
    if len(short):
        assert outcome == ("gradient_norm", short[0])
        assert_same_bits(ours, {name: column[: short[0] + 1] for name, column in whole.items()})
    else:
        assert outcome == ("max_steps", 3 * AFFINE_BLOCK)


@MODES
@settings(max_examples=examples(8))
@given(power=st.floats(-14.0, -1.0), seed=st.integers(0, 50))
def test_descent_stops_at_the_first_loss_change_below_the_limit(affine: bool, power: float, seed: int) -> None:
    problem = problem_of(*data(seed))
    bound, rate = 10.0**power, rate_of(problem)
    whole, _ = descended(problem, "momentum", rate, 2 * AFFINE_BLOCK, affine=affine)
    _, outcome = descended(problem, "momentum", rate, 2 * AFFINE_BLOCK, stop=Stop(loss_change=bound), affine=affine)
    small = np.flatnonzero(np.abs(np.diff(whole["train_loss"])) <= bound)
    assert outcome == (("loss_change", small[0] + 1) if len(small) else ("max_steps", 2 * AFFINE_BLOCK))


@MODES
@pytest.mark.parametrize("model", ["linear", "logistic"])
@settings(max_examples=examples(8))
@given(patience=st.integers(1, 1500), seed=st.integers(0, 50))
def test_patience_stops_after_steps_without_a_lower_validation_error(
    model: str, affine: bool, patience: int, seed: int
) -> None:
    problem = problem_of(*data(seed), model)
    rate, steps = rate_of(problem), 2 * AFFINE_BLOCK if model == "linear" else 300
    whole, _ = descended(problem, "gd", rate, steps, affine=affine)
    ours, outcome = descended(problem, "gd", rate, steps, stop=Stop(patience=patience), affine=affine)
    least, at, end = np.inf, 0, None
    for step, error in enumerate(whole["validation_mse"]):
        if error < least:
            least, at = error, step
        elif step - at >= patience:
            end = step
            break
    assert outcome == (("max_steps", steps) if end is None else ("patience", end))
    assert len(ours["theta"]) == outcome.step + 1


@MODES
@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_the_test_rows_do_not_affect_stopping(model: str, affine: bool) -> None:
    x, y, split = data(3)
    other_x, other_y = x.copy(), y.copy()
    other_y[split.test] = np.random.default_rng(1).permutation(y[split.test])[::-1] + 5.0
    other_x[split.test] = 100.0
    stop = Stop(gradient_norm=1e-9, loss_change=1e-12, patience=40)
    rate = rate_of(problem_of(x, y, split, model))
    ours, outcome = descended(problem_of(x, y, split, model), "gd", rate, 3000, stop=stop, affine=affine)
    theirs, same = descended(problem_of(other_x, other_y, split, model), "gd", rate, 3000, stop=stop, affine=affine)
    assert outcome == same
    assert outcome.reason == "patience"
    assert (ours["test_mse"] != theirs["test_mse"]).any()
    kept = [name for name in ours if not name.startswith("test_")]
    assert_same_bits({name: ours[name] for name in kept}, {name: theirs[name] for name in kept})


def test_patience_never_stops_without_validation_rows() -> None:
    x, y, _ = data()
    problem = problem_of(x, y, split_by_fraction(ROWS, 0.25))
    _, outcome = descended(problem, "gd", rate_of(problem), 500, stop=Stop(patience=1))
    assert outcome == ("max_steps", 500)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_descent_from_a_minimum_stops_at_step_0(optimizer: str) -> None:
    problem = pose(MODELS["linear"](["x"]), np.array([[1.0], [2.0]]), np.zeros(2), split_by_fraction(2, 0))
    _, outcome = descended(problem, optimizer, 0.1, 100, np.zeros(2), stop=Stop(gradient_norm=0.0))
    assert outcome == ("gradient_norm", 0)


def test_every_reason_has_a_sentence_that_names_the_step() -> None:
    x, y, split = data()
    problem = problem_of(x, y, split)
    for stop in (Stop(gradient_norm=0.1), Stop(loss_change=1e-3), Stop(patience=20), Stop()):
        _, outcome = descended(problem, "gd", rate_of(problem), 2000, stop=stop)
        assert str(outcome.step) in outcome.sentence
