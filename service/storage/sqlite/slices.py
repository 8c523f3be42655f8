"""Slices: long work in many short transactions, so that other writers get the write lock between them."""

import time
from collections.abc import Callable

SLICE_SECONDS = 0.025
"""Approximate duration of a slice, which keeps the write lock."""


def run_slice(step: Callable[[], bool]) -> None:
    """Repeats `step` until it returns false, for at most about SLICE_SECONDS."""
    until = time.monotonic() + SLICE_SECONDS
    while step() and time.monotonic() < until:
        pass
