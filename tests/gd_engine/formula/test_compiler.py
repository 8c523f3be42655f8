"""A user's formula: what it computes, what it refuses and in which words, and that text is never run."""

import ast
import builtins
import contextlib
import operator
import pickle
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from autograd import elementwise_grad, grad, hessian_vector_product
from autograd.misc.tracers import const_graph
from hypothesis import example, given
from hypothesis import strategies as st

from gd_engine.arrays import FloatArray
from gd_engine.formula import compiler as module
from gd_engine.formula.compiler import (
    CONSTANTS,
    FUNCTIONS,
    MOST_CHARACTERS,
    MOST_DEPTH,
    MOST_LISTED,
    MOST_NAME,
    MOST_NODES,
    MOST_PARAMETERS,
    TWO_ARGUMENTS,
    Formula,
    FormulaError,
    parse,
)
from tests.gd_engine.formula.hostile_formulas import HOSTILE
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

# What is legal though it looks as if it should blow up, and what it gives for positive x and θ.
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
def test_a_formula_gives_what_numpy_gives(text: str, expected: FloatArray) -> None:
    formula = parse(text, ["x", "y"])
    theta = [dict(zip("abc", THETA, strict=True))[name] for name in formula.parameters]
    value = formula.evaluate(np.array(theta), X)
    assert value.shape == (7,)
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("text", "expected"), LEGAL)
def test_the_huge_but_legal_is_read_at_once(text: str, expected: float) -> None:
    assert takes_at_most(0.05, lambda: parse(text, ["x"]))
    formula = parse(text, ["x"])
    np.testing.assert_array_equal(formula.evaluate(np.ones(1), X), np.full(7, expected))


def test_names_stand_in_order_of_appearance() -> None:
    formula = parse("k*exp(-z*rate) + offset*x + k*y - e", ["y", "x", "w", "z"])
    assert formula.parameters == ("k", "rate", "offset")
    assert formula.features == ("z", "x", "y")


def test_columns_are_those_of_all_features() -> None:
    columns = np.arange(12.0).reshape(3, 4)
    formula = parse("k*d - b", ["a", "b", "c", "d"])
    np.testing.assert_array_equal(formula.evaluate(np.array([2.0]), columns), 2 * columns[:, 3] - columns[:, 1])


def test_one_row_and_none() -> None:
    formula = parse("maximum(k, 3) + 0*x", ["x"])
    assert formula.evaluate(np.array([1.0]), np.ones((1, 1))).tolist() == [3.0]
    assert formula.evaluate(np.array([1.0]), np.ones((0, 1))).shape == (0,)


def test_a_feature_goes_before_a_number_and_before_a_function_without_brackets() -> None:
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


def test_the_graph_is_the_same_whatever_theta_is() -> None:
    formula = parse("a*exp(-b*x)**2 + maximum(c, abs(y - b))/sqrt(a) + x**c", ["x", "y"])
    replayed = const_graph(lambda theta: formula.evaluate(theta, X))
    replayed(np.array([0.1, 0.9, 0.5]))
    np.testing.assert_array_equal(replayed(THETA), formula.evaluate(THETA, X))


def test_derivatives_where_there_is_none_are_those_the_docstring_names() -> None:
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

# The caret stands under the first of the characters in question.
ERRORS: list[tuple[str, str, str, str | None]] = [
    ("b*x + expp(x)", "      ^", "There is no function expp", "Did you mean exp?"),
    ("b*sine(x)", "  ^", "There is no function sine", "Did you mean sin?"),
    ("b*SQRT(x)", "  ^", "There is no function SQRT", "Did you mean sqrt?"),
    ("b*sqr(x)", "  ^", "There is no function sqr", "Did you mean sqrt?"),
    ("b*ln(x)", "  ^", "There is no function ln", "Did you mean log?"),
    ("b*max(x, 1)", "  ^", "There is no function max", "Did you mean maximum?"),
    ("b*pow(x, 2)", "  ^", "There is no function pow", "Did you mean x**2?"),
    ("b1(x + 1)", "^", "There is no function b1", "For a product write b1*(…)."),
    ("b + x(2)", "    ^", "There is no function x", "For a product write x*(…)."),
    ("b*eval(x)", "  ^", "There is no function eval", "The functions are exp, "),
    ("β*θ + expp(x)", "      ^", "There is no function expp", "Did you mean exp?"),
    ("変数*x + b^2", "        ^", "The sign ^ cannot stand in a formula", "Write ** for a power"),
    ("𐐨*x + b^2", "       ^", "The sign ^ cannot stand in a formula", "Write ** for a power"),
    ("\n  b*x + x.real", "          ^", "A dot outside of a number", "by its name alone"),
    ("θ*еxp(x)", "  ^", "There is no function еxp", "Did you mean exp? The letter е (CYRILLIC SMALL LETTER IE)"),
    ("b*ѕіn(x)", "  ^", "There is no function ѕіn", "Did you mean sin? The letter ѕ (CYRILLIC SMALL LETTER DZE)"),
    ("b*x + х", "      ^", "The name х looks like x", "The letter х (CYRILLIC SMALL LETTER HA)"),
    ("x*Α + A", "      ^", "The name A looks like Α", "Did you mean Α?"),
    ("θ*ｅｘｐ(x)", "  ^", "The character ｅ (FULLWIDTH LATIN SMALL LETTER E)", "Write e as one types it."),
    ("b*𝐱", "  ^", "The character 𝐱 (MATHEMATICAL BOLD SMALL X)", "Write x as one types it."),
    ("b*re\u0301el", "   ^", "is not in its plain form", "Write é as one types it."),
    ("b·x", " ^", "This sign for a product", "Write *."),
    ("b*x − 1", "    ^", "This dash", "Write - for minus."),
    ("b*x²", "   ^", "A raised number", "Write ** for a power"),
    ("b*\u200bx", "  ^", "The character U+200B (ZERO WIDTH SPACE) cannot be seen", "plain spaces"),
    ("b*x\x00", "   ^", "The character U+0000 (without a name) cannot be seen", "plain spaces"),
    ("b*x +\n c", "     ^", "The character U+000A (without a name) cannot be seen", "on one line"),
    ("b*\ud800x", "  ^", "The character U+D800 (without a name) cannot be seen", "on one line"),
    ("b*x + ☃", "      ^", "The character ☃ (SNOWMAN) cannot stand here", None),
    ("b*x☃", "   ^", "The character ☃ (SNOWMAN) cannot stand here", None),
    ("٣*b*x", "^", "The character ٣ (ARABIC-INDIC DIGIT THREE) cannot stand here", None),
    ("b*2x", "   ^", "There is no operator between 2 and x", "For a product write 2*x."),
    ("b*2 x", "    ^", "There is no operator between 2 and x", "For a product write 2*x."),
    ("b*2(x)", "   ^", "There is no operator between 2 and (", "For a product write 2*(."),
    ("2j*x", " ^", "There is no operator between 2 and j", "For a product write 2*j."),
    ("(b)(x)", "   ^", "There is no operator between ) and (", "For a product write )*(."),
    ("b*x +", "    ^", "Nothing follows the last +", None),
    ("b*/x", "  ^", "A number, a name or a bracket is missing before the /", None),
    ("exp(*x)", "    ^", "A number, a name or a bracket is missing before the *", None),
    ("b*(x + 1", "  ^", "This ( is never closed", None),
    ("b*x) + 1", "   ^", "This ) closes no bracket", None),
    ("b*x, 1", "   ^", "A comma stands outside of a function's brackets", "with a point, as in 1.5"),
    ("b*exp((x, 1))", "        ^", "A comma stands outside of a function's brackets", None),
    ("b*exp(x, 1)", "  ^", "The function exp takes one argument, not 2", None),
    ("b*maximum(x)", "  ^", "The function maximum takes two arguments, not 1", None),
    ("b*exp + x", "  ^", "The function exp has no argument", "Write exp(…), or choose another name."),
    ("b*exp x", "  ^", "The function exp has no argument", "Write exp(…), or choose another name."),
    ("b*1e999*x", "  ^", "The number 1e999 is larger than 1.797e308", None),
    ("b*007*x", "  ^", "The number 007 begins with a zero", "Write 7."),
    ("b*x__y", "  ^", "The name x__y has two underscores side by side", None),
    ("lambda*x", "^", "The word lambda cannot stand in a formula", "such as lambda_."),
    ("b*x if x else 1", "    ^", "A condition cannot stand in a formula", "maximum or minimum"),
    ("b*x == 1", "    ^", "A comparison cannot stand in a formula", None),
    ("b*(x and 1)", "     ^", "A logical operator cannot stand in a formula", None),
    ("b*True", "  ^", "A truth value cannot stand in a formula", "Write 1 or 0."),
    ("b*'x'", "  ^", "Text in quotes cannot stand in a formula", "without quotes"),
    ("b*f'{x}'", "   ^", "Text in quotes cannot stand in a formula", None),
    ("b*x[0]", "   ^", "A square bracket cannot stand in a formula", None),
    ("y = b*x", "  ^", "An assignment cannot stand in a formula", "to the right"),
    ("exp(x, out=y)", "          ^", "An assignment cannot stand in a formula", None),
    ("b*x # slope", "    ^", "A comment cannot stand in a formula", "Leave it out."),
    ("b*x // 2", "    ^", "A division that rounds cannot stand in a formula", "Write / for a division."),
    ("b*x $ 2", "    ^", "The sign $ cannot stand in a formula", None),
    ("", "^", "The formula is empty", "Write a model"),
    ("pi*x", "^", "The formula has no parameter", "as in b*x"),
    ("b + 1", "^", "The formula uses none of the features x, y", "Write a model such as b0 + b1*x."),
]


def refusal(text: str, features: list[str]) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        parse(text, features)
    return caught.value


@pytest.mark.parametrize(("text", "caret", "message", "hint"), ERRORS)
def test_an_error_says_what_is_wrong_where_and_what_to_change(
    text: str, caret: str, message: str, hint: str | None
) -> None:
    error = refusal(text, ["x", "y"])
    assert error.column == len(caret)
    assert message in error.message
    assert error.message.endswith(f"(column {error.column}).")
    assert hint is None or hint in str(error.hint)
    assert str(error) == (f"{error.message} {error.hint}" if error.hint else error.message)


def test_an_error_survives_pickling() -> None:
    error = refusal("b*expp(x)", ["x"])
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.column, again.hint) == (error.message, error.column, error.hint)


def test_a_mistyped_feature_is_named() -> None:
    error = refusal("b0 + b1*temprature", ["pressure", "temperature"])
    assert error.message == "The formula uses none of the features pressure, temperature (column 9)."
    assert error.hint == "Did you mean temperature?"


def test_the_features_listed_are_few() -> None:
    names = [f"column{i}" for i in range(MOST_LISTED + 3)]
    listed = ", ".join(names[:MOST_LISTED])
    assert refusal("b", names[:MOST_LISTED]).message == f"The formula uses none of the features {listed} (column 1)."
    assert refusal("b", names).message == f"The formula uses none of the features {listed} and 3 more (column 1)."


UNWRITABLE = [
    "2",
    "+",
    "bill length",
    "x²",
    "2nd",
    "a-b",
    "a__b",
    "lambda",
    "None",
    "",
    " ",
    "x ",
    "a" * 65,
    "x\u200b",
    "\ud800",
    "x.y",
]


@pytest.mark.parametrize("name", UNWRITABLE)
def test_a_name_that_no_formula_can_hold_is_called_so(name: str) -> None:
    error = refusal("b", ["x", name])
    assert error.message == "The formula uses none of the features x (column 1)."
    shown = repr(name if len(name) < 24 else f"{name[:23]}…")
    assert error.hint == f"The name {shown} cannot be written in a formula: use letters, digits and _."
    assert str(error).isprintable()
    assert "no feature whose name can be written" in refusal("b", [name]).message


def test_there_may_be_no_feature_at_all() -> None:
    assert "no feature whose name can be written" in refusal("b", []).message


def test_many_features_do_not_make_an_error_slow() -> None:
    names = [f"{'column' * 10}{i}" for i in range(1000)]
    text = "+".join(f"{'colunm' * 3}{i}" for i in range(40))
    assert takes_at_most(0.2, lambda: refusal(text, names))


# --- bounds ---


BOUNDS: list[tuple[Callable[[int], str], int, str]] = [
    ("b*x".ljust, MOST_CHARACTERS, "longer than 1000 characters"),
    (lambda n: f"b*x + {'1':>{n - 6}}", MOST_CHARACTERS, "longer than 1000 characters"),
    (lambda n: "-" * (n - 3) + "b*x", MOST_NODES, "more than 200 numbers, names and operators"),
    (lambda n: "-" * (n - 199) + "b*x" + "+x" * 98, MOST_NODES, "more than 200 numbers, names and operators"),
    (lambda n: "-" * (n - 199) + "b*x" + "**x" * 98, MOST_NODES, "more than 200 numbers, names and operators"),
    (
        lambda n: "-" * (n - 197) + "b*x" + "/exp(x)" * 64 + "+2",
        MOST_NODES,
        "more than 200 numbers, names and operators",
    ),
    (lambda n: "(" * n + "b*x" + ")" * n, MOST_DEPTH, "More than 30 brackets"),
    (lambda n: "abs(" * n + "b*x" + ")" * n, MOST_DEPTH, "More than 30 brackets"),
    (lambda n: "b*" + "maximum(x," * n + "1" + ")" * n, MOST_DEPTH, "More than 30 brackets"),
    (lambda n: "+".join(f"b{i}" for i in range(n)) + "+x", MOST_PARAMETERS, "more than 50 parameters"),
    (lambda n: "b" * n + "*x", MOST_NAME, "longer than 64 characters"),
    (lambda n: "β" * n + "*x", MOST_NAME, "longer than 64 characters"),
]


@pytest.mark.parametrize(("spell", "bound", "message"), BOUNDS)
def test_bounds_hold_exactly(spell: Callable[[int], str], bound: int, message: str) -> None:
    formula = parse(spell(bound), ["x"])
    assert formula.evaluate(np.full(len(formula.parameters), 0.5), np.full((2, 1), 0.5)).shape == (2,)
    error = refusal(spell(bound + 1), ["x"])
    assert message in error.message
    assert 1 <= error.column <= len(spell(bound + 1))


def test_the_deepest_formula_can_be_differentiated() -> None:
    """In a stack as deep as a server's may be."""
    deep = "abs(" * MOST_DEPTH + "b*x" + ")" * MOST_DEPTH
    for text in (deep, "-" * (MOST_NODES - 3) + "b*x", "b*x" + "**x" * ((MOST_NODES - 3) // 2)):
        formula = parse(text, ["x"])

        def energy(theta: Any, evaluate: Any = formula.evaluate) -> Any:
            return evaluate(theta, np.full((2, 1), 0.5)).sum()

        slope = within_frames(300, partial(grad(energy), np.array([0.5])))
        assert np.isfinite(slope).all()


def within_frames(count: int, call: Callable[[], Any]) -> Any:
    return call() if count == 0 else within_frames(count - 1, call)


# --- hostile text ---


def hostile_id(text: str) -> str:
    return ascii(text if len(text) < 40 else f"{text[:36]}… of {len(text)}")


def test_the_corpus_is_large_and_without_doubles() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("text", HOSTILE, ids=hostile_id)
def test_the_hostile_is_refused(text: str) -> None:
    error = refusal(text, ["x", "y"])
    assert 1 <= error.column <= max(1, len(text))
    assert len(str(error)) < 500
    # Fit for JSON, for a log and for a terminal.
    assert str(error).isprintable()
    str(error).encode()


def test_nothing_is_run_imported_or_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_it, used = builtins.compile, []

    def parsed_only(source: Any, filename: Any, mode: Any, flags: int = 0, *rest: Any, **named: Any) -> Any:
        assert flags & ast.PyCF_ONLY_AST, "text was compiled"
        return compile_it(source, filename, mode, flags, *rest, **named)

    texts = [*HOSTILE, *(text for text, _ in VALUES), *(text for text, _ in LEGAL)]
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "compile", parsed_only)
        for name in ("eval", "exec", "open", "input", "print", "breakpoint", "__import__"):
            patch.setattr(builtins, name, lambda *given, called=name, **named: used.append(called))
        for text in texts:
            with contextlib.suppress(FormulaError):
                formula = parse(text, ["x", "y"])
                formula.evaluate(np.ones(len(formula.parameters)), X)
    assert not used


def trees() -> list[ast.expr]:
    """What Python can read of the corpus: what would reach the tree's allow-list, were there no check of the text."""
    found = []
    for text in HOSTILE:
        try:
            found.append(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            continue
    return [tree for tree in found if sum(1 for _ in ast.walk(tree)) < 500]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_the_trees_allow_list_alone_lets_nothing_but_arithmetic_through() -> None:
    arithmetic = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.expr_context)
    refused = 0
    for tree in trees():
        try:
            module._build(tree, {"x", "y", "b", "c"})
        except (FormulaError, OverflowError):  # whole numbers too large to be a float
            refused += 1
        else:
            assert all(isinstance(node, arithmetic) for node in ast.walk(tree)), ast.dump(tree)
            called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            assert all(isinstance(call.func, ast.Name) and call.func.id in FUNCTIONS for call in called)
    assert refused >= 100


@pytest.mark.parametrize("error", [SyntaxError, ValueError, RecursionError, MemoryError, SystemError])
def test_whatever_pythons_parser_raises_is_a_formula_error(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: Any, **named: Any) -> None:
        raise error("too much")

    monkeypatch.setattr(ast, "parse", refuse)
    assert refusal("b*x", ["x"]).message == "The formula cannot be read (column 1)."


ALPHABET = [
    "x",
    "y",
    "b",
    "θ",
    "e",
    "pi",
    "exp",
    "maximum",
    "expp",
    "2",
    ".5",
    "1e9",
    "(",
    ")",
    ",",
    " ",
    "__",
    "ｅ",
    "é",
]
OPERATORS = ["+", "-", "*", "/", "**", "^", "//", "=", ".", "if", "lambda", "\n", "\x00", "\ud800", "'", "[", "]", "#"]


@given(
    st.one_of(
        st.text(),
        st.text(st.characters(), max_size=1200),
        st.lists(st.sampled_from([*ALPHABET, *OPERATORS]), max_size=120).map("".join),
        st.lists(st.sampled_from([*ALPHABET[:-3], *OPERATORS[:5]]), max_size=60).map("".join),
    )
)
@example("x" + "\u0301" * 500)
@example("".join(map(chr, range(0x300, 0x370))))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    def attempt() -> Formula | FormulaError:
        try:
            return parse(text, ["x", "y"])
        except FormulaError as error:
            return error

    result = attempt()
    if isinstance(result, FormulaError):
        assert 1 <= result.column <= max(1, len(text))
        assert str(result).isprintable()
    else:
        assert result.parameters
        assert set(result.features) <= {"x", "y"}
        with np.errstate(all="ignore"):
            assert result.evaluate(np.ones(len(result.parameters)), X).shape == (7,)
    assert takes_at_most(0.05, attempt)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> str:
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(["x", "y", "b", "c", "pi", "2", "0.5", "3e-2"]))
    inner = expressions(depth=depth - 1)
    kind = draw(st.sampled_from(["operator", "sign", "brackets", "call"]))
    if kind == "operator":
        return f"{draw(inner)}{draw(st.sampled_from(['+', ' - ', '*', '/', '**']))}{draw(inner)}"
    if kind == "sign":
        return f"-{draw(inner)}"
    if kind == "brackets":
        return f"({draw(inner)})"
    return f"{draw(st.sampled_from(['exp', 'tanh', 'sqrt']))}({draw(inner)})"


PYTHONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


@given(expressions())
def test_a_formula_means_what_it_means_in_python(text: str) -> None:
    names = {"x": x, "y": y, "b": np.float64(0.4), "c": np.float64(1.3), "pi": np.pi}
    functions = {"exp": np.exp, "tanh": np.tanh, "sqrt": np.sqrt}
    text = f"0*x + 0*b + 0*c + {text}"
    formula = parse(text, ["x", "y"])
    with np.errstate(all="ignore"):
        expected = interpreted(ast.parse(text, mode="eval").body, names | functions)
        np.testing.assert_allclose(formula.evaluate(np.array([0.4, 1.3]), X), expected, rtol=1e-9)


def interpreted(node: Any, names: dict[str, Any]) -> Any:
    """What Python's own operators make of the tree."""
    match node:
        case ast.BinOp():
            left, right = interpreted(node.left, names), interpreted(node.right, names)
            return PYTHONS[type(node.op)](left, right)
        case ast.UnaryOp():
            return -interpreted(node.operand, names)
        case ast.Call():
            return interpreted(node.func, names)(*[interpreted(argument, names) for argument in node.args])
        case ast.Name():
            return names[node.id]
    return np.float64(node.value)


def test_functions_and_numbers_can_be_told_from_parameters() -> None:
    for name in [*FUNCTIONS, *CONSTANTS]:
        assert name == unicodedata.normalize("NFKC", name)
        assert name.isidentifier()
    assert not set(FUNCTIONS) & set(CONSTANTS)
    assert set(FUNCTIONS) >= TWO_ARGUMENTS
