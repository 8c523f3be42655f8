"""Errors of formulas in a user's words: messages for forbidden signs, look-alike letters and mistyped names."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

LIKENESS = 0.65
"""Least similarity of a mistyped name to a suggestion; equal names have 1."""

REFUSED = {
    "^": ("The sign ^", "Write ** for a power, as in x**2."),
    ".": ("A dot outside of a number", "Write a function by its name alone, as in exp(x)."),
    "...": ("An ellipsis", None),
    "//": ("A division that rounds", "Write / for a division."),
    "%": ("A remainder", None),
    "@": ("A matrix product", "Write * for a product."),
    ":": ("A colon", None),
    ";": ("A semicolon", "Write one formula."),
    "#": ("A comment", "Leave it out."),
    "\\": ("A backslash", None),
    **dict.fromkeys("'\"`“”„‘’‚«»", ("Text in quotes", "Write names without quotes.")),
    **dict.fromkeys("[]", ("A square bracket", "Write ( and ), and a feature by its name.")),
    **dict.fromkeys("{}", ("A curly bracket", "Write ( and ).")),
    **dict.fromkeys(["=", ":="], ("An assignment", "Write only what stands to the right of it.")),
    **dict.fromkeys(
        ["==", "!=", "<", ">", "<=", ">=", "≠", "≤", "≥"], ("A comparison", "Perhaps maximum or minimum will do.")
    ),
    **dict.fromkeys(["&", "~", "!", "<<", ">>", "and", "or", "not"], ("A logical operator", None)),
    "|": ("A vertical bar", "Write abs(x) for |x|."),
    "µ": ("The micro sign", "Write mu, or the Greek letter μ."),
    **dict.fromkeys(["if", "else"], ("A condition", "Perhaps maximum or minimum will do.")),
    **dict.fromkeys(["in", "is"], ("A comparison", None)),
    **dict.fromkeys(["True", "False"], ("A truth value", "Write 1 or 0.")),
    "None": ("An empty value", None),
    "for": ("A loop", None),
    **dict.fromkeys("−–—", ("This dash", "Write - for minus.")),
    **dict.fromkeys("×·⋅∙∗•", ("This sign for a product", "Write *.")),
    **dict.fromkeys("÷∕⁄", ("This sign for a division", "Write /.")),
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", ("A raised number", "Write ** for a power, as in x**2.")),
    "√": ("A root sign", "Write sqrt(x)."),
}
SYNONYMS = {"ln": "log", "max": "maximum", "min": "minimum", "expit": "sigmoid", "logistic": "sigmoid", "pow": "x**2"}
# Cyrillic and Greek letters that look like Latin ones.
TWINS = str.maketrans("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХЅІЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxijshdqwABEKMHOPCTYXSIJABEZHIKMNOPTYXo")
# Invisible characters that Python accepts in names.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class FormulaError(ValueError):
    """A fault of a formula: one sentence, the column in the text (from 1), and a hint at the correction."""

    def __init__(self, message: str, column: int, hint: str | None = None) -> None:
        super().__init__(message, column, hint)
        self.message = message
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


def error(what: str, column: int, hint: str | None = None) -> FormulaError:
    return FormulaError(f"{what} (column {column}).", column, hint)


def refused(text: str, column: int) -> FormulaError:
    other: tuple[str, str | None] = (f"The sign {text}", None)
    if text.isidentifier():
        other = (f"The word {text}", f"Choose another name, such as {text}_.")
    what, hint = REFUSED.get(text, other)
    return error(f"{what} cannot stand in a formula", column, hint)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint at the known name most similar to `name` and at a look-alike letter; None if no name is similar."""
    seen = {other.translate(TWINS).casefold(): other for other in known}
    near = get_close_matches(name.translate(TWINS).casefold(), seen, 1, LIKENESS)
    if not near:
        return None
    meant = seen[near[0]]
    strange = next((letter for letter in name if not letter.isascii() and letter not in meant), None)
    explained = f" The letter {described(strange)} is another than it looks." if strange else ""
    return f"Did you mean {SYNONYMS.get(meant, meant)}?{explained}"


def is_seen(character: str) -> bool:
    return character.isprintable() and not _BLANK.match(character)


def described(character: str) -> str:
    name = unicodedata.name(character, "without a name")
    return f"{character} ({name})" if is_seen(character) else f"U+{ord(character):04X} ({name})"


def shortened(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"
