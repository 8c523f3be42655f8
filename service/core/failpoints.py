"""Failpoints: named places at which a test kills, stalls or fails the process. Imports nothing of ours.

DESCENT_FAILPOINTS lists entries separated by `;`: PLACE[RUN]=ACT:ARGUMENT@N>FILE. PLACE=ACT is the shortest entry.

    append.before=kill                  every time a process reaches the place
    commit.after=stall:5@3              the third time each process reaches the place, for five seconds
    claim.after[poison]=segfault        in a process whose latest claim is the run of that name
    finish.before=fail:full>/tmp/hit    once in all processes together; the file records it

Without the variable `reach` does nothing. It then costs less than a ten-thousandth of the work at any of the places.
"""

import ctypes
import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

from sqlalchemy.exc import OperationalError

PLACES = [".".join(parts) for parts in product(("claim", "append", "commit", "finish", "delete"), ("before", "after"))]
ENTRY = re.compile(
    r"(?P<place>[a-z.]+)(?:\[(?P<run>[^]]*)\])?=(?P<act>[a-z]+)(?::(?P<argument>[^@>]+))?(?:@(?P<at>[1-9]\d*))?"
    r"(?:>(?P<file>.+))?"
)


class FailpointError(ValueError):
    """A specification is invalid; the message names the fault in one sentence."""


def _sqlite_error(message: str, code: int) -> OperationalError:
    cause = sqlite3.OperationalError(message)
    cause.sqlite_errorcode = code
    return OperationalError("a failpoint", None, cause)


ERRORS: dict[str, Callable[[], Exception]] = {
    "full": lambda: _sqlite_error("database or disk is full", 13),
    "io": lambda: _sqlite_error("disk I/O error", 10),
    "bug": lambda: RuntimeError("a failpoint"),
}


def _kill(_argument: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _segfault(_argument: str) -> None:
    ctypes.string_at(0)


def _fail(argument: str) -> None:
    error = ERRORS[argument]()
    raise error


def _stall(argument: str) -> None:
    if not argument.startswith("/"):
        time.sleep(float(argument))
        return
    while not Path(argument).exists():
        time.sleep(0.01)


ACTS: dict[str, tuple[Callable[[str], None], str]] = {
    # The act, and the pattern of its argument.
    "kill": (_kill, ""),
    "segfault": (_segfault, ""),
    "stall": (_stall, r"\d+(\.\d+)?|/.+"),
    "fail": (_fail, "|".join(ERRORS)),
}


class Failpoint:
    """One entry of a specification. Raises FailpointError for an invalid entry."""

    def __init__(self, entry: str) -> None:
        if (found := ENTRY.fullmatch(entry)) is None:
            raise FailpointError(f"{entry!r} is not PLACE[RUN]=ACT:ARGUMENT@N>FILE.")
        if found["place"] not in PLACES:
            raise FailpointError(f"Unknown place {found['place']!r}. The places are {', '.join(PLACES)}.")
        if found["act"] not in ACTS:
            raise FailpointError(f"Unknown act {found['act']!r}. The acts are {', '.join(ACTS)}.")
        self._act, pattern = ACTS[found["act"]]
        self._argument = found["argument"] or ""
        if not re.fullmatch(pattern, self._argument):
            form = f"an argument of the form {pattern}" if pattern else "no argument"
            raise FailpointError(f"{entry!r}: {found['act']} takes {form}.")
        self.place, self._run = found["place"], found["run"]
        self._at, self._file = found["at"] and int(found["at"]), found["file"]
        self._hits = 0
        self._lock = threading.Lock()

    def hit(self, run: str | None) -> None:
        """Counts one arrival at the place, and acts if the entry selects this run and this count."""
        if self._run is not None and self._run != run:
            return
        with self._lock:
            self._hits += 1
            is_selected = self._at in {None, self._hits} and self._is_first()
        if is_selected:
            self._act(self._argument)

    def _is_first(self) -> bool:
        if self._file is None:
            return True
        try:
            Path(self._file).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


class Failpoints:
    """All entries of a specification. A process computes one run at a time: the run that it claimed last."""

    def __init__(self, specification: str) -> None:
        self._points = [Failpoint(entry.strip()) for entry in specification.split(";") if entry.strip()]
        self._run: str | None = None

    def reach(self, place: str, run: str | None = None) -> None:
        """Hits all failpoints of the place. After a claim, `run` is the name of the claimed run."""
        if place == "claim.after":
            self._run = run
        for point in self._points:
            if point.place == place:
                point.hit(self._run)


def _do_nothing(place: str, run: str | None = None) -> None:
    """The `reach` of a process without failpoints."""


def _reach(specification: str | None) -> Callable[..., None]:
    if specification is None:
        return _do_nothing
    try:
        return Failpoints(specification).reach
    except FailpointError as error:
        raise SystemExit(f"DESCENT_FAILPOINTS: {error}") from None


reach = _reach(os.environ.get("DESCENT_FAILPOINTS"))
