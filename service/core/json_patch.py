"""One request laid over another: what forks, the members of a sweep and findings change."""

from collections.abc import Mapping
from typing import Any

from service.core.json_pointer import pointer_of, steps_of

Patch = dict[str, object]
"""A JSON merge patch (RFC 7396), or a request that was patched and not checked again yet."""


def merge_patch(old: Mapping[str, object], patch: Mapping[str, object], *, by_kind: bool = True) -> Patch:
    """`old` after a JSON merge patch (RFC 7396): null deletes a field, objects merge, other values replace.

    Beyond the RFC, if `by_kind`, an object with a different `kind` merges into an empty one: fields belong to their
    kind.
    """
    is_other = by_kind and patch.get("kind", old.get("kind")) != old.get("kind")
    merged = {} if is_other else dict(old)
    for name, value in patch.items():
        before = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = merge_patch(before if isinstance(before, dict) else {}, value, by_kind=by_kind)
        else:
            merged[name] = value
    return merged


def composed(first: Mapping[str, object], second: Mapping[str, object]) -> Patch:
    """The merge patch that does what two do, one after the other: a null stays, since it removes a field."""
    found = dict(first)
    for name, value in second.items():
        before = found.get(name)
        found[name] = composed(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found


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


def pointers_of(patch: Mapping[str, object], before: str = "") -> list[str]:
    """The JSON pointers of all that a change sets, below the pointer `before`."""
    found = []
    for name, value in patch.items():
        pointer = before + pointer_of((name,))
        found += pointers_of(value, pointer) if value and isinstance(value, dict) else [pointer]
    return found


def value_at(request: object, pointer: str) -> object:
    """The value at a JSON pointer of objects; None where there is none."""
    for step in steps_of(pointer):
        request = request.get(step) if isinstance(request, dict) else None
    return request
