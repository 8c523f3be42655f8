"""Functions without data: the descent is the plain autograd loop, and the known minima are minima, and all of them."""

from itertools import product
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, hessian

from gd_engine import (
    BENCHMARK_FUNCTIONS,
    OPTIMIZERS,
    SCHEDULES,
    BatchedDescent,
    DescentConfig,
    FormulaError,
    Problem,
    auto_learning_rate,
    descend,
    initial_theta,
    pose_function,
    start,
    state_from,
)
from gd_engine.analysis.loss_landscape import landscape, parameter_plane
from gd_engine.analysis.step_breakdown import arithmetic
from gd_engine.analysis.trajectory_check import check
from gd_engine.arrays import FloatArray
from tests.gd_engine.helpers import assert_same_bits, descended, joined
from tests.gd_engine.optim.test_minima import TUNED

NAMES = list(BENCHMARK_FUNCTIONS)
BY_HAND: dict[str, Any] = {
    "hill": lambda t: t[0] ** 2 / 2 + t[0] ** 4 / 16,
    "double_well": lambda t: (t[0] ** 2 - 1) ** 2 + 0.3 * t[0],
    "bowl": lambda t: t[0] ** 2 + t[0] * t[1] + t[1] ** 2,
    "ravine": lambda t: t[0] ** 2 / 2 + 50 * t[1] ** 2,
    "saddle": lambda t: (t[0] ** 4 + 2 * t[0] ** 2 + t[1] ** 4 - 2 * t[1] ** 2) / 4,
    "rosenbrock": lambda t: (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2,
    "himmelblau": lambda t: (t[0] ** 2 + t[1] - 11) ** 2 + (t[0] + t[1] ** 2 - 7) ** 2,
    "beale": lambda t: sum((c - t[0] + t[0] * t[1] ** k) ** 2 for c, k in ((1.5, 1), (2.25, 2), (2.625, 3))),
    "styblinski_tang": lambda t: anp.sum(t**4 - 16 * t**2 + 5 * t, axis=0) / 2,
    "rastrigin": lambda t: 10 * len(t) + anp.sum(t**2 - 10 * anp.cos(2 * anp.pi * t), axis=0),
}
"""Each function, written from the literature and not from its formula."""


def posed(name: str, **penalty: float) -> Problem:
    function = BENCHMARK_FUNCTIONS[name]
    return pose_function(function.formula, function.theta0, **penalty)


def plain_loop(energy: Any, theta: FloatArray, rate: float, steps: int) -> list[tuple[FloatArray, float]]:
    """The course's algorithm."""
    gradient, path = grad(energy), []
    for _ in range(steps + 1):
        path.append((theta, float(energy(theta))))
        theta = theta - rate * gradient(theta)
    return path


@pytest.mark.parametrize("replay", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_that_of_the_plain_autograd_loop(name: str, replay: bool) -> None:
    problem = posed(name)
    theta0 = initial_theta(problem.model)
    rate = auto_learning_rate(problem.energy, theta0)
    columns, outcome = descended(problem, "gd", rate, 300, replay=replay)
    assert outcome.reason == "max_steps"
    for step, (theta, energy) in enumerate(plain_loop(BY_HAND[name], theta0, rate, 300)):
        np.testing.assert_allclose(columns["theta"][step], theta, rtol=1e-12, atol=1e-12, err_msg=f"step {step}")
        np.testing.assert_allclose(columns["train_loss"][step], energy, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_no_error_on_any_data(name: str) -> None:
    columns, _ = descended(posed(name), "adam", 0.01, 5)
    assert list(columns) == ["train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate", "theta"]
    assert np.isnan(columns["train_mse"]).all()
    assert np.isnan(columns["test_mse"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_known_minima_are_minima(name: str) -> None:
    function, energy = BENCHMARK_FUNCTIONS[name], BY_HAND[name]
    for minimum in function.minima:
        theta = np.array([minimum.theta[each] for each in function.theta0])
        assert all(low <= minimum.theta[each] <= high for each, (low, high) in function.window.items())
        np.testing.assert_allclose(energy(theta), minimum.value, rtol=1e-14, atol=1e-14)
        assert np.abs(grad(energy)(theta)).max() < 1e-11
        assert np.linalg.eigvalsh(hessian(energy)(theta))[0] > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_there_is_no_other_minimum_in_the_window(name: str) -> None:
    """A descent from each point of a fine grid that is lower than its neighbours leads to a known minimum."""
    function, energy = BENCHMARK_FUNCTIONS[name], BY_HAND[name]
    slope, bend = grad(energy), hessian(energy)
    known = np.array([[minimum.theta[each] for each in function.theta0] for minimum in function.minima])
    found = set()
    for theta in _low_points(energy, [np.linspace(*side, 300) for side in function.window.values()]):
        end = _newton(energy, slope, bend, theta)
        if not all(low <= at <= high for at, (low, high) in zip(end, function.window.values(), strict=True)):
            continue  # E falls towards infinity along a valley of Beale's
        distances = np.abs(known - end).max(axis=1)
        assert distances.min() < 1e-6, theta
        found.add(int(distances.argmin()))
    assert found == set(range(len(known)))


def _newton(energy: Any, slope: Any, bend: Any, theta: FloatArray) -> FloatArray:
    """The minimum below θ, by Newton's method with the moduli of the eigenvalues, and steps halved until E falls."""
    for _ in range(60):
        values, vectors = np.linalg.eigh(bend(theta))
        step = vectors @ ((vectors.T @ slope(theta)) / np.maximum(np.abs(values), 1e-6))
        while energy(theta - step) > energy(theta) and np.abs(step).max() > 1e-12:
            step = step / 2
        theta = theta - step
        if np.abs(step).max() <= 1e-12:
            break
    return theta


def _low_points(energy: Any, sides: list[FloatArray]) -> FloatArray:
    """The points of a grid whose E is no greater than that of any neighbour, shape (k, p)."""
    points = np.stack(np.meshgrid(*sides, indexing="ij"))
    values = energy(points)
    inner = np.pad(values, 1, constant_values=np.inf)
    lowest = np.ones(values.shape, dtype=bool)
    for shift in product((-1, 0, 1), repeat=values.ndim):
        if any(shift):
            lowest &= values <= np.roll(inner, shift, range(values.ndim))[(slice(1, -1),) * values.ndim]
    return points[:, lowest].T


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("ravine", "rosenbrock", "beale")])
def test_every_optimizer_goes_from_the_default_start_to_a_minimum(name: str, optimizer: str) -> None:
    function, problem = BENCHMARK_FUNCTIONS[name], posed(name)
    options, rate = TUNED[optimizer]
    auto = auto_learning_rate(problem.energy, initial_theta(problem.model))
    columns, _ = descended(problem, OPTIMIZERS[optimizer](**options), rate(auto, 1500), 1500)
    least = min(minimum.value for minimum in function.minima if _distance(minimum.theta, columns["theta"][-1]) < 0.2)
    assert columns["train_loss"][-1] - least < 1e-3 * (columns["train_loss"][0] - least)


@pytest.mark.parametrize("name", ["ravine", "rosenbrock", "beale"])
def test_momentum_arrives_where_a_valley_is_narrow(name: str) -> None:
    problem = posed(name)
    rate = 0.4 * auto_learning_rate(problem.energy, initial_theta(problem.model))
    columns, _ = descended(problem, "nesterov", rate, 20_000)
    assert _distance(BENCHMARK_FUNCTIONS[name].minima[0].theta, columns["theta"][-1]) < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_each_minimum_is_reached_from_beside_it(name: str) -> None:
    function, problem = BENCHMARK_FUNCTIONS[name], posed(name)
    for minimum in function.minima:
        theta0 = np.array([minimum.theta[each] for each in function.theta0]) + 0.05
        rate = 0.5 * auto_learning_rate(problem.energy, theta0)
        steps = 8000 if name == "rosenbrock" else 1000
        columns, _ = descended(problem, OPTIMIZERS["nesterov"](0.9), rate, steps, theta0)
        assert _distance(minimum.theta, columns["theta"][-1]) < 1e-6
        assert abs(columns["train_loss"][-1] - minimum.value) < 1e-9


def test_a_penalty_is_added() -> None:
    problem = posed("styblinski_tang", l1=0.3, l2=0.2)
    theta0 = initial_theta(problem.model)

    def energy(theta: Any) -> Any:
        return BY_HAND["styblinski_tang"](theta) + 0.3 * anp.sum(anp.abs(theta)) + 0.2 * anp.sum(theta**2)

    columns, _ = descended(problem, "gd", 0.005, 100)
    for step, (theta, value) in enumerate(plain_loop(energy, theta0, 0.005, 100)):
        np.testing.assert_allclose(columns["theta"][step], theta, rtol=1e-12)
        np.testing.assert_allclose(columns["train_loss"][step], value, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_has_the_bits_of_each_descent_alone(name: str) -> None:
    problem = posed(name)
    theta0 = initial_theta(problem.model)
    method = OPTIMIZERS["momentum"]()
    rates = [0.1 * auto_learning_rate(problem.energy, theta0) * k for k in (1, 2, 3, 9)]
    descents = {k: (DescentConfig(method, rate, 40), start(theta0, method)) for k, rate in enumerate(rates)}
    batch = BatchedDescent(problem, descents)
    for k, (config, state) in descents.items():
        alone = joined(descend(problem, config, state))
        assert_same_bits(joined(batch.descend(k, lambda rows: rows >= 7)), alone)


def test_a_resumed_descent_has_the_same_bits() -> None:
    problem, method = posed("rosenbrock"), OPTIMIZERS["adam"]()
    config = DescentConfig(method, SCHEDULES["cosine"](0.01, 100), 100)
    whole = joined(descend(problem, config, start(initial_theta(problem.model), method)))
    first = next(descend(problem, config, start(initial_theta(problem.model), method), is_full=lambda rows: rows >= 37))
    state = state_from(first.next.to_array(), 37, 2)
    assert_same_bits(joined([first, *descend(problem, config, state)]), whole)


@pytest.mark.parametrize("name", NAMES)
def test_the_terms_of_a_step(name: str) -> None:
    """Central differences confirm the gradient, and no row contributes to it, also at a minimum."""
    function, problem = BENCHMARK_FUNCTIONS[name], posed(name, l2=0.01)
    config = DescentConfig(OPTIMIZERS["gd"](), 0.001, 10)
    starts = [function.theta0, *(minimum.theta for minimum in function.minima)]
    for theta in [np.array([each[name] for name in function.theta0], dtype=float) for each in starts]:
        found = arithmetic(problem, config, start(theta, config.optimizer))
        assert (np.abs(found.differences - found.gradient) <= found.errors + 1e-12).all()
        assert found.errors.max() < 1e-4 * max(1.0, np.abs(found.gradient).max())
        assert len(found.contributions.rows) == 0
        np.testing.assert_allclose(found.contributions.rest + found.contributions.penalty, found.gradient)
        np.testing.assert_allclose(found.contributions.penalty, 0.02 * theta)
        np.testing.assert_array_equal(found.change, -0.001 * found.gradient)


@pytest.mark.parametrize("name", NAMES)
def test_the_landscape_over_the_window_is_exact(name: str) -> None:
    function, problem = BENCHMARK_FUNCTIONS[name], posed(name)
    path = initial_theta(problem.model)[None]
    plane = parameter_plane(tuple(range(path.shape[1])), path[-1])
    window = list(function.window.values())
    found = landscape(problem, path, plane, resolution=11, window=window)
    assert (found.x[0], found.x[-1]) == window[0]
    for i, y in enumerate(found.y):
        for j, x in enumerate(found.x):
            theta = np.array([x, y][: path.shape[1]])
            np.testing.assert_allclose(found.energy[i, j], BY_HAND[name](theta), rtol=1e-12, atol=1e-12)


def test_a_check_names_the_mistakes_that_concern_no_data() -> None:
    problem, theta0 = posed("rosenbrock"), np.array([-1.2, 1.0])
    config = DescentConfig(OPTIMIZERS["gd"](), 0.001, 5)
    right = np.array([theta for theta, _ in plain_loop(BY_HAND["rosenbrock"], theta0, 0.001, 5)])
    assert check(problem, config, theta0, right).right
    up = np.array([theta for theta, _ in plain_loop(BY_HAND["rosenbrock"], theta0, -0.001, 5)])
    assert check(problem, config, theta0, up).mistakes == ["sign"]
    theta, gradient, rows = theta0.copy(), grad(BY_HAND["rosenbrock"]), [theta0]
    for _ in range(5):
        for place in range(2):
            theta[place] -= 0.001 * gradient(theta)[place]
        rows.append(theta.copy())
    assert check(problem, config, theta0, np.array(rows)).mistakes == ["one_by_one"]
    half = np.array([theta for theta, _ in plain_loop(BY_HAND["rosenbrock"], theta0, 0.0005, 5)])
    assert check(problem, config, theta0, half).mistakes == ["halved_rate"]


def test_the_default_start_is_all_ones() -> None:
    np.testing.assert_array_equal(initial_theta(pose_function("u*v + exp(w)").model), [1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("2 + pi", "The formula has no parameter, so there is nothing to descend (column 1).", "(a - 1)**2 + b**2"),
        ("", "The formula is empty (column 1).", "Write a function, such as (a - 1)**2 + b**2."),
        ("a^2", "The sign ^ cannot stand in a formula (column 2).", "Write a**2 for a^2."),
        ("foo(a)", "There is no function foo (column 1).", "foo*(…)"),
        ("exp + a", "The function exp has no argument (column 1).", "Write exp(…)"),
        ("a + а", "The name а looks like a, but has other letters (column 5).", "CYRILLIC"),
    ],
)
def test_the_error_of_a_faulty_function(text: str, message: str, hint: str) -> None:
    with pytest.raises(FormulaError) as caught:
        pose_function(text)
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")


def _distance(theta: Any, other: FloatArray) -> float:
    return float(np.abs(np.array(list(theta.values())) - other).max())
