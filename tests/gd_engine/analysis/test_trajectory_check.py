"""Trajectory checks: planted mistakes are named, an error in one step is located, and correct paths pass."""

from typing import Any

import numpy as np
import pytest

from gd_engine import MODELS, OPTIMIZERS, SCHEDULES, DescentConfig, Problem, descend, pose, split_by_fraction, start
from gd_engine.analysis.descent_mistakes import Mistake, gradient_of
from gd_engine.analysis.number_precision import Precision, precision_of
from gd_engine.analysis.trajectory_check import check
from gd_engine.arrays import FloatArray
from tests.gd_engine.analysis.student_descents import (
    RATE,
    STEPS,
    data,
    explanations,
    gradient,
    planted,
    posed,
    students,
)


def config(rate: float = RATE, optimizer: str = "gd", **options: Any) -> DescentConfig:
    return DescentConfig(OPTIMIZERS[optimizer](), rate, STEPS, **options)


@pytest.mark.parametrize(("seed", "loss", "mistake"), list(planted()))
def test_a_planted_mistake_is_named(seed: int, loss: str, mistake: Mistake) -> None:
    x, y = data(seed, features=1 + seed % 3, rows=16 + seed)
    problem = posed(x, y, loss)
    rate = RATE if loss == "mse" else RATE / 30
    path = students(problem, loss, rate, mistake=mistake)
    verdict = check(problem, config(rate), np.zeros(path.shape[1]), path)
    assert verdict.mistakes == explanations(mistake)
    assert verdict.step == (0 if mistake == "off_by_one" else 1)
    right = students(problem, loss, rate)
    assert verdict.expected is not None
    np.testing.assert_allclose(verdict.expected, right[verdict.step], rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("loss", ["mse", "sse"])
def test_a_correct_path_passes(seed: int, loss: str) -> None:
    x, y = data(seed, features=1 + seed % 3)
    problem = posed(x, y, loss)
    for rate in (RATE / 30, 0.9):  # the second one diverges
        path = students(problem, loss, rate)
        assert check(problem, config(rate), np.zeros(path.shape[1]), path).right
        printed = np.array([[float(f"{number:.8g}") for number in theta] for theta in path])
        assert check(problem, config(rate), np.zeros(path.shape[1]), printed).right


def test_a_path_without_the_intercepts_column_is_recognised() -> None:
    x, y = data(1)
    problem = posed(x, y)
    theta = np.zeros(2)
    path = [theta]
    for _ in range(STEPS):
        theta = theta - RATE * gradient(problem.train.design[:, 1:], problem.train.y, theta, "mse")
        path.append(theta)
    verdict = check(problem, config(), np.zeros(3), np.array(path))
    assert (verdict.step, verdict.mistakes) == (0, ["no_intercept"])
    path[5] = path[5] + 0.1
    assert check(problem, config(), np.zeros(3), np.array(path)).mistakes == ["too_narrow"]


def test_an_error_in_one_step_is_found_and_is_no_mistake_of_all_steps() -> None:
    x, y = data(2)
    problem = posed(x, y)
    path = students(problem, "mse", RATE)
    path[7, 1] *= 1.001
    verdict = check(problem, config(), np.zeros(3), path)
    assert (verdict.step, verdict.mistakes) == (7, [])


def test_theta0_twice_and_a_step_too_few_or_too_many_are_off_by_one() -> None:
    x, y = data(3)
    problem = posed(x, y)
    right = students(problem, "mse", RATE)
    zero = np.zeros(3)
    verdict = check(problem, config(), zero, np.vstack([right[:1], right]))
    assert (verdict.step, verdict.mistakes) == (1, ["off_by_one"])
    verdict = check(problem, config(), zero, right[:-1])
    assert (verdict.step, verdict.mistakes) == (STEPS, ["off_by_one"])
    np.testing.assert_allclose(verdict.expected, right[-1], rtol=1e-12)  # type: ignore[arg-type]
    verdict = check(problem, config(), zero, students(problem, "mse", RATE, steps=STEPS + 1))
    assert (verdict.step, verdict.mistakes) == (STEPS + 1, ["off_by_one"])
    verdict = check(problem, config(), zero, right[:5])
    assert (verdict.step, verdict.mistakes) == (5, [])


def test_another_theta0_differs_at_step_0() -> None:
    x, y = data(4)
    problem = posed(x, y)
    verdict = check(problem, config(), np.ones(3), students(problem, "mse", RATE))
    assert verdict.step == 0
    assert verdict.expected is not None
    assert verdict.expected.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizers_own_path_is_right_and_its_reverse_is_not(optimizer: str) -> None:
    x, y = data(5)
    problem = posed(x, y, l2=0.1, standardize=True)
    how = DescentConfig(
        OPTIMIZERS[optimizer](), SCHEDULES["exponential"](RATE, STEPS, factor=0.9), STEPS, clip_norm=1.0
    )
    blocks = descend(problem, how, start(np.zeros(3), how.optimizer))
    path = np.concatenate([block.theta for block in blocks])
    assert check(problem, how, np.zeros(3), path).right
    assert check(problem, how, np.zeros(3), -path).step == 1


def test_a_non_finite_path_is_wrong() -> None:
    x, y = data(6)
    problem = posed(x, y)
    path = students(problem, "mse", RATE)
    path[4] = np.nan
    assert check(problem, config(), np.zeros(3), path).step == 4


@pytest.mark.parametrize(
    "impossible",
    [{"batch_size": 4}, {"learning_rate": SCHEDULES["backtracking"](1.0, STEPS)}],
    ids=["batches", "search"],
)
def test_problems_without_a_step_by_step_check_are_refused(impossible: dict[str, Any]) -> None:
    x, y = data(7)
    with pytest.raises(ValueError, match="no mini-batches, and no line search"):
        check(posed(x, y), config()._replace(**impossible), np.zeros(3), np.zeros((3, 3)))


@pytest.mark.parametrize(("form", "unit", "count"), [("{:.4f}", "decimals", 4), ("{:.4g}", "significant_digits", 4)])
@pytest.mark.parametrize(("seed", "loss", "mistake"), list(planted())[::5])
def test_a_printed_path_is_judged_by_its_digits(
    seed: int, loss: str, mistake: Mistake, form: str, unit: str, count: int
) -> None:
    x, y = data(seed, features=1 + seed % 3, rows=16 + seed)
    problem, rate = posed(x, y, loss), RATE if loss == "mse" else RATE / 30

    def printed(path: FloatArray) -> FloatArray:
        return np.array([[float(form.format(number)) for number in theta] for theta in path])

    path = printed(students(problem, loss, rate))
    verdict = check(problem, config(rate), np.zeros(path.shape[1]), path)
    assert (verdict.right, verdict.precision) == (True, (unit, count))
    path = printed(students(problem, loss, rate, mistake=mistake))
    verdict = check(problem, config(rate), np.zeros(path.shape[1]), path)
    assert set(explanations(mistake)) <= set(verdict.mistakes)


def test_a_path_that_was_rounded_after_every_step_is_right() -> None:
    x, y = data(8)
    problem = posed(x, y)
    theta = np.zeros(3)
    path = [theta]
    for _ in range(STEPS):
        theta = np.round(theta - RATE * gradient(problem.train.design, problem.train.y, theta, "mse"), 3)
        path.append(theta)
    assert check(problem, config(), np.zeros(3), np.array(path)).right


@pytest.mark.parametrize(
    ("numbers", "precision"),
    [
        ([0.0, 0.12, -3.41], Precision("decimals", 2)),
        ([1200.0, 0.12, -3.4, 0.0], Precision("significant_digits", 2)),
        ([0.0, 1 / 3], None),
        ([0.0, 0.0], None),
        ([1.0, 250.0], None),
        ([0.5, np.nan], None),
        ([0.5, np.inf], None),
    ],
)
def test_the_precision_of_numbers(numbers: list[float], precision: Precision | None) -> None:
    assert precision_of(np.array(numbers)) == precision


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop"])
@pytest.mark.parametrize(("mistake", "factor"), [("halved_rate", 0.5), ("doubled_rate", 2.0)])
def test_a_wrong_rate_of_an_adaptive_optimizer_is_named(optimizer: str, mistake: Mistake, factor: float) -> None:
    x, y = data(9)
    problem = posed(x, y)
    wrong = config(factor * RATE, optimizer)
    path = np.concatenate([block.theta for block in descend(problem, wrong, start(np.zeros(3), wrong.optimizer))])
    assert check(problem, config(optimizer=optimizer), np.zeros(3), path).mistakes == [mistake]


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_any_order_of_three_parameters_is_named(order: tuple[int, ...]) -> None:
    x, y = data(10)
    problem = posed(x, y)
    path = students(problem, "mse", RATE)[:, order]
    assert check(problem, config(), np.zeros(3), path).mistakes == ["parameter_order"]


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5, 6, 0), (6, 5, 4, 3, 2, 1, 0)])
def test_the_usual_orders_of_many_parameters_are_named(order: tuple[int, ...]) -> None:
    x, y = data(11, features=6)
    problem = posed(x, y)
    path = students(problem, "mse", RATE)
    given = np.empty_like(path)
    given[:, range(7)] = path[:, order]
    assert check(problem, config(), np.zeros(7), given).mistakes == ["parameter_order"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mistake", ["ddof", "scaled_with_test_rows"])
def test_a_wrong_standardisation_is_named(seed: int, mistake: Mistake) -> None:
    x, y = data(seed, features=1 + seed % 3, rows=20 + seed)
    problem = posed(x, y, standardize=True)
    rows = split_by_fraction(len(y), 0.25)
    measured = x if mistake == "scaled_with_test_rows" else x[rows.train]
    ddof = 1 if mistake == "ddof" else 0
    columns = (x[rows.train] - measured.mean(axis=0)) / measured.std(axis=0, ddof=ddof)
    design = np.column_stack([np.ones(len(columns)), columns])
    theta = np.zeros(design.shape[1])
    path = [theta]
    for _ in range(STEPS):
        theta = theta - RATE * gradient(design, y[rows.train], theta, "mse")
        path.append(theta)
    assert check(problem, config(), np.zeros(len(theta)), np.array(path)).mistakes == [mistake]


def test_a_printed_zero_is_exact_among_significant_digits() -> None:
    found = Precision("significant_digits", 2).half_unit(np.array([0.0, 12.0, 0.12]))
    np.testing.assert_allclose(found, [0.0, 0.5, 0.005])


def test_the_intercepts_of_all_classes_may_be_forgotten() -> None:
    x, _ = data(12)
    y = np.arange(20.0) % 3
    model = MODELS["softmax"](["a", "b"], classes=["p", "q", "r"])
    problem = pose(model, x, y, split_by_fraction(20, 0.25), loss="log_loss", reduce=False)
    rest = np.array(model.penalised, dtype=float)
    slope, theta = gradient_of(problem), np.zeros(model.size)
    path = [theta]
    for _ in range(STEPS):
        theta = theta - RATE * slope(theta) * rest
        path.append(theta)
    assert check(problem, config(), np.zeros(model.size), np.array(path)).mistakes == ["no_intercept"]


def test_the_decimals_of_a_path_that_never_moves_are_no_precision() -> None:
    x, y = data(3, features=1)
    problem = posed(x, y)
    still = np.full((STEPS + 1, 2), 10.5)
    verdict = check(problem, config(1e-9), np.full(2, 10.5), still)
    assert (verdict.right, verdict.precision) == (True, None)
    verdict = check(problem, config(1e-3), np.full(2, 10.5), still)
    assert (verdict.step, verdict.precision) == (1, None)


def descended(problem: Problem, how: DescentConfig, theta0: FloatArray) -> FloatArray:
    return np.concatenate([block.theta for block in descend(problem, how, start(theta0, how.optimizer))])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adam"])
@pytest.mark.parametrize("size", [1.0, 0.05, 300.0])
@pytest.mark.parametrize("decimals", [2, 3])
def test_a_rounded_path_is_right_from_an_unrounded_start(seed: int, optimizer: str, size: float, decimals: int) -> None:
    x, y = data(seed)
    problem, how = posed(x, y * size), config(0.1 * (size if optimizer == "adam" else 1), optimizer)
    theta0 = size * np.random.default_rng(seed).normal(size=3)
    path = np.round(descended(problem, how, theta0), decimals)
    path[0] = theta0
    verdict = check(problem, how, theta0, path)
    assert (verdict.right, verdict.precision) == (True, ("decimals", decimals))


def test_columns_may_be_rounded_differently() -> None:
    x, y = data(13)
    problem = posed(x, y)
    path = students(problem, "mse", RATE)
    path = np.column_stack([np.round(path[:, 0], 2), np.round(path[:, 1], 5), path[:, 2]])
    verdict = check(problem, config(), np.zeros(3), path)
    assert (verdict.right, verdict.precision) == (True, ("decimals", 2))
    path[6, 1] += 1e-4
    assert check(problem, config(), np.zeros(3), path).step == 6


WRONG: list[tuple[Mistake, dict[str, Any]]] = [
    ("tenfold_rate", {"rate": 10 * RATE}),
    ("tenth_rate", {"rate": RATE / 10}),
    ("no_penalty", {"l2": 0.0}),
]


@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize(
    ("optimizer", "mistake", "wrong"),
    [
        *((optimizer, *each) for optimizer in ("gd", "momentum", "adam") for each in WRONG),
        ("gd", "added_momentum", {"optimizer": "momentum"}),
        ("gd", "added_momentum", {"optimizer": "nesterov"}),
        ("momentum", "plain_steps", {"optimizer": "gd"}),
        ("adam", "plain_steps", {"optimizer": "gd"}),
    ],
)
def test_a_descent_that_differs_from_the_request_is_named(
    optimizer: str, mistake: Mistake, wrong: dict[str, Any], *, printed: bool
) -> None:
    x, y = data(14)
    right = config(RATE, optimizer)
    how = config(wrong.get("rate", RATE), wrong.get("optimizer", optimizer))
    path = descended(posed(x, y, l2=wrong.get("l2", 0.7)), how, np.zeros(3))
    verdict = check(posed(x, y, l2=0.7), right, np.zeros(3), np.round(path, 6) if printed else path)
    assert verdict.mistakes == [mistake]


def test_a_forgotten_threshold_is_a_missing_penalty() -> None:
    x, y = data(15)
    how = config(RATE, "ista")
    path = descended(posed(x, y), how, np.zeros(3))
    assert check(posed(x, y, l1=0.5), how, np.zeros(3), path).mistakes == ["no_penalty"]


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize(
    ("mistake", "divisor"), [("divided_by_n_minus_1", 14), ("sum_for_mean", 1), ("missing_factor_2", 30)]
)
def test_a_factor_of_the_data_alone_is_named(mistake: Mistake, divisor: int, l2: float) -> None:
    x, y = data(16)
    problem = posed(x, y, l2=l2)
    rows = problem.train
    assert rows.size == 15
    theta, path = np.zeros(3), [np.zeros(3)]
    for _ in range(STEPS):
        slope = gradient(rows.design, rows.y, theta, "sse") / divisor + 2 * l2 * theta * np.array([0.0, 1.0, 1.0])
        theta = theta - RATE / 10 * slope
        path.append(theta)
    assert mistake in check(problem, config(RATE / 10), np.zeros(3), np.array(path)).mistakes
