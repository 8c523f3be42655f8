"""JSON pointers into the body of POST /fit: the known ones, and the nearest to a misspelt one."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from service.schemas.fit import FitRequest

BY_NAME = "/descent/theta0/"
"""The prefix of pointers to the components of θ₀, which the client names."""


def is_known(pointer: str) -> bool:
    """Whether a request can have the field."""
    return pointer in _pointers() or pointer.startswith(BY_NAME)


def nearest(pointer: str) -> str | None:
    """The known pointer that the client probably means: of an equal, a similar or an abbreviated name."""
    parent, _, name = pointer.rpartition("/")
    siblings = {_name(each): each for each in _pointers() if each.rpartition("/")[0] == parent}
    known = {_name(each): each for each in sorted(_pointers(), reverse=True)} | siblings
    found = get_close_matches(name, siblings, 1) or get_close_matches(name, known, 1)
    found = found or [each for each in siblings if _abbreviates(name, each)]
    return known[found[0]] if found else None


@cache
def _pointers() -> frozenset[str]:
    return frozenset(_below(FitRequest, ""))


def _below(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}/{name}"
        for part in _models(field.annotation):
            yield from _below(part, f"{prefix}/{name}")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among the alternatives of a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _name(pointer: str) -> str:
    return pointer.rpartition("/")[2]


def _abbreviates(short: str, name: str) -> bool:
    """Whether the letters of `short` are in the name, in their order from its first one."""
    letters = iter(name)
    return short[:1] == name[:1] and all(letter in letters for letter in short)
