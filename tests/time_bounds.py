"""Bounds on computing time that hold on any machine, however busy it is."""

import time
from collections.abc import Callable
from typing import Any

COUNTED, COUNTED_SECONDS = 200_000, 0.01
"""How far Python counts on the machine that the bounds are set for, and how long that takes."""


def takes_at_most(bound: float, call: Callable[[], Any]) -> bool:
    """Whether a call takes no more of the processor's time than `bound` seconds on that machine.

    Here and now that may be longer, by as much as counting takes longer.
    """
    taken = _seconds(call)
    return taken < bound or taken < bound * _seconds(_count) / COUNTED_SECONDS


def times_slower() -> float:
    """How many times longer than on that machine counting takes here and now, by the wall's clock; at least once."""
    begun = time.monotonic()
    for _ in range(10):
        _count()
    return max(1.0, (time.monotonic() - begun) / (10 * COUNTED_SECONDS))


def _seconds(call: Callable[[], Any]) -> float:
    """The least of three: what else the machine does must not fail a test."""
    taken = []
    for _ in range(3):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return min(taken)


def _count() -> int:
    number = 0
    for _ in range(COUNTED):
        number += 1
    return number
