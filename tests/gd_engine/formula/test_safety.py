"""Safety of formulas: hostile and random texts never run, and accepted ones have the value of the Python expression."""

import ast
import builtins
import contextlib
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gd_engine.formula import compiler as module
from gd_engine.formula.compiler import (
    FUNCTIONS,
    Formula,
    FormulaError,
    parse,
)
from tests.gd_engine.formula.hostile_formulas import HOSTILE
from tests.gd_engine.formula.test_compiler import LEGAL, VALUES, X
from tests.gd_engine.formula.test_errors import refusal
from tests.time_bounds import takes_at_most


def hostile_id(text: str) -> str:
    return ascii(text if len(text) < 40 else f"{text[:36]}… of {len(text)}")


def test_the_corpus_is_large_and_without_duplicates() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("text", HOSTILE, ids=hostile_id)
def test_hostile_formulas_are_refused(text: str) -> None:
    error = refusal(text, ["x", "y"])
    assert 1 <= error.column <= max(1, len(text))
    assert len(str(error)) < 500
    # Fit for JSON, for a log and for a terminal.
    assert str(error).isprintable()
    str(error).encode()


def test_parsing_runs_imports_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
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
    """Syntax trees of the corpus' texts that Python can parse, without the checks of the lexer."""
    found = []
    for text in HOSTILE:
        try:
            found.append(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            continue
    return [tree for tree in found if sum(1 for _ in ast.walk(tree)) < 500]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_the_trees_allow_list_alone_admits_only_arithmetic() -> None:
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
def test_every_error_of_pythons_parser_becomes_a_formula_error(
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
def test_a_formula_has_the_value_of_the_python_expression(text: str) -> None:
    names = {"x": X[:, 0], "y": X[:, 1], "b": np.float64(0.4), "c": np.float64(1.3), "pi": np.pi}
    functions = {"exp": np.exp, "tanh": np.tanh, "sqrt": np.sqrt}
    text = f"0*x + 0*b + 0*c + {text}"
    formula = parse(text, ["x", "y"])
    with np.errstate(all="ignore"):
        expected = interpreted(ast.parse(text, mode="eval").body, names | functions)
        np.testing.assert_allclose(formula.evaluate(np.array([0.4, 1.3]), X), expected, rtol=1e-9)


def interpreted(node: Any, names: dict[str, Any]) -> Any:
    """The value of a syntax tree by Python's operators."""
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
