"""Slices: long work in many short transactions, so that other writers get the write lock between them."""

import time
from collections.abc import Callable

SLICE_SECONDS = 0.01
"""Approximate duration of a slice, which keeps the write lock."""


def run_slice(step: Callable[[], bool]) -> bool:
    """Repeats `step` until it returns false, for at most about SLICE_SECONDS. Returns the last result of `step`."""
    until = time.monotonic() + SLICE_SECONDS
    while has_more := step():
        if time.monotonic() >= until:
            break
    return has_more
