"""Errors of the client."""

from collections.abc import Mapping
from typing import Any


class DescentError(Exception):
    """Any error of the client."""


class NotReachableError(DescentError):
    """No service answers at the address, or the connection broke too often."""


class ServiceError(DescentError):
    """The service refused a request, or failed at it. `problem` is its answer (RFC 9457); each fault has a line."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(_told(status, problem))


class RunFailedError(DescentError):
    """The run ended without a result: it failed. A run that diverged has a result."""


def _told(status: int, problem: Mapping[str, Any]) -> str:
    """The faults of a request, each with the place and the correction; else what went wrong."""
    entries = problem.get("errors") or []
    if not entries:
        return f"{problem.get('detail') or problem.get('title') or 'The answer is none of Descent.'} ({status})"
    return "\n".join(_line(entry) for entry in entries)


def _line(entry: Mapping[str, Any]) -> str:
    place = entry.get("pointer") or entry.get("parameter")
    if place is None and "row" in entry:
        place = f"row {entry['row']}" + (f", column {entry['column']}" if "column" in entry else "")
    return " ".join(each for each in (f"{place}:" if place else "", entry["message"], entry.get("hint") or "") if each)
