"""Hints for unknown fields of a request: the nearest known name, or the place where the name is known."""

import re
from collections import defaultdict
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel

from service.core.json_pointer import pointer_of

Place = tuple[str, ...]
UNKNOWN = "Remove it, or look up its name at /docs."
_NAME = re.compile("[a-z_]{1,32}")
_NAMED_BY = dict.fromkeys(("?gd", "?constant", "?linear"), "kind") | {"?inline": "sample", "?formula": "name"}
"""The field with the name of a thing, by the tag of the thing's default kind."""
OTHER_KIND = "It belongs to another kind of {}. Remove it, or choose that kind."


def hint_for(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """The hint for an unknown field at this place of a body."""
    fields = _fields(model)
    *above, name = map(str, place)
    beside = fields.get(tuple(above), frozenset())
    if name in beside:
        return OTHER_KIND.format(above[-1] if above else "request")
    if near := get_close_matches(name.lower(), beside, n=1):
        return f"Did you mean {near[0]}?"
    places = {known: (*parent, known) for parent, names in reversed(fields.items()) for known in names}
    if near := get_close_matches(name.lower(), places, n=1, cutoff=0.8):
        return f"Did you mean {pointer_of(places[near[0]])}?"
    return UNKNOWN


def hint_for_shape(place: tuple[int | str, ...], given: object) -> str | None:
    """The hint for a name in place of an object with this name, and for a number in place of a row."""
    field = _NAMED_BY.get(str(place[-1])) if place else None
    if field and isinstance(given, str) and _NAME.fullmatch(given):
        return f'Write {{"{field}": "{given}"}}.'
    if place[-2:-1] == ("x",) and isinstance(given, int | float):
        return "Each row is a list: [[1], [2], …]."
    return None


@cache
def _fields(model: type[BaseModel]) -> dict[Place, frozenset[str]]:
    """The names of the fields of each object in the body, by its place; those of all kinds of a union together.

    No list of a request has objects with fixed fields.
    """
    schema, found = model.model_json_schema(), defaultdict[Place, set[str]](set)

    def collect(part: dict[str, Any], place: Place) -> None:
        if "$ref" in part:
            collect(schema["$defs"][part["$ref"].rpartition("/")[2]], place)
        for alternative in (*part.get("anyOf", ()), *part.get("oneOf", ())):
            collect(alternative, place)
        for name, below in part.get("properties", {}).items():
            found[place].add(name)
            collect(below, (*place, name))

    collect(schema, ())
    return {place: frozenset(names) for place, names in found.items()}
