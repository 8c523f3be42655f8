"""Waiting for an event. The timeout is long: it only ends a test that hangs."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST = 300.0
"""Seconds after which a wait is given up: also on a machine that is ten times as slow, or as busy."""


def until(look: Callable[[], T], seconds: float = LONGEST) -> T:
    """The first true value of `look()`."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} s: {look}"
        time.sleep(0.02)
    return found
