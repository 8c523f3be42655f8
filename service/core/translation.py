"""Translation of sentences by templates: the code writes each sentence once, in English, and `french` has the French.

An English template matches a sentence by its fixed parts, so the numbers and names of both are the same, and sentences
that were stored long ago are translated as well. A sentence without a template stays English.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from service.core.french import (
    actions,
    checks,
    endings,
    file_reports,
    files,
    finding_clauses,
    findings,
    formulas,
    operation,
    phrases,
    requests,
)
from service.core.languages import Language

_NAME = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"[-−]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(e[+-]?\d+)?(%?)")
_DECIMAL = re.compile(r"(?<![\w.'])(-?\d+)\.(\d+)(?![\w.]*['.])")
_TYPOGRAPHY = re.compile(r" (?=[:;?!»](?:\s|$|\{))|(?<=«) ")
_WORDS = re.compile(r"\S+(?:(?:, (?:or )?| or | and )\S+)*")
_MORE = re.compile(r" and ([\d,]+) more$")
_PLACES = re.compile(r" in (rows?) (?=\d)")
_OF = re.compile(r"(?<=\d) of (?=')")
MOST_CHARACTERS = 4_000
"""Longer sentences hold mostly a client's text and stay English."""
START = 6
"""The first characters of a text, by which its templates are looked up."""


class Template(NamedTuple):
    """A sentence in both languages. `fixed` are the parts around the `names` of the values: one more than these."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]
    french: str

    def values(self, text: str) -> dict[str, str] | None:
        """The values in a text; None if its fixed parts are others. Each part is looked for once, from the left."""
        first, *rest = self.fixed
        if not text.startswith(first):
            return None
        at, found = len(first), {}
        for place, (name, part) in enumerate(zip(self.names, rest, strict=True)):
            end = text.find(part, at) if place < len(rest) - 1 else len(text) - len(part)
            if end < at or (part and not text.startswith(part, end)) or (end == at and name not in _MAY_BE_EMPTY):
                return None
            found[name] = text[at:end]
            at = end + len(part)
        return found if at == len(text) else None

    def filled(self, values: Mapping[str, str]) -> str:
        """The French with its values."""
        return _NAME.sub(lambda match: values[match[1]], self.french)


_MAY_BE_EMPTY = frozenset({"more"})


def _templates(texts: Mapping[str, str]) -> tuple[Template, ...]:
    """The templates, those with the longest fixed parts first."""
    found = []
    for english, french in texts.items():
        parts = _NAME.split(english)
        found.append(Template(tuple(parts[::2]), tuple(parts[1::2]), _typeset(french)))
    return tuple(sorted(found, key=lambda each: -sum(map(len, each.fixed))))


def _typeset(french: str) -> str:
    return _TYPOGRAPHY.sub("\N{NO-BREAK SPACE}", french)


MESSAGES = _templates(
    requests.MESSAGES
    | actions.MESSAGES
    | operation.MESSAGES
    | formulas.MESSAGES
    | files.MESSAGES
    | file_reports.MESSAGES
    | checks.MESSAGES
    | endings.MESSAGES
    | finding_clauses.CLAUSES
)
PHRASES = _templates(phrases.PHRASES)
FINDINGS = {code: _templates(texts) for code, texts in findings.SENTENCES.items()}
GENERAL = {code: _typeset(text) for code, text in finding_clauses.GENERAL.items()}


def _by_start(templates: tuple[Template, ...]) -> dict[str, tuple[Template, ...]]:
    """The templates that a text with these first characters may match; "" for a text with others."""
    starts = [each.fixed[0][:START] for each in templates]
    found: dict[str, list[Template]] = {"": [], **{start: [] for start in starts if len(start) == START}}
    for start, each in zip(starts, templates, strict=True):
        for group in [found[start]] if len(start) == START else found.values():
            group.append(each)
    return {start: tuple(group) for start, group in found.items()}


_OF_MESSAGES, _OF_PHRASES = _by_start(MESSAGES), _by_start(PHRASES)


def translated(sentence: str, language: Language) -> str:
    """The sentence in the language; in English if no template matches it."""
    return sentence if language == "en" else _message(sentence) or sentence


def finding_sentence(code: str, sentence: str, language: Language) -> str:
    """The sentence of a finding. One of an earlier version without a template has the general sentence of its code."""
    if language == "en":
        return sentence
    return _first(FINDINGS.get(code, ()), sentence) or _message(sentence) or GENERAL.get(code, sentence)


@lru_cache(maxsize=2_048)
def _message(sentence: str) -> str | None:
    if len(sentence) > MOST_CHARACTERS:
        return None
    return _first(_OF_MESSAGES.get(sentence[:START], _OF_MESSAGES[""]), sentence)


def _first(templates: tuple[Template, ...], text: str) -> str | None:
    """The French by the first template that matches and whose values suit their names."""
    for template in templates:
        values = template.values(text)
        if values is None:
            continue
        french = {name: _value(name, value) for name, value in values.items()}
        if all(_suits(name, value, french[name]) for name, value in values.items()):
            return template.filled(french)
    return None


def _suits(name: str, value: str, french: str) -> bool:
    """Whether a value is what its name says: a count that has a template, or a list of words without blanks."""
    if name.startswith("counted_"):
        return french != value
    return not name.startswith("words_") or _WORDS.fullmatch(value) is not None


def _value(name: str, value: str) -> str:
    """A value in French: a number, a list, a phrase, or a sentence; anything else is a name and stays as it is."""
    if _NUMBER.fullmatch(value):
        return _thousands(value).replace(".", ",").replace("%", "\N{NO-BREAK SPACE}%")
    if name.startswith(("list_", "words_")):
        return _list(value)
    return _first(_OF_PHRASES.get(value[:START], _OF_PHRASES[""]), value) or _message(value) or value


def _thousands(number: str) -> str:
    return number.replace(",", "\N{NARROW NO-BREAK SPACE}")


def _list(value: str) -> str:
    """A list whose last entry follows "and" or "or", or which counts further entries."""
    value = _MORE.sub(lambda match: f" et {_thousands(match[1])} autre{'s' * (match[1] != '1')}", value)
    value = _OF.sub(
        " de ", _PLACES.sub(lambda match: f" {'aux lignes' if match[1] == 'rows' else 'à la ligne'} ", value)
    )
    if "'" not in value:
        head, word, last = value.rpartition(" and ")
        value = f"{head} et {last}" if word else value
    head, word, last = value.rpartition(" or ")
    value = f"{head} ou {last}" if word else value
    if "=" in value:  # names with their values
        value = _DECIMAL.sub(r"\1,\2", value.replace(", ", "\N{NO-BREAK SPACE}; "))
    return value
