"""Named places where a test can kill, stall or fail the process. For tests alone: imports nothing of ours.

DESCENT_FAILPOINTS has entries with `;` between: PLACE[RUN]=ACT:ARGUMENT@N>FILE, of which PLACE=ACT is enough.

    append.before=kill                  each time that a process comes there
    commit.after=stall:5@3              the third time that each process comes there, for five seconds
    claim.after[poison]=segfault        in a process whose latest claim was the run with that name
    finish.before=fail:full>/tmp/hit    once in all processes together; then there is this file

Without the variable `reach` does nothing, and costs less than a ten-thousandth of what happens at any of the places.
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
    """What is wrong with a specification, in a sentence."""


def _of_sqlite(message: str, code: int) -> OperationalError:
    cause = sqlite3.OperationalError(message)
    cause.sqlite_errorcode = code
    return OperationalError("a failpoint", None, cause)


ERRORS: dict[str, Callable[[], Exception]] = {
    "full": lambda: _of_sqlite("database or disk is full", 13),
    "io": lambda: _of_sqlite("disk I/O error", 10),
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
    # The act, and what its argument has to look like.
    "kill": (_kill, ""),
    "segfault": (_segfault, ""),
    "stall": (_stall, r"\d+(\.\d+)?|/.+"),
    "fail": (_fail, "|".join(ERRORS)),
}


class Failpoint:
    """One entry. Raises FailpointError for one that means nothing."""

    def __init__(self, entry: str) -> None:
        if (found := ENTRY.fullmatch(entry)) is None:
            raise FailpointError(f"{entry!r} is not PLACE[RUN]=ACT:ARGUMENT@N>FILE.")
        if found["place"] not in PLACES:
            raise FailpointError(f"There is no place {found['place']!r}, only {', '.join(PLACES)}.")
        if found["act"] not in ACTS:
            raise FailpointError(f"There is no act {found['act']!r}, only {', '.join(ACTS)}.")
        self._act, pattern = ACTS[found["act"]]
        self._argument = found["argument"] or ""
        if not re.fullmatch(pattern, self._argument):
            raise FailpointError(f"{entry!r}: the argument of {found['act']} has to be like {pattern or 'nothing'}.")
        self.place, self._run = found["place"], found["run"]
        self._at, self._file = found["at"] and int(found["at"]), found["file"]
        self._passings = 0
        self._lock = threading.Lock()

    def pass_by(self, run: str | None) -> None:
        """Acts if it is meant."""
        if self._run is not None and self._run != run:
            return
        with self._lock:
            self._passings += 1
            is_meant = self._at in {None, self._passings} and self._is_first()
        if is_meant:
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
    """All entries of a specification. A process works on one run at a time, so the latest one claimed is its run."""

    def __init__(self, specification: str) -> None:
        self._points = [Failpoint(entry.strip()) for entry in specification.split(";") if entry.strip()]
        self._run: str | None = None

    def reach(self, place: str, run: str | None = None) -> None:
        """Says that the process is at this place, and after a claim, with which run."""
        if place == "claim.after":
            self._run = run
        for point in self._points:
            if point.place == place:
                point.pass_by(self._run)


def _nothing(place: str, run: str | None = None) -> None:
    """What `reach` is for everybody but a test."""


def _reach(specification: str | None) -> Callable[..., None]:
    if specification is None:
        return _nothing
    try:
        return Failpoints(specification).reach
    except FailpointError as error:
        raise SystemExit(f"DESCENT_FAILPOINTS: {error}") from None


reach = _reach(os.environ.get("DESCENT_FAILPOINTS"))
