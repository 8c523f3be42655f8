"""JSON pointers (RFC 6901): the place of a value in a document."""

from collections.abc import Iterable


def pointer_of(steps: Iterable[str | int]) -> str:
    """The JSON pointer that goes through these names and numbers."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def steps_of(pointer: str) -> list[str]:
    """The names that a JSON pointer goes through."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
