"""Values, parameters and derivatives of formulas."""

import unicodedata
from typing import Any

import numpy as np
import pytest
from autograd import elementwise_grad, grad, hessian_vector_product
from autograd.misc.tracers import const_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine.arrays import FloatArray
from gd_engine.formula.compiler import (
    CONSTANTS,
    FUNCTIONS,
    TWO_ARGUMENTS,
    parse,
)
from tests.examples import examples
from tests.time_bounds import takes_at_most

X = np.random.default_rng(0).uniform(0.1, 0.9, (7, 2))
x, y = X.T
THETA = np.array([0.7, 0.4, 0.2])
a, b, c = THETA

VALUES: list[tuple[str, FloatArray]] = [
    ("a + b*x", a + b * x),
    ("a*(1 - exp(-b*x))", a * (1 - np.exp(-b * x))),
    ("a - b*x - c", a - b * x - c),
    ("a/b/c*x", a / b / c * x),
    ("a*x/b*c", a * x / b * c),
    ("a - (b - x) - c", a - (b - x) - c),
    ("-a*x**2 + b*y", -a * x**2 + b * y),
    ("(-a)**2*x", a**2 * x),
    ("a*x**b**c", a * x ** (b**c)),
    ("(a*x**b)**c", (a * x**b) ** c),
    ("a*2**-x", a * 2.0**-x),
    ("a*x**-2", a / x**2),
    ("a*x**2.0 + b*x**3 + c*x**0.5", a * x**2 + b * x**3 + c * np.sqrt(x)),
    ("a*x**(1 + 1)", a * x**2),
    ("a*x**0", np.full(7, a)),
    ("+a*+x", a * x),
    ("--a*x", a * x),
    ("- - -a*x", -a * x),
    ("a*-x", -a * x),
    (" \t\n a * x \r\n ", a * x),
    ("a*.5*x + 5.*y", a * 0.5 * x + 5 * y),
    ("a*1e-3*x + 1E3*y + 0*x + 00", a * 1e-3 * x + 1e3 * y),
    ("a*12345678901234567890*x", a * 12345678901234567890.0 * x),
    ("a*sin(2*pi*x/b + c)", a * np.sin(2 * np.pi * x / b + c)),
    ("a*e**(b*x)", a * np.exp(b * x)),
    ("a/(1 + e**-(b + c*x))", a / (1 + np.exp(-(b + c * x)))),
    ("a*x/(b + x)", a * x / (b + x)),
    ("a*x**b*y**c", a * x**b * y**c),
    ("a*exp(-(x - b)**2/(2*c**2))", a * np.exp(-((x - b) ** 2) / (2 * c**2))),
    ("a*log(x) + b*log10(y) + c*log1p(x)", a * np.log(x) + b * np.log10(y) + c * np.log1p(x)),
    ("a*expm1(x)*sqrt(y)*abs(x - 0.5)", a * np.expm1(x) * np.sqrt(y) * np.abs(x - 0.5)),
    ("a*cos(x) + b*tan(y)", a * np.cos(x) + b * np.tan(y)),
    ("a*sinh(x) + b*cosh(y) + c*tanh(x)", a * np.sinh(x) + b * np.cosh(y) + c * np.tanh(x)),
    ("a*arcsin(x) + b*arccos(x) + c*arctan(x)", a * np.arcsin(x) + b * np.arccos(x) + c * np.arctan(x)),
    ("a*asin(x) + b*acos(x) + c*atan(x)", a * np.arcsin(x) + b * np.arccos(x) + c * np.arctan(x)),
    ("sigmoid(a + b*x)", 1 / (1 + np.exp(-(a + b * x)))),
    ("softplus(a*x)", np.log1p(np.exp(a * x))),
    ("maximum(a*x, b) + minimum(c, y)", np.maximum(a * x, b) + np.minimum(c, y)),
    ("maximum(maximum(a, b), minimum(x, y))", np.maximum(max(a, b), np.minimum(x, y))),
    ("exp(2)*a*x + sqrt(4)", np.exp(2) * a * x + 2),
    ("((((a))))*(x)", a * x),
    ("exp (a * x)", np.exp(a * x)),
]

# Legal formulas of extreme size, and their values for positive x and θ.
LEGAL: list[tuple[str, float]] = [
    ("9**9**9*a*x", np.inf),
    ("a*x + 9**9**9**9**9**9", np.inf),
    ("a*x*9**-9**9", 0.0),
    ("a*x/9**9**9", 0.0),
    ("a*x + 1e308*10", np.inf),
    ("a*x - 1e308*10", -np.inf),
    ("a*x*1e-999", 0.0),
    ("a*x + 1/0", np.inf),
    ("a*x - 1/0", -np.inf),
    ("a*x + 0/0", np.nan),
    ("a*x + log(0)", -np.inf),
    ("a*x + log(-1)", np.nan),
    ("a*x + sqrt(-1)", np.nan),
    ("a*x + (-8)**(1/3)", np.nan),
    ("a*x + exp(1000)", np.inf),
    ("a*x*exp(-1000)", 0.0),
    ("a*x + exp(exp(exp(exp(exp(exp(9))))))", np.inf),
    ("a*x/" + "9" * 300 + "/" + "9" * 300, 0.0),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_a_formula_agrees_with_numpy(text: str, expected: FloatArray) -> None:
    formula = parse(text, ["x", "y"])
    theta = [dict(zip("abc", THETA, strict=True))[name] for name in formula.parameters]
    value = formula.evaluate(np.array(theta), X)
    assert value.shape == (7,)
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("text", "expected"), LEGAL)
def test_huge_legal_formulas_are_read_at_once(text: str, expected: float) -> None:
    assert takes_at_most(0.05, lambda: parse(text, ["x"]))
    formula = parse(text, ["x"])
    np.testing.assert_array_equal(formula.evaluate(np.ones(1), X), np.full(7, expected))


def test_names_are_in_order_of_appearance() -> None:
    formula = parse("k*exp(-z*rate) + offset*x + k*y - e", ["y", "x", "w", "z"])
    assert formula.parameters == ("k", "rate", "offset")
    assert formula.features == ("z", "x", "y")


def test_columns_are_those_of_all_features() -> None:
    columns = np.arange(12.0).reshape(3, 4)
    formula = parse("k*d - b", ["a", "b", "c", "d"])
    np.testing.assert_array_equal(formula.evaluate(np.array([2.0]), columns), 2 * columns[:, 3] - columns[:, 1])


def test_one_row_and_no_row() -> None:
    formula = parse("maximum(k, 3) + 0*x", ["x"])
    assert formula.evaluate(np.array([1.0]), np.ones((1, 1))).tolist() == [3.0]
    assert formula.evaluate(np.array([1.0]), np.ones((0, 1))).shape == (0,)


def test_a_feature_takes_precedence_over_a_constant_and_a_function_without_brackets() -> None:
    formula = parse("k*e + exp(pi)*exp", ["exp", "e"])
    assert formula.features == ("e", "exp")
    value = formula.evaluate(np.array([2.0]), np.array([[3.0, 5.0]]))
    np.testing.assert_allclose(value, [2 * 5 + np.exp(np.pi) * 3])


def test_names_of_other_alphabets() -> None:
    formula = parse("θ0*x + β_größe*длина + 変数", ["x", "длина"])
    assert formula.parameters == ("θ0", "β_größe", "変数")
    assert formula.features == ("x", "длина")


def test_sigmoid_and_softplus_do_not_overflow() -> None:
    far = np.array([[-1e4], [1e4]])
    for name, expected in [("sigmoid", [0.0, 1.0]), ("softplus", [0.0, 1e4]), ("tanh", [-1.0, 1.0])]:
        formula = parse(f"{name}(k*x)", ["x"])
        np.testing.assert_array_equal(formula.evaluate(np.ones(1), far), expected)
        assert np.isfinite(grad(lambda theta, f=formula: f.evaluate(theta, far).sum())(np.ones(1))).all()


# --- gradients ---


def calls(name: str) -> str:
    return f"{name}(p*x, q*x**2)" if name in TWO_ARGUMENTS else f"q*{name}(p*x)"


DIFFERENTIATED = [
    *(calls(name) for name in FUNCTIONS),
    *(text for text, _ in VALUES),
    "x**p*q",
    "p**x + q",
    "(p*x)**2 + (q*x)**3 + (p*x)**-1",
    "p*x**0 + q**1",
]


@pytest.mark.parametrize("text", DIFFERENTIATED)
@settings(max_examples=examples(10))
@given(seed=st.integers(0, 1000))
def test_gradient_agrees_with_central_differences(text: str, seed: int) -> None:
    formula = parse(text, ["x", "y"])
    random = np.random.default_rng(seed)
    theta, weights = random.uniform(0.2, 0.9, len(formula.parameters)), random.uniform(0.5, 1.5, 7)

    def energy(theta: Any) -> Any:
        return (weights * formula.evaluate(theta, X)).sum()

    width = 1e-6
    differences = [(energy(theta + width * u) - energy(theta - width * u)) / (2 * width) for u in np.eye(len(theta))]
    gradient = grad(energy)(theta)
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6 * max(1.0, np.abs(gradient).max()))


@pytest.mark.parametrize("text", DIFFERENTIATED)
def test_curvature_agrees_with_differences_of_gradients(text: str) -> None:
    formula = parse(text, ["x", "y"])
    theta = np.linspace(0.31, 0.83, len(formula.parameters))
    gradient = grad(lambda theta: (formula.evaluate(theta, X) ** 2).sum())
    vector, width = np.ones(len(theta)), 1e-6
    product = hessian_vector_product(lambda theta: (formula.evaluate(theta, X) ** 2).sum())(theta, vector)
    differences = (gradient(theta + width * vector) - gradient(theta - width * vector)) / (2 * width)
    np.testing.assert_allclose(product, differences, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(product).max()))


def test_the_graph_does_not_depend_on_theta() -> None:
    formula = parse("a*exp(-b*x)**2 + maximum(c, abs(y - b))/sqrt(a) + x**c", ["x", "y"])
    replayed = const_graph(lambda theta: formula.evaluate(theta, X))
    replayed(np.array([0.1, 0.9, 0.5]))
    np.testing.assert_array_equal(replayed(THETA), formula.evaluate(THETA, X))


def test_derivatives_at_kinks_are_those_of_the_docstring() -> None:
    def slope(text: str, at: float) -> float:
        formula = parse(text, ["x"])
        with np.errstate(divide="ignore"):
            return float(grad(lambda theta: formula.evaluate(theta, np.ones((1, 1)))[0])(np.array([at]))[0])

    assert slope("abs(k*x)", 0.0) == 0.0
    assert slope("sqrt(k*x)", 0.0) == np.inf
    assert slope("maximum(k, x)", 1.0) == 0.5
    assert slope("minimum(k, x)", 1.0) == 0.5


@pytest.mark.parametrize("text", ["(k*x)**2", "(k*x)**2.0", "(k*x)**3", "(k*x)**1", "(k*x)**0"])
def test_powers_of_zero_and_of_negative_numbers_have_slopes(text: str) -> None:
    formula = parse(text, ["x"])
    exponent = float(text.partition("**")[2])
    points = np.array([[-2.0], [0.0], [3.0]])
    slopes = elementwise_grad(lambda theta: formula.evaluate(theta, points))(np.ones(1))
    expected = sum(exponent * float(t) ** (exponent - 1) * t for t in points[:, 0] if exponent)
    np.testing.assert_allclose(slopes, [expected])


# --- errors ---


# --- bounds ---


# --- hostile text ---


def test_functions_and_constants_are_no_parameters() -> None:
    for name in [*FUNCTIONS, *CONSTANTS]:
        assert name == unicodedata.normalize("NFKC", name)
        assert name.isidentifier()
    assert not set(FUNCTIONS) & set(CONSTANTS)
    assert set(FUNCTIONS) >= TWO_ARGUMENTS
