"""Recorded programs return their function's results at any argument and do not change their arguments."""

from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, hessian_vector_product, value_and_grad
from autograd.extend import defvjp, primitive
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from gd_engine.autodiff.primitives import log_sum_exp, piece, placed, relu, sigmoid, softmax, softplus, tanh
from gd_engine.autodiff.tape import record
from gd_engine.descent.evaluator import Evaluator

Function = Callable[..., Sequence[Any]]
X = np.random.default_rng(0).uniform(0.5, 1.5, (6, 3))
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "squares": lambda t: anp.sum(anp.square(anp.dot(X, t) - 1.0)),
    "absolute values": lambda t: anp.sum(anp.abs(anp.dot(X, t) - 1.0)),
    "clip": lambda t: anp.sum(anp.clip(anp.dot(X, t), -0.5, 0.5) * t[0]),
    "maximum": lambda t: anp.sum(anp.maximum(anp.dot(X, t), 0.1) - anp.minimum(t[1], t[2])) ** 2,
    "power": lambda t: anp.sum(anp.exp(t[0]) * X[:, 0] ** t[1]),
    "maximum of numbers": lambda t: anp.maximum(t[0], 0.1) * anp.minimum(t[1], t[2]) + t[0] ** 2,
    "indexing": lambda t: t[0] * t[1] + anp.sum(t[1:] ** 2) * t[0],
    "the same index twice": lambda t: t[2] ** 2 + t[2] * anp.sum(t[1] * X[:, 1]) + t[2] ** 3,
    "constants": lambda t: anp.sum(t * 1.0 + t * anp.ones(3) + t * (2.0 * anp.ones(3))) ** 2,
    "relu": lambda t: anp.sum(relu(anp.dot(X, t))) * anp.sum(relu(t) * t),
    "relu of a row": lambda t: anp.sum(relu(t - 0.1) + relu(0.3 - t)) ** 2,
    "softplus": lambda t: anp.sum(softplus(anp.dot(X, t))),
    "sigmoid and tanh": lambda t: anp.sum(sigmoid(anp.dot(X, t)) * tanh(t[0])),
    "log_sum_exp": lambda t: anp.sum(log_sum_exp(anp.transpose(X * t))),
    "softmax": lambda t: anp.sum(anp.square(softmax(anp.transpose(X * t)))),
    "pieces and the whole": lambda t: anp.sum(piece(t, 0, (3,)) ** 3) + anp.sum(anp.square(t * X[0])),
    "the whole and pieces": lambda t: anp.sum(anp.square(t * X[0])) + anp.sum(piece(t, 0, (3,)) ** 3),
    "pieces": lambda t: (
        anp.sum(anp.dot(X[:, :1], piece(t, 1, (1, 2)))) * piece(t, 0, ()) + anp.sum(placed(t[1] ** 2, 1, 3))
    ),
    "matrix products": lambda t: anp.sum(anp.dot(anp.transpose(X), X * t) ** 2),
    "mean and broadcasting": lambda t: anp.mean((X - t) ** 2) + anp.sum(t[:, None] * t),
}


def random_theta(seed: int) -> FloatArray:
    return np.random.default_rng(seed).standard_normal(3)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=15)
@given(recorded=st.integers(0, 10_000), replayed=st.integers(0, 10_000))
def test_value_gradient_and_curvature_are_those_of_the_function(name: str, recorded: int, replayed: int) -> None:
    def wanted(theta: Any, vector: Any) -> Any:
        return *value_and_grad(FUNCTIONS[name])(theta), hessian_vector_product(FUNCTIONS[name])(theta, vector)

    program = record(wanted, random_theta(recorded), random_theta(recorded + 1))
    theta, vector = random_theta(replayed), random_theta(replayed + 1)
    for ours, theirs in zip(program(theta, vector), wanted(theta, vector), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)
        assert np.shape(ours) == np.shape(theirs)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_program_is_pure(name: str) -> None:
    program = record(lambda theta, x: (*value_and_grad(FUNCTIONS[name])(theta), x), random_theta(1), X)
    theta = random_theta(2)
    given_theta, given_x = theta.copy(), X.copy()
    theta.setflags(write=False)
    first = [np.array(result) for result in program(theta, given_x)]
    program(random_theta(3), X + 1.0)
    second = program(theta, given_x)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
    np.testing.assert_array_equal(theta, given_theta)
    np.testing.assert_array_equal(given_x, X)


def test_results_of_two_calls_do_not_share_memory() -> None:
    program = record(lambda theta: (grad(FUNCTIONS["squares"])(theta),), random_theta(1))
    [first] = program(random_theta(2))
    kept = first.copy()
    [second] = program(random_theta(3))
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)


def counting(calls: list[str]) -> Any:
    """A primitive that records its calls."""

    def double(x: Any) -> Any:
        calls.append("double")
        return 2.0 * x

    function = primitive(double)
    defvjp(function, lambda ans, x: lambda g: 2.0 * g)
    return function


def test_common_subexpressions_are_computed_once() -> None:
    calls: list[str] = []
    double = counting(calls)
    program = record(lambda theta: (double(theta), double(theta) + double(theta)), np.ones(2))
    calls.clear()
    one, two = program(np.array([3.0, 4.0]))
    assert (one.tolist(), two.tolist()) == ([6, 8], [12, 16])
    assert calls == ["double"]


def test_unused_results_are_not_computed() -> None:
    calls: list[str] = []
    double = counting(calls)
    program = record(lambda theta: (theta + 1.0, [double(theta)][:0] or theta), np.ones(2))
    calls.clear()
    assert program(np.array([3.0, 4.0]))[0].tolist() == [4, 5]
    assert calls == []


def test_minus_zero_is_not_zero() -> None:
    with np.errstate(divide="ignore"):
        program = record(lambda theta: (theta / 0.0, theta / -0.0), np.ones(1))
        assert [result.item() for result in program(np.array([2.0]))] == [np.inf, -np.inf]


def test_an_integer_one_is_not_a_float_one() -> None:
    program = record(lambda theta: (theta**2, theta**2.0, theta * 3, theta * 3.0), np.ones(1))
    assert [result.item() for result in program(np.array([5.0]))] == [25, 25, 15, 15]


def test_a_constant_array_with_both_zeros_keeps_their_signs() -> None:
    zeros = np.array([0.0, -0.0])
    program = record(lambda theta: (theta * zeros,), np.ones(2))
    np.testing.assert_array_equal(np.signbit(program(np.ones(2))[0]), [False, True])


def test_a_truth_value_times_one_is_a_number() -> None:
    program = record(lambda theta: (anp.greater(theta, 0.0) * anp.ones(2), 1.0 * anp.greater(theta, 0.0)), np.ones(2))
    for result in program(np.array([-1.0, 2.0])):
        assert result.dtype == np.float64
        assert result.tolist() == [0, 1]


def test_a_constant_is_a_result_too_and_so_is_an_argument() -> None:
    constant = np.arange(3.0)
    program = record(lambda theta: (constant, 7.0, theta, theta), np.ones(2))
    theta = np.array([5.0, 6.0])
    found = program(theta)
    assert found[0].tolist() == [0, 1, 2]
    assert found[1] == 7.0
    assert found[2] is found[3] is theta


def test_the_gradient_of_a_constant_is_zero_and_of_a_sum_is_one() -> None:
    program = record(lambda theta: (grad(anp.sum)(theta), grad(lambda t: 0.0 * t[0])(theta)), np.ones(3))
    ones, zeros = program(random_theta(1))
    assert ones.tolist() == [1, 1, 1]
    assert zeros.tolist() == [0, 0, 0]


@pytest.mark.parametrize("function", [lambda t: t[2] ** 2 + t[2], lambda t: anp.sum(t**2) + anp.sum(t) + anp.sum(t)])
def test_a_constant_gradient_overwritten_by_autograd_is_refused(function: Callable[[Any], Any]) -> None:
    with pytest.raises(NotImplementedError, match="partly constant"):
        record(lambda theta: (grad(function)(theta),), random_theta(0))


def test_a_result_that_is_a_step_of_another_result_is_kept() -> None:
    def many(theta: Any) -> Any:
        s = anp.dot(X, theta)
        r = s - 1.0
        return s, r, anp.square(r), anp.sum(anp.square(r)), s

    theta = random_theta(9)
    program = record(many, random_theta(8))
    for ours, theirs in zip(program(theta), many(theta), strict=True):
        # A sum of squares is a dot product on the tape, whose order of summing follows the memory's alignment.
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize(
    ("shape_a", "shape_b"),
    [
        ((4, 3), (3, 2)),
        ((4, 3), (3,)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((1, 3), (3, 1)),
        ((0, 3), (3,)),
        ((), (3,)),
        ((2, 3), ()),
    ],
    ids=str,
)
def test_both_gradients_of_every_matrix_product(shape_a: tuple[int, ...], shape_b: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    a, b = random.standard_normal(shape_a), random.standard_normal(shape_b)

    def wanted(a: Any, b: Any) -> Any:
        def energy(a: Any, b: Any) -> Any:
            return anp.sum(anp.square(anp.dot(a, b)))

        return grad(energy, 0)(a, b), grad(energy, 1)(a, b)

    program = record(wanted, a, b)
    other = random.standard_normal(shape_a), random.standard_normal(shape_b)
    for ours, theirs in zip(program(*other), wanted(*other), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
        assert np.shape(ours) == np.shape(theirs)


def test_functions_that_cannot_be_recorded_are_traced() -> None:
    x = np.linspace(-1, 1, 20)[:, None]
    model = MODELS["linear"](["a"], intercept=False)
    problem = pose(model, x, x[:, 0], split_by_fraction(20, 0.25), loss="mae")
    # A gradient that is constant in one place and not in another, which autograd adds up in place.
    odd = problem._replace(loss=problem.loss._replace(total=lambda model, t, design, y: t[0] ** 2 + t[0]))
    with pytest.raises(NotImplementedError):
        record(lambda t: (grad(lambda u: u[0] ** 2 + u[0])(t),), np.ones(1))
    for replay in (True, False):
        found = Evaluator(odd, replay=replay).at(np.array([3.0]))
        np.testing.assert_allclose(found.gradient * problem.divisor, [7.0])
