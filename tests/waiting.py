"""Waiting for an event. The timeout is long: it only ends a test that hangs."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST = 300.0
"""Seconds after which a wait is given up: also on a machine that is ten times as slow, or as busy."""


SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.1


def until(look: Callable[[], T], seconds: float = LONGEST) -> T:
    """The first true value of `look()`. The pauses grow to a tenth of the time waited, since most looks are requests:
    fifty a second take a quarter of the processor from the work for which they wait.
    """
    begun = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - begun
        assert waited < seconds, f"not within {seconds} s: {look}"
        time.sleep(min(max(SHORTEST_PAUSE, waited / 10), LONGEST_PAUSE))
    return found


def result_of(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine. It runs on a thread, since the browser's tests leave an event loop on this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asyncio.wait_for(work, LONGEST))).result()
