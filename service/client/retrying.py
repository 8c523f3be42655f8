"""Which requests are sent again, and when."""

import random
from collections.abc import Mapping

from service.client.errors import DescentError, ServiceError

FIRST_SECONDS, LONGEST_SECONDS = 0.1, 30.0
REFUSED = (429, 503)
"""The service has not begun the request: it may be sent again, whatever it is."""
BROKEN = (502, 504)
"""A proxy's answer, which does not say whether the service had the request."""


def is_repeatable(method: str, headers: Mapping[str, str]) -> bool:
    """Whether the request has the same effect if it is sent twice."""
    return method in ("GET", "DELETE") or "Idempotency-Key" in headers


def pause_after(status: int, retry_after: str | None, attempt: int, *, repeatable: bool) -> float | None:
    """The seconds until the request is sent again; None if it is not. Retry-After is obeyed if it is short."""
    if status not in REFUSED and not (repeatable and status in BROKEN):
        return None
    asked = float(retry_after) if retry_after is not None and retry_after.isdecimal() else 0.0
    return None if asked > LONGEST_SECONDS else asked + backoff(attempt)


def backoff(attempt: int, longest: float = LONGEST_SECONDS) -> float:
    """A random pause that doubles with each attempt, the first of which is 0: many clients do not come back at once."""
    return random.uniform(0.5, 1.0) * min(FIRST_SECONDS * 2.0**attempt, longest)  # noqa: S311 - no secret


def may_come_back(error: DescentError) -> bool:
    """Whether a stream that ended by this error may go on later."""
    return not isinstance(error, ServiceError) or error.status_code in REFUSED
