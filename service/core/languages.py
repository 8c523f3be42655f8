"""The languages of the sentences, and the one that the client of the current request asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")


class Asked:
    """The language of a request. `is_used` states whether its answer depends on it."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.is_used = False


_ASKED: ContextVar[Asked | None] = ContextVar("asked_language", default=None)


@contextmanager
def asking(language: Language) -> Iterator[Asked]:
    """Makes the language that of the context, and of the threads that it starts work on."""
    asked = Asked(language)
    token = _ASKED.set(asked)
    try:
        yield asked
    finally:
        _ASKED.reset(token)


def asked_language() -> Language:
    """The language of the current request; English outside of one. Notes that the answer depends on it."""
    asked = _ASKED.get()
    if asked is None:
        return "en"
    asked.is_used = True
    return asked.language
