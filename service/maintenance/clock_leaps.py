"""Leaps of the wall clock, and the age of runs in spite of them.

The wall clock is compared with a clock that counts from the start of the machine. The recorded end of a run is a
reading of the wall clock, so a leap ahead makes all earlier runs look older. For as long as such runs can be younger
than the age of the deletion, the leap is taken off.
"""

import sys
import time
from itertools import accumulate
from typing import NamedTuple

from service.storage.deletion_state import DeletionState

LEAP_SECONDS = 60.0
"""The difference of the two clocks from which the wall clock has leapt."""
RECORD_SECONDS = 3600.0
"""The interval between two recorded readings of the clocks."""
PLAUSIBLE_SHARE = 0.1
"""The share of the age for which a machine may have been off. A longer time is a leap."""
MOST_LEAPS = 1000
"""The number of the leaps that are remembered."""


class Clocks(NamedTuple):
    """A reading of the wall clock, in seconds since 1970, and of the clock since the start of the machine."""

    wall: float
    steady: float


def read_clocks() -> Clocks:
    """Both clocks. The steady one also counts while a Linux machine sleeps."""
    if sys.platform == "linux":
        return Clocks(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
    return Clocks(time.time(), time.monotonic())


def has_leapt(before: Clocks, now: Clocks) -> bool:
    """Whether the wall clock has leapt between two readings since the same start of the machine."""
    return abs((now.wall - before.wall) - (now.steady - before.steady)) > LEAP_SECONDS


def followed(state: DeletionState, now: Clocks, keep_seconds: float) -> DeletionState:
    """The state at the time of a reading of the clocks. A leap ends the notice."""
    leap = _leap(state, now, keep_seconds)
    if abs(leap) > LEAP_SECONDS:
        leaps = [*([at + leap, seconds] for at, seconds in state.leaps), [now.wall, leap]]
        return DeletionState(*now, leaps[-MOST_LEAPS:])
    if 0 <= now.steady - state.steady < RECORD_SECONDS:
        return state
    recent = [each for each in state.leaps if now.wall - each[0] < keep_seconds]
    return state._replace(wall=now.wall, steady=now.steady, leaps=recent)


def ahead(state: DeletionState) -> float:
    """The seconds by which the wall clock is ahead of its lowest setting since before the first remembered leap."""
    return max(accumulate((seconds for _, seconds in reversed(state.leaps)), initial=0.0))


def _leap(state: DeletionState, now: Clocks, keep_seconds: float) -> float:
    """The seconds by which the wall clock has leapt since the recorded reading."""
    wall, steady = now.wall - state.wall, now.steady - state.steady
    if steady >= 0:
        return wall - steady
    # The machine has started again, and has been off for an unknown time.
    return 0.0 if 0 <= wall <= PLAUSIBLE_SHARE * keep_seconds else wall
