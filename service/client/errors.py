"""Errors of the client."""

from collections.abc import Mapping
from typing import Any


class DescentError(Exception):
    """An error of the service, of the way to it, or of a run. Wrong arguments are errors of Python."""


class NotReachableError(DescentError):
    """No service answers at the address, or the connection broke too often."""


class ServiceError(DescentError):
    """The service refused a request, or failed at it. Each fault has a line.

    `problem` is the answer (RFC 9457), `status_code` its status.
    """

    def __init__(self, status_code: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status_code, problem)
        self.status_code, self.problem = status_code, problem

    def __str__(self) -> str:
        entries = self.problem.get("errors")
        if not isinstance(self.problem.get("detail"), str):
            return f"The answer is not that of a Descent service ({self.status_code})."
        if not isinstance(entries, list) or not all(isinstance(each, dict) and "message" in each for each in entries):
            entries = []
        if not entries:
            return f"{self.problem['detail']} ({self.status_code})"
        return "\n".join(map(_line, entries))


class RunFailedError(DescentError):
    """The run failed, or that of an estimator did not succeed. A run that diverged has a result."""


def _line(entry: Mapping[str, Any]) -> str:
    """A fault with its place and its correction."""
    place = entry.get("pointer") or entry.get("parameter")
    if place is None and "row" in entry:
        place = f"row {entry['row']}" + (f", column {entry['column']}" if "column" in entry else "")
    return " ".join(each for each in (f"{place}:" if place else "", entry["message"], entry.get("hint") or "") if each)
