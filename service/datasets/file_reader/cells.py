"""The content of one cell: a missing value, a number in one of its notations, a truth value, a date, or other text.

A cell gives its kind and its marks. Marks are facts about the notation of a number or a date, as bits. The marks of
all cells of a column together decide what its commas and dots mean (`number_style`) and the order of its dates.
"""

import math
import re

from service.datasets.file_reader import dates

MISSING, NUMBER, TRUTH, DATE, ALMOST, MEASURE, NONE, TEXT = KINDS = range(8)
"""Kinds. ALMOST is no number but resembles one: inf, 1e999, 1_000, 0x1f. MEASURE is a number with a unit: 5 kg.
NONE is the text None."""

DOT, COMMA = 1, 2
"""The mark can only be a decimal mark: 1.5."""
DOT_GROUPS, COMMA_GROUPS = 4, 8
"""The mark can only separate groups of digits: 1,250,000."""
DOT_EITHER, COMMA_EITHER = 16, 32
"""The mark can be either: 1,250."""
SPACES, CURRENCY, PERCENT, MINUS, FORTRAN = 64, 128, 256, 512, 1024
"""Spaces or apostrophes between groups; a currency; per cent; a minus of Unicode; an exponent D."""
WHOLE, NO_PERCENT, ROUNDED = 2048, 4096, 8192
"""A number of digits alone; a number without per cent; a whole number that float64 does not have."""
BOOKED, LEADING_ZERO = 16384, 32768
"""A negative number as bookkeepers write it, (50) or 50-; a number of digits that begins with 0, as codes do."""
DATE_BITS = 16
"""Marks of dates begin at this bit."""

EXCEL_ERRORS = (
    *("#N/A", "#NA", "#DIV/0!", "#REF!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!"),
    *("#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#VALEUR!", "#NOM?", "#NOMBRE!"),
)
"""In English, German and French."""
_OF_PANDAS = ("", "#N/A N/A", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "<NA>", "NA", "NaN", "-NaN", "NaT")
# Not "Na", which is sodium, nor "none", "missing" and "nil", which may be categories.
_IN_ANY_CASE = ("n/a", "n.a.", "n.a", "nan", "-nan", "null", "#n/a", "(null)", "<na>")
_OTHERS = ("na", "k.A.", "k. A.", "?", "-", "--", "–", "—", "−", ".", "..", "...", "…", "\\N")
_CASES = (str.lower, str.upper, str.capitalize)
MISSING_TEXTS = frozenset((*_OF_PANDAS, *_OTHERS, *EXCEL_ERRORS)).union(
    case(text) for text in _IN_ANY_CASE for case in _CASES
)
"""The texts of missing values: those of pandas, of Excel, and of statistical offices."""
PYTHONS_NONE = "None"
"""Missing among numbers; a category among texts, as in None, Mild, Severe."""
_EMPTY = dict.fromkeys(MISSING_TEXTS, MISSING) | {PYTHONS_NONE: NONE}
TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "t": 1.0, "f": 0.0}

# No two parts of a pattern match the same digits, so a cell of 100,000 digits takes linear time.
PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MEASURE = re.compile(r"[+\-−]?[0-9][0-9.,]*[ \u00a0\u202f]?(?P<unit>(?:[^\W\d_]|[°µ])[^\s0-9]{0,9})")
_MOST_CHARACTERS = 60
"""No number in another notation is longer."""
_SPACES = " \u00a0\u2009\u202f'’"
_FORMATTED = re.compile(
    rf"(?P<sign>[+\-−–]?) ?(?P<symbol>[$€£¥₹]|EUR|USD|GBP|CHF|JPY)?[ \u00a0\u202f]?(?P<inner>-?)"
    rf"(?P<body>[0-9.,](?:[0-9.,{_SPACES}]*[0-9.,])?)(?:[eEdD](?P<exponent>[+\-−]?[0-9]+))?"
    r"[ \u00a0\u202f]?(?P<suffix>%|[$€£¥₹]|EUR|USD|GBP|CHF|JPY)?"
)
_CURRENCIES = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_BOOKED = re.compile(r"(?P<symbol>[$€£¥₹])? ?\((?P<enclosed>[$€£¥₹]?[0-9][^()+\-−]*)\)|(?P<ended>[0-9][^()+\-−]*)-")
_WITHOUT_SPACES = dict.fromkeys(map(ord, _SPACES))
_SPACED = re.compile(rf"[0-9]{{1,3}}([{_SPACES}])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:[.,][0-9]*)?")
_EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPS = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?")


def classify(cell: str) -> tuple[int, int]:
    """The kind of a cell, and the marks of its notation."""
    text = cell.strip()
    if (empty := _EMPTY.get(text)) is not None:
        return empty, 0
    if PLAIN.fullmatch(text):
        return (NUMBER, _plain_marks(text)) if math.isfinite(float(text)) else (ALMOST, 0)
    if len(text) <= _MOST_CHARACTERS:
        if text.lower() in TRUTHS:
            return TRUTH, 0
        if marks := _formatted_marks(text):
            return NUMBER, marks
        if marks := dates.recognise(text):
            return DATE, marks << DATE_BITS
    if _almost_number(text):
        return ALMOST, 0
    return (MEASURE if unit_of(text) else TEXT), 0


def _plain_marks(text: str) -> int:
    body = text.lstrip("+-")
    if "." in body:
        return NO_PERCENT | (DOT_EITHER if is_either(body) else DOT)
    return NO_PERCENT | (ROUNDED if is_rounded(body) else 0) | (LEADING_ZERO if is_code(body) else 0)


def is_code(body: str) -> bool:
    """Whether a number without sign has digits alone, of which the first is 0: 01234."""
    return len(body) > 1 and body[0] == "0" and body.isdigit()


def is_rounded(body: str) -> bool:
    """Whether a finite number without sign is a whole number that float64 does not have: 9007199254740993."""
    return len(body) > 15 and body.isdigit() and int(body) != int(float(body))


def unit_of(text: str) -> str:
    """The unit of a number: kg in 5 kg. Empty for other text."""
    match = _MEASURE.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    return match["unit"] if match else ""


def is_either(body: str) -> bool:
    """Whether the one mark of a number without sign can be a decimal mark or separate groups: 1.250."""
    return _EITHER.fullmatch(body) is not None


def _formatted_marks(text: str) -> int:
    """The marks of a number in another notation; 0 for other text."""
    booked = _BOOKED.fullmatch(text)
    match = _FORMATTED.fullmatch(_signed(text))
    if match is None or (match["sign"] and match["inner"]):
        return 0
    marks = _mark_bits(match["body"], has_exponent=match["exponent"] is not None)
    if not marks:
        return 0
    suffix, symbol = match["suffix"] or "", match["symbol"] or ""
    marks |= PERCENT if suffix == "%" else NO_PERCENT
    if symbol or suffix not in {"", "%"}:
        marks = 0 if symbol and suffix else marks | CURRENCY
    marks |= MINUS if "−" in text or "–" in text else 0
    marks |= BOOKED if booked else 0
    marks |= FORTRAN if match["exponent"] is not None and "d" in text.lower() else 0
    return marks


def currency_of(text: str) -> str:
    """The sign of the currency in a number: $ in $5. Empty for other text."""
    match = _FORMATTED.fullmatch(_signed(text))
    sign = "" if match is None else match["symbol"] or match["suffix"] or ""
    return _CURRENCIES.get(sign, sign)


def _signed(text: str) -> str:
    """The text with the minus of a bookkeeper at the start: -50 for (50) and 50-, -$50 for $(50)."""
    match = _BOOKED.fullmatch(text)
    return text if match is None else f"-{match['symbol'] or ''}{match['enclosed'] or match['ended']}"


def _mark_bits(body: str, *, has_exponent: bool) -> int:
    """The marks of commas, dots and spaces; 0 if they do not make a number."""
    if any(space in body for space in _SPACES):
        bits = COMMA if "," in body else DOT if "." in body else 0
        return SPACES | bits if _SPACED.fullmatch(body) else 0
    dots, commas = body.count("."), body.count(",")
    if dots + commas == len(body):
        return 0
    if not dots + commas:
        return WHOLE
    if dots + commas == 1:
        either, certain = (DOT_EITHER, DOT) if dots else (COMMA_EITHER, COMMA)
        return certain if has_exponent or not is_either(body) else either
    return 0 if has_exponent else _group_bits(body, dots, commas)


def _group_bits(body: str, dots: int, commas: int) -> int:
    """The marks of a number with several commas or dots."""
    swapped = body.translate({ord("."): ",", ord(","): "."})
    if (commas and body.rfind(".") > body.rfind(",")) or not dots:
        return (COMMA_GROUPS | (DOT if dots else 0)) if _GROUPS.fullmatch(body) else 0
    return (DOT_GROUPS | (COMMA if commas else 0)) if _GROUPS.fullmatch(swapped) else 0


def _almost_number(text: str) -> bool:
    """Whether the text resembles a number: 1e999, 1_000, 0x1f, inf."""
    try:
        float(text.replace(",", ""))
    except ValueError:
        return text[:2].lower() == "0x"
    return True


def number_of(cell: str, group: str) -> float:
    """The number in a cell of kind NUMBER, given the mark between groups of digits."""
    text = cell.strip()
    if group != "." and PLAIN.fullmatch(text):
        return float(text)
    match = _FORMATTED.fullmatch(_signed(text))
    if match is None:  # a plain literal of more than 60 characters
        return float(text)
    body = match["body"].translate(_WITHOUT_SPACES)
    body = body.replace(group, "") if group else body
    sign = "-" if match["inner"] or match["sign"] in {"-", "−", "–"} else ""
    exponent = int((match["exponent"] or "0").replace("−", "-")) - (2 if match["suffix"] == "%" else 0)
    return float(f"{sign}{body.replace(',', '.')}e{exponent}")
