"""Hints for an unknown name: the nearest known one, and a list of all."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice

MOST_COMPARED = 1_000
MOST_LISTED = 20
MOST_CHARACTERS = 60
"""Characters of a name that are compared and shown: the time of a comparison grows with the product of the lengths."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that the client probably means."""
    folded = {each[:MOST_CHARACTERS].casefold(): each for each in islice(known, MOST_COMPARED)}
    found = get_close_matches(name[:MOST_CHARACTERS].casefold(), folded, n=1)
    return folded[found[0]] if found else None


def listed(names: Sequence[str]) -> str:
    """The first names, and the number of further ones."""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(map(shown, names[:MOST_LISTED])) + more


def shown(name: str) -> str:
    """The name, shortened."""
    return name if len(name) <= MOST_CHARACTERS else f"{name[: MOST_CHARACTERS - 1]}…"
