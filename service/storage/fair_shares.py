"""Fair shares of the workers: the next run is the oldest one of the owner that computed least lately.

The computing time of an owner counts half after HALF_LIFE_SECONDS, and is divided by the weight of its key. So owners
with waiting runs compute for the same time, and an owner that was idle takes precedence for a half-life at most.
"""

import time
from collections.abc import Sequence
from math import log
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary, Select, and_, bindparam, case, cast, func, insert, null, select, update
from sqlalchemy.sql.selectable import CTE, ScalarSelect

from service.core.run_status import HELD, RunStatus
from service.storage import job_queue, tables
from service.storage.job_queue import Claim
from service.storage.sqlite.row_checksums import is_sound
from service.storage.tables import api_keys, computing_times, runs

HALF_LIFE_SECONDS = 10.0
MOST_SECONDS = 1_000 * HALF_LIFE_SECONDS
"""The recent computing time of some 700 workers. A damaged time that is longer counts as this."""
QUANTUM_SECONDS = 1.0
"""Difference of computing times up to which a worker continues with its owner. It also counts for each run in a worker,
whose computing time is not known yet."""


class WaitingOwner(NamedTuple):
    """An owner with a claimable run: the `seq` of the oldest one, and the owner's recent computing time.

    `room` is the number of runs that the owner may begin; None without `max_running`. An owner without room can
    continue a run of a dead worker.
    """

    owner: str | None
    oldest: int
    seconds: float
    room: int | None = None


def _owners() -> CTE:
    """The owners of workable runs, and a last row of NULL: a step through the index for each, however many runs."""
    least = select(runs.c.owner).where(tables.IS_WORKABLE).order_by(runs.c.owner).limit(1)
    found = select(least.where(runs.c.owner > "").scalar_subquery().label("owner")).cte("owners", recursive=True)
    following = least.where(runs.c.owner > found.c.owner).correlate(found).scalar_subquery()
    return found.union_all(select(following).where(found.c.owner.is_not(None)))


_OWNERS = _owners()


def _of_owner(select_of_runs: Select[Any]) -> ScalarSelect[int]:
    own = runs.c.owner.is_not_distinct_from(_OWNERS.c.owner)
    return select_of_runs.where(tables.IS_WORKABLE, own).scalar_subquery()


# A damaged time counts as none.
_TIMES = [
    case((func.typeof(column) == "real", column), else_=null()).label(column.name)
    for column in (computing_times.c.seconds, computing_times.c.charged_at)
]
_OLDEST = select(runs.c.seq).order_by(runs.c.seq).limit(1)
_IS_HELD = runs.c.status.in_(HELD)
_WAITING = (
    select(
        cast(_OWNERS.c.owner, LargeBinary).label("owner"),  # a damaged one may be no UTF-8
        _of_owner(_OLDEST.where(runs.c.status == RunStatus.QUEUED)).label("queued"),
        _of_owner(_OLDEST.where(_IS_HELD, job_queue.has_run_out())).label("expired"),
        _of_owner(select(func.count(runs.c.seq)).where(_IS_HELD)).label("held"),
        api_keys.c.weight,
        api_keys.c.max_running,
        *_TIMES,
    )
    .select_from(_OWNERS)
    .outerjoin(api_keys, and_(api_keys.c.id == _OWNERS.c.owner, is_sound(api_keys)))
    .outerjoin(computing_times, computing_times.c.owner == func.coalesce(_OWNERS.c.owner, ""))
)


_OF_OWNER = computing_times.c.owner == bindparam("of_owner")
_WEIGHT = select(api_keys.c.weight).where(api_keys.c.id == bindparam("of_owner"), is_sound(api_keys)).scalar_subquery()
_RECENT = select(*_TIMES, _WEIGHT.label("weight")).where(_OF_OWNER)
_CHARGE = update(computing_times).where(_OF_OWNER)


def waiting(connection: Connection, lease_seconds: float) -> list[WaitingOwner]:
    """The owners with a claimable run, the next one first. The query takes no write lock.

    An owner with `max_running` runs in workers, none of which is dead, is left out.
    """
    now = time.time()
    found = []
    for row in connection.execute(_WAITING, job_queue.lease_times(lease_seconds)):
        room = None if row.max_running is None else max(0, row.max_running - row.held)
        claimable = [seq for seq in (None if room == 0 else row.queued, row.expired) if seq is not None]
        if claimable:
            seconds = _recent(row.seconds, row.charged_at, now) + row.held * QUANTUM_SECONDS
            owner = None if row.owner is None else row.owner.decode(errors="replace")
            found.append(WaitingOwner(owner, min(claimable), seconds / (row.weight or 1.0), room))
    return sorted(found, key=lambda each: (each.seconds, each.oldest))


def claim(connection: Connection, worker: str, lease_seconds: float) -> Claim | None:
    """Claims the oldest run of the next owner; None if no run is claimable. Damaged runs fail on the way."""
    while owners := waiting(connection, lease_seconds):
        if claimed := job_queue.claim(connection, worker, lease_seconds, owners[0].oldest):
            return claimed
    return None


def may_go_on(owners: Sequence[WaitingOwner], owner: str | None) -> bool:
    """Whether a worker may claim another queued run of this owner, at most a quantum ahead of the next owner."""
    own = next((each for each in owners if each.owner == owner), None)
    return own is not None and own.room != 0 and own.seconds <= owners[0].seconds + QUANTUM_SECONDS


def before(owners: Sequence[WaitingOwner], owner: str | None, seconds: float) -> WaitingOwner | None:
    """The next of the other owners, if it computed for less than `seconds` lately."""
    return next((each for each in owners if each.owner != owner and each.seconds < seconds), None)


def computed(connection: Connection, owner: str | None, uncharged: float = 0.0) -> float:
    """Recent computing time of an owner and the seconds not charged yet, divided by its weight."""
    weight, seconds = recent_time(connection, owner)
    return seconds + uncharged / weight


class RecentTime(NamedTuple):
    """The weight of an owner, and its recent computing time divided by it."""

    weight: float
    seconds: float


def recent_time(connection: Connection, owner: str | None) -> RecentTime:
    """The recent time of an owner; none of one that never computed."""
    row = connection.execute(_RECENT, {"of_owner": owner or ""}).one_or_none()
    if row is None:
        return RecentTime(1.0, 0.0)
    weight = row.weight or 1.0
    return RecentTime(weight, _recent(row.seconds, row.charged_at, time.time()) / weight)


def charge(connection: Connection, owner: str | None, seconds: float) -> None:
    """Adds the last seconds of computing time to those of an owner."""
    now, of_owner = time.time(), {"of_owner": owner or ""}
    row = connection.execute(_RECENT, of_owner).one_or_none()
    added = HALF_LIFE_SECONDS / log(2) * (1 - _share_left(seconds))  # the first of the seconds count less already
    if row is None:
        connection.execute(insert(computing_times).values(owner=owner or "", seconds=added, charged_at=now))
    else:
        recent = _recent(row.seconds, row.charged_at, now)
        connection.execute(_CHARGE, {**of_owner, "seconds": recent + added, "charged_at": now})


def charge_dead(connection: Connection, worker: str, lease_seconds: float) -> None:
    """Charges what a dead worker has computed since the last renewals of its leases."""
    for owner, seconds in job_queue.ages(connection, worker, lease_seconds):
        charge(connection, owner, seconds)


def _recent(seconds: float | None, charged_at: float | None, now: float) -> float:
    """Stored computing time at this moment. A clock that went back leaves it as it is."""
    if seconds is None or charged_at is None:
        return 0.0
    return min(max(seconds, 0.0), MOST_SECONDS) * _share_left(max(now - charged_at, 0.0))


def _share_left(age: float) -> float:
    return float(0.5 ** (age / HALF_LIFE_SECONDS))
