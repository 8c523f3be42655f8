"""Mini-batches, gradient clipping, schedules and the line search in a step."""

from math import cos, pi
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    SCHEDULES,
    DescentConfig,
    Problem,
    descend,
    initial_theta,
    pose,
    split_by_fraction,
    start,
)
from gd_engine.data.minibatches import Batches
from gd_engine.descent.evaluator import Evaluator
from gd_engine.optim.schedules import Backtracking
from tests.gd_engine.helpers import VARIANTS, descended


def problem_of(variant: str, rows: int = 24, **options: Any) -> Problem:
    random = np.random.default_rng(9)
    x = random.uniform(0.2, 2.0, (rows, 2))
    model = VARIANTS[variant](["a", "b"])
    y = np.arange(rows) % model.classes if model.classes else x @ np.array([1.0, -0.5]) + random.standard_normal(rows)
    return pose(model, x, y.astype(float), split_by_fraction(rows, 0), **options)


@given(rows=st.integers(1, 200), size=st.integers(1, 250), seed=st.integers(0, 99), epoch=st.integers(0, 5))
def test_an_epoch_is_a_permutation_of_all_rows(rows: int, size: int, seed: int, epoch: int) -> None:
    batches = Batches(rows, size, seed)
    per_epoch = -(-rows // size)
    drawn = [batches.rows(epoch * per_epoch + place) for place in range(per_epoch)]
    assert sorted(np.concatenate(drawn).tolist()) == list(range(rows))
    assert all(len(batch) == min(size, rows) for batch in drawn[:-1])
    again = Batches(rows, size, seed)
    np.testing.assert_array_equal(again.rows(epoch * per_epoch + per_epoch - 1), drawn[-1])


def test_epochs_and_seeds_differ() -> None:
    first, second, other = Batches(50, 50, 1).rows(0), Batches(50, 50, 1).rows(1), Batches(50, 50, 2).rows(0)
    assert (first != second).any()
    assert (first != other).any()
    np.testing.assert_array_equal(first, Batches(50, 50, 1).rows(0))


@pytest.mark.parametrize("loss", ["mse", "sse", "log_loss", "mae"])
@pytest.mark.parametrize("variant", ["linear", "softmax of 3", "mlp of 3", "mlp", "logistic"])
def test_batches_of_an_epoch_average_to_the_whole_gradient(variant: str, loss: str) -> None:
    if (loss == "log_loss") != (VARIANTS[variant](["a", "b"]).task == "classification") and loss in {"log_loss", "mae"}:
        loss = "mse"
    problem = problem_of(variant, loss=loss, l2=0.1, reduce=False)
    evaluator = Evaluator(problem, replay=True)
    theta = initial_theta(problem.model) + 0.3
    batches = Batches(24, 4, 3)
    mean = np.mean([evaluator.batch_gradient(theta, batches.rows(step)) for step in range(6)], axis=0)
    np.testing.assert_allclose(mean, evaluator.at(theta).gradient, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("variant", ["linear", "softmax of 3", "mlp"])
def test_a_batch_of_all_rows_is_the_whole_descent(variant: str) -> None:
    problem = problem_of(variant, reduce=False)
    for size in (24, 100):
        ours, _ = descended(problem, "adam", 0.01, 50, batch_size=size)
        theirs, _ = descended(problem, "adam", 0.01, 50)
        for name, column in ours.items():
            np.testing.assert_allclose(column, theirs[name], rtol=1e-9, atol=1e-10, err_msg=name)


def test_a_mini_batch_step_uses_its_rows_and_records_metrics_of_all() -> None:
    problem = problem_of("linear", reduce=False)
    design, y, _ = problem.train
    columns, _ = descended(problem, "gd", 0.05, 30, batch_size=5, seed=8)
    batches = Batches(24, 5, 8)
    theta = np.zeros(3)
    for step in range(31):
        np.testing.assert_allclose(columns["theta"][step], theta, rtol=1e-12, atol=1e-13)
        assert columns["train_loss"][step] == pytest.approx(np.mean((design @ theta - y) ** 2), rel=1e-12)
        whole = 2 * design.T @ (design @ theta - y) / 24
        assert columns["gradient_norm"][step] == pytest.approx(np.linalg.norm(whole), rel=1e-10)
        rows = batches.rows(step)
        theta = theta - 0.05 * 2 * design[rows].T @ (design[rows] @ theta - y[rows]) / len(rows)


def test_the_path_depends_on_the_seed_of_the_batches() -> None:
    problem = problem_of("linear", reduce=False)
    one, two, other = (descended(problem, "gd", 0.05, 9, batch_size=5, seed=seed)[0]["theta"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one[-1] != other[-1]).any()


def test_a_reduced_problem_has_no_batches() -> None:
    gd = OPTIMIZERS["gd"]()
    with pytest.raises(ValueError, match="pose it with reduce=False"):
        next(iter(descend(problem_of("linear"), DescentConfig(gd, 0.1, 9, batch_size=2), start(np.zeros(3), gd))))


@pytest.mark.parametrize("reduce", [True, False])
def test_only_a_long_gradient_is_clipped(reduce: bool) -> None:
    problem = problem_of("linear", reduce=reduce)
    columns, _ = descended(problem, "gd", 0.05, 400, np.full(3, 4.0), clip_norm=0.7)
    moves = np.linalg.norm(np.diff(columns["theta"], axis=0), axis=1)
    norms = columns["gradient_norm"][:-1]
    assert (norms > 0.7).any()
    assert (norms < 0.7).any()
    np.testing.assert_allclose(moves, 0.05 * np.minimum(norms, 0.7), rtol=1e-9)
    free, _ = descended(problem, "gd", 0.05, 400, np.full(3, 4.0), clip_norm=1e9)
    plain, _ = descended(problem, "gd", 0.05, 400, np.full(3, 4.0), affine=False)
    np.testing.assert_array_equal(free["theta"], plain["theta"])


def test_clipping_keeps_a_zero_gradient() -> None:
    problem = pose(MODELS["linear"](["x"]), np.array([[1.0], [2.0]]), np.zeros(2), split_by_fraction(2, 0))
    columns, outcome = descended(problem, "gd", 0.1, 10, np.zeros(2), clip_norm=1.0)
    assert outcome.reason == "max_steps"
    assert not columns["theta"].any()


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("constant", {}, lambda k: 0.3),
        ("step", {"every": 10, "factor": 0.5}, lambda k: 0.3 * 0.5 ** (k // 10)),
        ("step", {"every": 7}, lambda k: 0.3 * 0.1 ** (k // 7)),
        ("exponential", {"factor": 0.9}, lambda k: 0.3 * 0.9**k),
        ("inverse_time", {"rate": 0.2}, lambda k: 0.3 / (1 + 0.2 * k)),
        ("cosine", {}, lambda k: 0.15 * (1 + cos(pi * k / 40))),
    ],
)
def test_a_schedule_gives_each_steps_rate(kind: str, options: dict[str, Any], expected: Any) -> None:
    problem = problem_of("linear")
    columns, _ = descended(problem, "gd", SCHEDULES[kind](0.3, 40, **options), 40)
    rates = np.array([expected(k) for k in range(41)])
    np.testing.assert_allclose(columns["learning_rate"], rates, rtol=1e-13, atol=1e-17)
    moves = np.linalg.norm(np.diff(columns["theta"], axis=0), axis=1)
    np.testing.assert_allclose(moves, (rates * columns["gradient_norm"])[:-1], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("initial", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_line_search_lowers_the_loss_enough_at_every_step(variant: str, initial: float) -> None:
    problem = problem_of(variant)
    columns, outcome = descended(problem, "gd", Backtracking(initial), 60)
    assert outcome.reason == "max_steps"
    energy, norm, rate = columns["train_loss"], columns["gradient_norm"], columns["learning_rate"]
    halvings = np.log2(initial / rate)
    np.testing.assert_array_equal(halvings, np.round(halvings))
    assert (halvings >= 0).all()
    searched = halvings[:-1] < 50
    wanted = energy[:-1] - 1e-4 * rate[:-1] * norm[:-1] ** 2
    assert (energy[1:] <= wanted + 1e-14 * np.abs(energy[:-1]))[searched].all()
    assert (np.diff(energy) <= 1e-14 * np.abs(energy[:-1])).all()
    assert energy[-1] < energy[0]
    # Twice the rate gives no sufficient decrease.
    evaluator = Evaluator(problem, replay=True)
    for step in np.flatnonzero((halvings[:-1] > 0) & searched)[:5]:
        found = evaluator.at(columns["theta"][step])
        longer = 2 * rate[step]
        with np.errstate(all="ignore"):
            there = evaluator.energy(columns["theta"][step] - longer * found.gradient)
        assert not there <= found.energy - 1e-4 * longer * norm[step] ** 2


def test_a_line_search_survives_rates_at_which_the_loss_overflows() -> None:
    problem = problem_of("formula")
    columns, outcome = descended(problem, "gd", Backtracking(1e12), 50)
    assert outcome.reason == "max_steps"
    assert np.isfinite(columns["train_loss"]).all()


def test_a_line_search_uses_the_clipped_gradient() -> None:
    x = np.linspace(-2, 2, 30)[:, None]
    model = MODELS["formula"](["a"], formula="3*sin(b*a)")
    problem = pose(model, x, 3 * np.sin(1.7 * x[:, 0]), split_by_fraction(30, 0))
    config = DescentConfig(OPTIMIZERS["gd"](), Backtracking(10.0), steps=40, clip_norm=0.3)
    energies = np.concatenate(
        [block.columns["train_loss"] for block in descend(problem, config, start(np.ones(1), config.optimizer))]
    )
    assert (np.diff(energies) <= 0).all()
    assert energies[-1] < 0.1 * energies[0]


def test_a_gradient_whose_square_overflows_is_clipped() -> None:
    x, y = np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 4.0])
    problem = pose(MODELS["linear"](["a"], intercept=False), x, y, split_by_fraction(3, 0), loss="mae")
    huge = problem._replace(loss=problem.loss._replace(total=lambda *rows: 1e200 * problem.loss.total(*rows)))
    config = DescentConfig(OPTIMIZERS["gd"](), 1.0, steps=1, clip_norm=0.25)
    [block] = descend(huge, config, start(np.zeros(1), config.optimizer))
    np.testing.assert_allclose(block.theta[:, 0], [0.0, 0.25])


@pytest.mark.parametrize("reduce", [True, False])
def test_a_split_of_more_rows_than_there_are_is_refused(reduce: bool) -> None:
    with pytest.raises(ValueError, match="rows that the data does not have"):
        pose(MODELS["linear"](["a"]), np.ones((3, 1)), np.ones(3), split_by_fraction(5, 0.25), reduce=reduce)
