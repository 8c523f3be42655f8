"""One request laid over another: what forks and the members of a sweep change."""

from collections.abc import Mapping
from typing import Any

from service.core.json_pointer import pointer_of, steps_of

Patch = dict[str, object]
"""A JSON merge patch (RFC 7396), or a request that was patched and not checked again yet."""


def merge_patch(old: Mapping[str, object], new: Mapping[str, object]) -> Patch:
    """`old` with what `new` says; an object of another kind takes the old one's place as a whole."""
    if new.get("kind", old.get("kind")) != old.get("kind"):
        return dict(new)
    merged = dict(old)
    for name, value in new.items():
        before = old.get(name)
        merged[name] = merge_patch(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def patch_of(values: Mapping[str, object]) -> Patch:
    """The change that sets the values at these JSON pointers, none of which leads through another."""
    patch: dict[str, Any] = {}
    for pointer, value in values.items():
        *way, last = steps_of(pointer)
        place = patch
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    return patch


def pointers_of(patch: Mapping[str, object]) -> list[str]:
    """The JSON pointers of all that a change sets."""
    found = []
    for name, value in patch.items():
        below = pointers_of(value) if isinstance(value, dict) else []
        found += [pointer_of([name]) + end for end in below or [""]]
    return found


def value_at(request: object, pointer: str) -> object:
    """The value at a JSON pointer of objects; None where there is none."""
    for step in steps_of(pointer):
        request = request.get(step) if isinstance(request, dict) else None
    return request
