"""JSON pointers (RFC 6901): the place of a value in a document."""

from collections.abc import Iterable
from functools import lru_cache


def pointer_of(steps: Iterable[str | int]) -> str:
    """The JSON pointer that goes through these names and numbers."""
    return "".join("/" + _escaped(str(step)) for step in steps)


@lru_cache(maxsize=1024)
def steps_of(pointer: str) -> tuple[str, ...]:
    """The names that a JSON pointer goes through."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1") if "~" in step or "/" in step else step
