"""Lexer of formulas: checks of characters, numbers, words, signs and brackets before Python's parser.

Errors name the fault and its column in a user's words. The checks keep away from Python's parser any text on which it
warns, crashes or differs by release. Names are compared letter by letter.
"""

import keyword
import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isinf
from typing import NamedTuple

from gd_engine.formula.errors import (
    REFUSED,
    SYNONYMS,
    FormulaError,
    described,
    error,
    is_seen,
    nearest,
    refused,
    shortened,
)

MOST_CHARACTERS = 1000
MOST_NODES = 200  # numbers, names, operators and calls
MOST_DEPTH = 30  # nested brackets
MOST_NAME = 64  # characters of a name
MOST_LISTED = 8  # features listed in an error
MOST_COMPARED = 100  # features compared with a mistyped name

_SIGNS = {"+", "-", "*", "/", "**", "(", ")", ","}
_TOKEN = re.compile(
    r"(?P<number>([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_\x80-\U0010ffff][0-9A-Za-z_\x80-\U0010ffff]*)"
    r"|(?P<sign>\*\*|//|\.\.\.|<<|>>|[:=!<>]=|[^ ])"
)


class _Token(NamedTuple):
    kind: str  # "number", "word", "sign"; "edge" before the first and after the last
    text: str
    column: int

    @property
    def is_value(self) -> bool:
        """Whether the token is a number or a name."""
        return self.kind in {"number", "word"}


_EDGE = _Token("edge", "", 1)


def checked_names(
    text: str, features: Sequence[str], functions: Mapping[str, int], *, example: str = "a model, such as b0 + b1*x"
) -> dict[str, int]:
    """Names of a formula that are no functions → the column of the first appearance, in that order.

    `functions` maps names to numbers of arguments, `example` is what an empty text lacks.
    Raises FormulaError for a faulty text.
    """
    if len(text) > MOST_CHARACTERS:
        raise error(f"The formula is longer than {MOST_CHARACTERS} characters", MOST_CHARACTERS + 1)
    tokens = _tokens(text)
    if not tokens:
        raise error("The formula is empty", 1, f"Write {example}.")
    found = _names(tokens, features, functions)
    _check_order(tokens)
    _check_brackets(tokens, functions)
    return found


def _tokens(text: str) -> list[_Token]:
    """The numbers, words and signs of a text, none for blanks. Raises FormulaError for a forbidden one."""
    line = text.strip(" \t\r\n").rjust(len(text.rstrip(" \t\r\n")))  # columns do not change
    _check_characters(line)
    tokens = [_Token(str(match.lastgroup), match.group(), match.start() + 1) for match in _TOKEN.finditer(line)]
    for before, token, after in zip([_EDGE, *tokens], tokens, [*tokens[1:], _EDGE], strict=False):
        if token.kind == "number":
            _check_number(token)
        elif token.kind == "word":
            _check_word(token)
        elif token.text == "^" and before.is_value and after.is_value:
            base, power = shortened(before.text), shortened(after.text)
            hint = f"Write {base}**{power} for {base}^{power}."
            raise error("The sign ^ cannot stand in a formula", token.column, hint)
        elif token.text not in _SIGNS:
            raise refused(token.text, token.column)
    nodes = [token for token in tokens if token.text not in "(),"]
    if len(nodes) > MOST_NODES:
        raise error(f"The formula has more than {MOST_NODES} numbers, names and operators", nodes[MOST_NODES].column)
    return tokens


def _check_characters(line: str) -> None:
    """Raises FormulaError for invisible characters and for those that Python's NFKC normalisation changes."""
    for column, character in enumerate(line, 1):
        if not character.isascii() and character in REFUSED:
            raise refused(character, column)
        if not is_seen(character):
            hint = "Write the formula on one line, with plain spaces."
            raise error(f"The character {described(character)} cannot be seen", column, hint)
    plain = unicodedata.normalize("NFKC", line)
    if plain != line:
        place = next(i for i, (ours, theirs) in enumerate(zip(line, plain, strict=False)) if ours != theirs)
        what = f"The character {described(line[place])} is not in its plain form"
        raise error(what, place + 1, f"Write {plain[place]} as one types it.")


def _check_number(token: _Token) -> None:
    number = shortened(token.text)
    if isinf(float(token.text)):
        raise error(f"The number {number} is larger than 1.797e308, the largest there is", token.column)
    if re.fullmatch("0+[1-9][0-9]*", token.text):
        raise error(f"The number {number} begins with a zero", token.column, f"Write {token.text.lstrip('0')}.")


def _check_word(token: _Token) -> None:
    word, column = token.text, token.column
    strange = (i for i, letter in enumerate(word) if not f"_{letter}".isidentifier())
    at = next(strange, None if word.isidentifier() else 0)
    if at is not None:
        raise error(f"The character {described(word[at])} cannot stand here", column + at)
    if len(word) > MOST_NAME:
        raise error(f"The name {shortened(word)} is longer than {MOST_NAME} characters", column)
    if "__" in word:
        raise error(f"The name {word} has two underscores side by side", column, "Write one.")
    if keyword.iskeyword(word):
        raise refused(word, column)


def _names(tokens: list[_Token], features: Sequence[str], functions: Mapping[str, int]) -> dict[str, int]:
    """Names → columns. Raises FormulaError for an unknown function, or a function without brackets."""
    found: dict[str, int] = {}
    for (kind, name, column), after in pairwise([*tokens, _EDGE]):
        called = after.text == "("
        if kind == "word" and called and name not in functions:
            hint = None if name in features else nearest(name, [*functions, *SYNONYMS])
            others = f"For a product write {name}*(…). The functions are {', '.join(functions)}."
            raise error(f"There is no function {name}", column, hint or others)
        if name in functions and not called and name not in features:
            raise error(f"The function {name} has no argument", column, f"Write {name}(…), or choose another name.")
        if kind == "word" and not called:
            found.setdefault(name, column)
    return found


def _check_order(tokens: list[_Token]) -> None:
    """Raises FormulaError for two values without an operator between them, and for an operator without a value."""
    for left, right in pairwise([_EDGE, *tokens, _EDGE]):
        ended = left.is_value or left.text == ")"
        begins = right.is_value or right.text == "("
        if ended and begins and not (left.kind == "word" and right.text == "("):
            a, b = shortened(left.text), shortened(right.text)
            raise error(f"There is no operator between {a} and {b}", right.column, f"For a product write {a}*{b}.")
        if not ended and right.kind == "edge":
            raise error(f"Nothing follows the last {left.text}", left.column)
        if not ended and not begins and right.text not in {"+", "-"}:
            raise error(f"A number, a name or a bracket is missing before the {right.text}", right.column)


def _check_brackets(tokens: list[_Token], functions: Mapping[str, int]) -> None:
    opened = [[_EDGE, _EDGE]]  # for each open bracket: the token before it, itself, its commas; the text comes first
    for before, token in pairwise([_EDGE, *tokens]):
        if token.text == "(":
            if len(opened) > MOST_DEPTH:
                raise error(f"More than {MOST_DEPTH} brackets lie within each other", token.column)
            opened.append([before, token])
        elif token.text == ")":
            _check_commas(functions, *opened.pop())
            if not opened:
                raise error("This ) closes no bracket", token.column)
        elif token.text == ",":
            opened[-1].append(token)
    if len(opened) > 1:
        raise error("This ( is never closed", opened[-1][1].column)
    _check_commas(functions, *opened[0])


def _check_commas(functions: Mapping[str, int], before: _Token, _: _Token, *commas: _Token) -> None:
    if before.kind == "word":
        given, taken = len(commas) + 1, functions[before.text]
        if given != taken:
            counted = "one argument" if taken == 1 else "two arguments"
            raise error(f"The function {before.text} takes {counted}, not {given}", before.column)
    elif commas:
        hint = "Write decimals with a point, as in 1.5."
        raise error("A comma stands outside of a function's brackets", commas[0].column, hint)


def no_feature(parameters: Mapping[str, int], features: Sequence[str]) -> FormulaError:
    """The error of a formula without a feature. `parameters` maps names to columns in the text."""
    usable = [name for name in features if _can_be_written(name)]
    if not usable:
        hint = "Name the features with letters, digits and _."
        return error("There is no feature whose name can be written in a formula", 1, hint)
    more = f" and {len(usable) - MOST_LISTED} more" if len(usable) > MOST_LISTED else ""
    what = f"The formula uses none of the features {', '.join(usable[:MOST_LISTED])}{more}"
    for name, column in [*parameters.items()][:MOST_LISTED]:
        if near := nearest(name, usable[:MOST_COMPARED]):
            return error(what, column, near)
    if unusable := {*features} - {*usable}:
        name = repr(shortened(min(unusable)))
        return error(what, 1, f"The name {name} cannot be written in a formula: use letters, digits and _.")
    return error(what, 1, f"Write a model such as b0 + b1*{usable[0]}.")


def _can_be_written(name: str) -> bool:
    try:
        return [(token.kind, token.text) for token in _tokens(name)] == [("word", name)]
    except FormulaError:
        return False
