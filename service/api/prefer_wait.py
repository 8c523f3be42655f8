"""`Prefer: wait`: an answer that comes when the work is done, or when the time is over."""

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Generic, NamedTuple, TypeVar

from fastapi import Header, Request

from service.api.app_state import state_of
from service.api.authentication import no_usable_key
from service.api.changes import changes_of
from service.api.streaming import KEY_SECONDS, look_up
from service.core.exceptions import TooManyRequestsError, UnavailableError

FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.005, 0.05
LOOKS_A_SECOND = 250.0
"""Those of all waiting requests of a user: with a hundred, each looks less often, so that others wait no longer."""
SAFETY_LOOK_SECONDS = 5.0
"""Between two looks at least, though nothing was committed."""
Prefer = Annotated[
    str | None,
    Header(
        description="`wait=10` answers when all is finished, after 10 seconds at the latest; at once while the user "
        "has its share of `max_waits`, for the run is queued already."
    ),
]
_WAIT = re.compile(r'(?:^|[,;\s])wait\s*=\s*("?)(?P<seconds>[0-9]{1,9})\1(?=\s*(?:[,;]|$))', re.IGNORECASE)
Found = TypeVar("Found")


class Waited(NamedTuple, Generic[Found]):
    """What was found, and the headers that state the wait: none where too many requests wait."""

    found: Found
    headers: dict[str, str]


def wait_of(prefer: str | None) -> int | None:
    """The seconds that the header asks to wait, if it does. Other preferences, and a wait without a number, are ignored
    (RFC 7240, 2).
    """
    found = _WAIT.search(prefer or "")
    return None if found is None else int(found["seconds"])


def _applied(request: Request, wait: float) -> dict[str, str]:
    """The header that states the maximum time of this answer: the asked one or the service's, in whole seconds."""
    seconds = math.ceil(min(wait, state_of(request).settings.max_wait_seconds))
    return {"Preference-Applied": f"wait={seconds}"}


@contextmanager
def _slot(request: Request) -> Iterator[bool]:
    """Takes a slot of the waits. False if all are taken, or the user's share of them: then the request may not wait."""
    waits = state_of(request).waits
    try:
        taken = waits.take(request.state.user)
    except (TooManyRequestsError, UnavailableError):
        taken = None
    try:
        yield taken is not None
    finally:
        if taken is not None:
            waits.leave(taken)


async def finished(
    request: Request,
    seconds: float,
    look: Callable[[], Found],
    is_finished: Callable[[Found], bool],
    *,
    run: int | None = None,
) -> Waited[Found]:
    """What `look` finds as soon as it is finished, or when the time is over, which is at once if too many wait.

    Looks again when the run with the seq `run` changes; without one, after every commit.

    A client that has left is not waited for, nor does a wait hold up the end of the service. Raises UnauthorizedError
    for a key that ends meanwhile.
    """
    state = state_of(request)
    watch = changes_of(state.database.change_feed) if run is None else state.run_changes.of(run)
    with _slot(request) as may_wait, watch as changes:
        found = await look_up(request, look)
        until = time.monotonic() + min(seconds, state_of(request).settings.max_wait_seconds)
        pause, looked = FIRST_LOOK_SECONDS, time.monotonic()
        while may_wait and not is_finished(found) and time.monotonic() < until:
            rest = max(pause, state_of(request).waits.use(request.state.user) / LOOKS_A_SECOND)
            await asyncio.sleep(min(rest, max(until - time.monotonic(), 0)))
            pause = min(1.5 * pause, LONGEST_LOOK_SECONDS)
            changed = await changes.wait(min(until - time.monotonic(), KEY_SECONDS))
            if state_of(request).is_stopping() or await request.is_disconnected():
                break
            if not await request.state.is_admitted():
                raise no_usable_key()
            if changed or time.monotonic() >= looked + SAFETY_LOOK_SECONDS:
                looked = time.monotonic()
                found = await look_up(request, look)
    return Waited(found, _applied(request, seconds) if may_wait else {})
