"""Bounds on computing time that hold on any machine, however busy it is."""

import time
from collections.abc import Callable
from typing import Any

COUNTED, COUNTED_SECONDS = 200_000, 0.01
"""How far Python counts on the machine that the bounds are set for, and how long that takes."""


def takes_at_most(bound: float, call: Callable[[], Any]) -> bool:
    """True if a call takes at most `bound` seconds of CPU time, scaled to the reference machine.

    The bound grows by the factor by which a counting loop is slower than on the reference machine.
    """
    if _seconds(call) < bound:
        return True
    return _least(call) < bound * max(1.0, _least(_count) / COUNTED_SECONDS)


def times_slower() -> float:
    """The wall time of a counting loop relative to the reference machine; at least 1."""
    begun = time.monotonic()
    for _ in range(10):
        _count()
    return max(1.0, (time.monotonic() - begun) / (10 * COUNTED_SECONDS))


def _least(call: Callable[[], Any]) -> float:
    """The least of three durations, since other load must not fail a test."""
    return min(_seconds(call) for _ in range(3))


def _seconds(call: Callable[[], Any]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def _count() -> int:
    number = 0
    for _ in range(COUNTED):
        number += 1
    return number
