"""Lists of runs: which ones, in which order, a page at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    TextClause,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from service.core.run_record import Run
from service.core.run_status import WORKABLE, RunStatus
from service.storage import runs as run_storage
from service.storage import sweeps, tables
from service.storage.tables import run_tags, runs


@dataclass(frozen=True)
class Asked:
    """The runs to list: those of one owner, or of all for None, that fulfil every condition given."""

    owner: str | None = None
    statuses: Sequence[RunStatus] = ()
    """Any of these; any at all if there are none."""
    name: str | None = None
    """The name; `*` stands for any text, and then ASCII letters of either case are the same."""
    tag: tuple[str, str] | None = None
    sweep: str | None = None
    dataset: str | None = None
    created_after: float | None = None
    created_before: float | None = None

    def of(self, owner: str | None) -> "Asked":
        """The same runs of one owner, or of all for None."""
        return replace(self, owner=owner)


def _number(column: str, field: str) -> ColumnElement[float]:
    """A number in a column of JSON, which may be damaged."""
    content = type_coerce(runs.c[column], String)
    return case((func.json_valid(content) == 1, func.json_extract(content, f"$.{field}")))


_KEYS: dict[str, ColumnElement[str] | ColumnElement[float]] = {
    "name": runs.c.name,
    **{name: _number("final", name) for name in ("train_loss", "train_mse", "test_mse")},
    "best_test_mse": _number("best", "test_mse"),
}
SORTS = ("created_at", *_KEYS)
_BY_SEQ = run_storage.records().where(runs.c.seq == bindparam("of_seq"))


def page(
    connection: Connection, asked: Asked, *, limit: int, after: int | None = None, sort: str = "-created_at"
) -> Iterator[Run]:
    """Lazy iterator over at most `limit` runs behind the one with seq `after`. A damaged run is shown as a failed one.

    `sort` is one of SORTS, with a minus for descending order; runs without the value come last, equal ones the newest
    first. Raises KeyError if the run `after` is gone and its place with it.
    """
    is_descending, key = sort.startswith("-"), _KEYS.get(sort.removeprefix("-"))
    if key is None:
        listed = _matching(run_storage.records(), asked).order_by(runs.c.seq.desc() if is_descending else runs.c.seq)
        if after is not None:
            listed = listed.where(runs.c.seq < after if is_descending else runs.c.seq > after)
        return run_storage.readable(connection, listed.limit(limit), {})
    # The seqs alone are sorted: with whole records, SQLite would compute the checksum of each.
    chosen = _matching(select(runs.c.seq), asked)
    if after is not None:
        chosen = chosen.where(_is_behind(connection, key, asked.owner, after, is_descending=is_descending))
    chosen = chosen.order_by(key.is_(None), key.desc() if is_descending else key, runs.c.seq.desc()).limit(limit)
    return _one_by_one(connection, connection.execute(chosen).scalars().all())


def _one_by_one(connection: Connection, seqs: Sequence[int]) -> Iterator[Run]:
    """The runs in this order, each read when it is asked for: one may be a thousand times as large as another."""
    for seq in seqs:
        yield from run_storage.readable(connection, _BY_SEQ, {"of_seq": seq})


def count(connection: Connection, asked: Asked) -> int:
    """The number of runs."""
    return int(connection.execute(_matching(select(func.count()).select_from(runs), asked)).scalar_one())


def _matching(query: Select[Any], asked: Asked) -> Select[Any]:
    """A query of runs, with the conditions that are asked for."""
    conditions: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (asked.owner, lambda owner: runs.c.owner == owner),
        (asked.name, _has_name),
        (asked.sweep, lambda sweep: runs.c.sweep_seq == sweeps.seq_of(sweep, asked.owner)),
        (asked.dataset, _is_on),
        (asked.created_after, lambda time: runs.c.created_at > time),
        (asked.created_before, lambda time: runs.c.created_at < time),
    ]
    query = query.where(*run_storage.IS_LISTED, *_of_statuses(asked.statuses))
    query = query.where(*(condition(value) for value, condition in conditions if value is not None))
    if asked.tag is None:
        return query
    return query.join(run_tags).where(run_tags.c.key == asked.tag[0], run_tags.c.value == asked.tag[1])


def _of_statuses(statuses: Sequence[RunStatus]) -> Iterator[ColumnElement[bool] | TextClause]:
    """The status of a run, with the literal condition of a partial index where all statuses are in one."""
    if statuses and all(status in WORKABLE for status in statuses):
        yield tables.IS_WORKABLE
    elif statuses and not any(status in WORKABLE for status in statuses):
        yield tables.IS_AT_REST
    if statuses:
        yield runs.c.status.in_(statuses)


def _is_on(dataset: str) -> ColumnElement[bool]:
    of_dataset = select(tables.datasets.c.seq).where(tables.datasets.c.id == dataset).scalar_subquery()
    return runs.c.dataset_seq == of_dataset


def _has_name(name: str) -> ColumnElement[bool]:
    if "*" not in name:
        return runs.c.name == name
    pattern = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    return runs.c.name.like(pattern, escape="\\")


def _is_behind(
    connection: Connection,
    key: ColumnElement[str] | ColumnElement[float],
    owner: str | None,
    after: int,
    *,
    is_descending: bool,
) -> ColumnElement[bool]:
    """Whether a run comes behind the owner's one with this seq in the order of `key`. Raises KeyError."""
    place = select(key).where(runs.c.seq == after)
    row = connection.execute(place if owner is None else place.where(runs.c.owner == owner)).one_or_none()
    if row is None:
        raise KeyError(after)
    [value] = row
    is_older = runs.c.seq < after
    if value is None:
        return and_(key.is_(None), is_older)
    return or_(key.is_(None), key < value if is_descending else key > value, and_(key == value, is_older))
