"""Errors of formulas: message, column and hint."""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from autograd import grad

from gd_engine.formula.compiler import (
    MOST_CHARACTERS,
    MOST_DEPTH,
    MOST_LISTED,
    MOST_NAME,
    MOST_NODES,
    MOST_PARAMETERS,
    FormulaError,
    parse,
)
from tests.time_bounds import takes_at_most

# The caret marks the first of the wrong characters.
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
    ("変数*x + b^2", "        ^", "The sign ^ cannot stand in a formula", "Write b**2 for b^2."),
    ("𐐨*x + b^2", "       ^", "The sign ^ cannot stand in a formula", "Write b**2 for b^2."),
    ("\n  b*x + x.real", "          ^", "A dot outside of a number", "by its name alone"),
    ("θ*еxp(x)", "  ^", "There is no function еxp", "Did you mean exp? The letter е (CYRILLIC SMALL LETTER IE)"),
    ("b*ѕіn(x)", "  ^", "There is no function ѕіn", "Did you mean sin? The letter ѕ (CYRILLIC SMALL LETTER DZE)"),
    ("b*x + х", "      ^", "The name х looks like x", "The letter х (CYRILLIC SMALL LETTER HA)"),
    ("x*Α + A", "      ^", "The name A looks like Α", "Did you mean Α?"),
    ("θ*ｅｘｐ(x)", "  ^", "The character ｅ (FULLWIDTH LATIN SMALL LETTER E)", "Write e as one types it."),
    ("b*𝐱", "  ^", "The character 𝐱 (MATHEMATICAL BOLD SMALL X)", "Write x as one types it."),
    ("b*re\u0301el", "   ^", "is not in its plain form", "Write é as one types it."),
    ("b*|x|", "  ^", "A vertical bar cannot stand in a formula", "Write abs(x) for |x|."),
    ("µ*x", "^", "The micro sign cannot stand in a formula", "Write mu, or the Greek letter μ."),
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
def test_an_error_has_a_message_a_caret_and_a_hint(text: str, caret: str, message: str, hint: str | None) -> None:
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


def test_an_error_lists_few_features() -> None:
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
def test_a_feature_name_impossible_in_a_formula_is_reported(name: str) -> None:
    error = refusal("b", ["x", name])
    assert error.message == "The formula uses none of the features x (column 1)."
    shown = repr(name if len(name) < 24 else f"{name[:23]}…")
    assert error.hint == f"The name {shown} cannot be written in a formula: use letters, digits and _."
    assert str(error).isprintable()
    assert "no feature whose name can be written" in refusal("b", [name]).message


def test_a_table_without_features_is_reported() -> None:
    assert "no feature whose name can be written" in refusal("b", []).message


def test_many_features_do_not_make_an_error_slow() -> None:
    names = [f"{'column' * 10}{i}" for i in range(1000)]
    text = "+".join(f"{'colunm' * 3}{i}" for i in range(40))
    assert takes_at_most(0.2, lambda: refusal(text, names))


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
    """The stack is as deep as that of a server."""
    deep = "abs(" * MOST_DEPTH + "b*x" + ")" * MOST_DEPTH
    for text in (deep, "-" * (MOST_NODES - 3) + "b*x", "b*x" + "**x" * ((MOST_NODES - 3) // 2)):
        formula = parse(text, ["x"])

        def energy(theta: Any, evaluate: Any = formula.evaluate) -> Any:
            return evaluate(theta, np.full((2, 1), 0.5)).sum()

        slope = within_frames(300, partial(grad(energy), np.array([0.5])))
        assert np.isfinite(slope).all()


def within_frames(count: int, call: Callable[[], Any]) -> Any:
    return call() if count == 0 else within_frames(count - 1, call)
