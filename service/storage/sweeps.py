"""Storage of sweeps: groups of runs. A sweep exists as long as one of its runs exists."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import OperationalError

from service.core.run_status import RunStatus
from service.core.sweep_record import Member, StatusCount, Sweep
from service.storage import damaged_rows
from service.storage.damaged_rows import Remains
from service.storage.ownership import by_idempotency_key, is_seen_by_owner, newest
from service.storage.sqlite.row_checksums import is_damaged, is_sound, is_sound_or_fails
from service.storage.tables import runs, sweeps

_HAS_OWN_MEMBER = exists().where(runs.c.sweep_seq == sweeps.c.seq, runs.c.owner == bindparam("owner"), is_sound(runs))
# A sweep whose damaged row names another owner is still that of its members' owner, who can delete it by its id.
_IS_OWN = or_(is_seen_by_owner(sweeps), and_(is_damaged(sweeps), _HAS_OWN_MEMBER))
_RECORDS = select(*(sweeps.c[name] for name in Sweep._fields), is_sound_or_fails(sweeps).label("is_sound"))
_BY_ID = _RECORDS.where(sweeps.c.id == bindparam("sweep_id"), _IS_OWN)
_LATEST = newest(_RECORDS, sweeps)
_BY_KEY = by_idempotency_key(_RECORDS, sweeps)
_TEXTS = {name: type_coerce(runs.c[name], String) for name in ("convergence", "diagnosis")}  # perhaps damaged
_DERIVED = {
    "state": case((func.json_valid(_TEXTS["convergence"]) == 1, func.json_extract(_TEXTS["convergence"], "$.state"))),
    "findings": case((func.json_valid(_TEXTS["diagnosis"]) == 1, func.json_array_length(_TEXTS["diagnosis"])), else_=0),
}
_MEMBERS = (
    select(
        *(_DERIVED[name].label(name) if name in _DERIVED else runs.c[name] for name in Member._fields),
        is_sound_or_fails(runs).label("is_sound"),
    )
    .where(runs.c.sweep_seq == bindparam("of_sweep"))
    .order_by(runs.c.seq)
)


def _counted(sound: ColumnElement[bool]) -> Select[Any]:
    """The query of `counts`. A common table expression computes each checksum once."""
    found = (
        select(runs.c.sweep_seq, runs.c.status, runs.c.rows_done, runs.c.steps_total, runs.c.finished_at)
        .add_columns(sound.label("is_sound"))
        .where(runs.c.sweep_seq.in_(bindparam("seqs", expanding=True)))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    status = case((found.c.is_sound, found.c.status), else_=RunStatus.FAILED).label("counted_status")
    steps_done = func.max(found.c.rows_done - 1, 0)
    counted = select(
        status,
        found.c.sweep_seq,
        func.count().label("runs"),
        func.sum(case((found.c.is_sound, steps_done), else_=0)).label("steps_done"),
        func.sum(case((found.c.is_sound, found.c.steps_total), else_=0)).label("steps_total"),
        func.max(case((found.c.is_sound, found.c.finished_at))).label("finished_at"),
    )
    return counted.select_from(found).group_by(found.c.sweep_seq, status)


_COUNTED, _COUNTED_AMONG_DAMAGED = _counted(is_sound_or_fails(runs)), _counted(is_sound(runs))
_CREATE = insert(sweeps).returning(*(sweeps.c[name] for name in Sweep._fields))


def create(connection: Connection, values: Mapping[str, object]) -> Sweep:
    """Creates a sweep without runs. `values` are the columns from the request."""
    row = {**values, "id": secrets.token_hex(8), "created_at": time.time()}
    return Sweep.from_row(connection.execute(_CREATE, row).one())


def find(connection: Connection, sweep_id: str, owner: str | None = None) -> Sweep | None:
    """The sweep with this id, of one owner or of any owner for None; "latest" is the newest sweep."""
    if sweep_id == "latest":
        return _found(connection, _LATEST.of(owner), {"owner": owner})
    return _found(connection, _BY_ID, {"sweep_id": sweep_id, "owner": owner})


def find_by_key(connection: Connection, owner: str | None, key: str) -> Sweep | None:
    """The sweep of an owner with this idempotency key; with None as the owner, the sweep without an owner."""
    return _found(connection, _BY_KEY.of(owner), {"owner": owner, "key": key})


def _found(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> Sweep | None:
    fields = damaged_rows.one(connection, query, values)
    return None if fields is None else Sweep.from_row(fields)


def find_readable(connection: Connection, sweep_id: str, owner: str | None = None) -> Sweep | Remains | None:
    """The sweep as `find` does, or the remains of a damaged one."""
    query = _LATEST.of(owner) if sweep_id == "latest" else _BY_ID
    if damaged_rows.is_stand_in(sweep_id):
        query = _RECORDS.where(damaged_rows.has_id(sweeps, sweep_id), _IS_OWN)
    return next(_readable(connection, query, {"sweep_id": sweep_id, "owner": owner}), None)


def rename(connection: Connection, seq: int, name: str | None) -> None:
    """Gives a sweep another name."""
    connection.execute(update(sweeps).where(sweeps.c.seq == seq).values(name=name))


def _readable(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> Iterator[Sweep | Remains]:
    return damaged_rows.readable(connection, query, values, sweeps, Sweep.from_row, lambda remains: remains)


def page(connection: Connection, *, limit: int, before: int | None, owner: str | None = None) -> list[Sweep | Remains]:
    """The newest sweeps with seq < `before`, of one owner or of all owners for None; the remains of damaged ones."""
    query = _RECORDS.order_by(sweeps.c.seq.desc()).limit(limit)
    if owner is not None:
        query = query.where(sweeps.c.owner == owner)
    if before is not None:
        query = query.where(sweeps.c.seq < before)
    return list(_readable(connection, query, {}))


def seq_of(sweep_id: str, owner: str | None = None) -> ScalarSelect[Any]:
    """Scalar subquery for the seq of the sweep that `find` returns."""
    asked = _LATEST.of(owner) if sweep_id == "latest" else _BY_ID.params(sweep_id=sweep_id)
    if damaged_rows.is_stand_in(sweep_id):
        asked = _RECORDS.where(damaged_rows.has_id(sweeps, sweep_id), _IS_OWN)
    return asked.params(owner=owner).with_only_columns(sweeps.c.seq).scalar_subquery()


def members(connection: Connection, sweep_seq: int) -> Iterator[Member]:
    """Lazy iterator over the members of a sweep in submission order, with the fields of a ranking.

    A damaged member is a failed one without numbers.
    """
    return damaged_rows.readable(connection, _MEMBERS, {"of_sweep": sweep_seq}, runs, Member.from_row, _damaged_member)


def _damaged_member(remains: Remains) -> Member:
    empty: dict[str, Any] = dict.fromkeys(Member._fields)
    empty |= {"sweep": {"id": "", "values": {}}, "rows_done": 0, "steps_total": 0, "findings": 0}
    return Member(**empty | {"status": RunStatus.FAILED, "seq": remains.seq, "id": remains.id})


def counts(connection: Connection, seqs: Sequence[int]) -> list[StatusCount]:
    """Number of runs and steps for each pair of sweep and status, among the sweeps `seqs`.

    A damaged run counts as a failed one without steps.
    """
    place = {"seqs": [*seqs]}
    try:
        found = connection.execute(_COUNTED, place).all()
    except OperationalError as error:
        damaged_rows.raise_of_file(error)
        found = connection.execute(_COUNTED_AMONG_DAMAGED, place).all()
    return [StatusCount.from_row(row) for row in found]


def counts_of(sweep_seq: int, found: Sequence[Member]) -> list[StatusCount]:
    """The `counts` of a sweep with these members."""
    return [
        StatusCount(
            status,
            sweep_seq,
            len(alike),
            sum(max(member.rows_done - 1, 0) for member in alike),
            sum(member.steps_total for member in alike),
            max((member.finished_at for member in alike if member.finished_at is not None), default=None),
        )
        for status in sorted({member.status for member in found})
        if (alike := [member for member in found if member.status == status])
    ]


def remove_if_empty(connection: Connection, sweep_seq: int) -> None:
    """Deletes a sweep without runs."""
    has_runs = exists(select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq))
    connection.execute(delete(sweeps).where(sweeps.c.seq == sweep_seq, ~has_runs))
