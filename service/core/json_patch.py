"""One request laid over another: what forks and the members of a sweep change."""

from typing import Any


def merge_patch(old: Any, new: Any) -> Any:
    """`old` with what `new` says; an object of another kind takes the old one's place as a whole."""
    if not (isinstance(old, dict) and isinstance(new, dict)) or new.get("kind", old.get("kind")) != old.get("kind"):
        return new
    return old | {name: merge_patch(old.get(name), value) for name, value in new.items()}


def steps_of(pointer: str) -> list[str]:
    """The names that a JSON pointer (RFC 6901) goes through."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def pointer_of(steps: list[str]) -> str:
    """The JSON pointer that goes through these names."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def patch_of(values: dict[str, Any]) -> dict[str, Any]:
    """The change that sets the values at these JSON pointers, none of which leads through another."""
    patch: dict[str, Any] = {}
    for pointer, value in values.items():
        *way, last = steps_of(pointer)
        place = patch
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    return patch


def pointers_of(patch: dict[str, Any]) -> list[str]:
    """The JSON pointers of all that a change sets."""
    found = []
    for name, value in patch.items():
        below = pointers_of(value) if isinstance(value, dict) else []
        found += [pointer_of([name]) + end for end in below or [""]]
    return found


def value_at(request: Any, pointer: str) -> Any:
    """What stands at a JSON pointer of objects; None where nothing does."""
    for step in steps_of(pointer):
        request = request.get(step) if isinstance(request, dict) else None
    return request
