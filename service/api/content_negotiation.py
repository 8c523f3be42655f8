"""Lists in the headers Accept, Accept-Encoding and Accept-Language, and their quality values (RFC 9110, 12.4)."""

import re
from collections.abc import Mapping
from typing import TypeVar

from service.core.exceptions import NotAcceptableError

Kind = TypeVar("Kind", bound=str)

MOST_CHARACTERS, MOST_ENTRIES = 1024, 50
"""Limits of a list. Anybody may send one, and an entry costs more than a microsecond; browsers send about ten."""


def qualities(header: str) -> dict[str, float]:
    """The quality of each entry in the order of the header; 0 for refused and malformed entries."""
    found: dict[str, float] = {}
    for entry in _entries(header):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        found.setdefault(name, _quality(parameters))
    return found


def negotiated(accept: str, offered: Mapping[Kind, str]) -> Kind:
    """The kind whose media type has the highest quality in Accept, of several the first (RFC 9110).

    Raises NotAcceptableError if none has any.
    """
    accepted = qualities(accept.strip() or "*/*")
    places = {name: -place for place, name in enumerate(accepted)}

    def preference(kind: Kind) -> tuple[float, int]:
        media = offered[kind]
        ranges = (media, media.partition("/")[0] + "/*", "*/*")  # the narrowest range decides
        named = next((each for each in ranges if each in accepted), None)
        return (accepted[named], places[named]) if named else (0.0, 0)

    best = max(offered, key=preference)
    if preference(best)[0] > 0:
        return best
    known = ", ".join(offered.values())
    raise NotAcceptableError(f"Accept is {accept[:200]}. The answer is available as {known}.")


def _entries(header: str) -> list[str]:
    """The first entries of a list. A list of too many characters has none: a cut entry could mean the opposite."""
    return header.split(",", MOST_ENTRIES)[:MOST_ENTRIES] if len(header) <= MOST_CHARACTERS else []


def _quality(parameters: list[str]) -> float:
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    return float(quality) if re.fullmatch(r"[01](\.[0-9]{0,3})?", quality) else 0.0
