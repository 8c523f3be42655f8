"""SQL conditions for the rows of an owner."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, or_


def is_seen_by_owner(table: Table) -> ColumnElement[bool]:
    """Whether a row belongs to the bound parameter `owner`; true for all rows if `owner` is None."""
    return or_(bindparam("owner").is_(None), table.c.owner == bindparam("owner"))


def newest(records: Select[Any], table: Table) -> tuple[Select[Any], Select[Any]]:
    """The queries of the newest row: of the bound `owner`, and of all owners. One query for both would read the rows of
    the others.
    """
    last = records.order_by(table.c.seq.desc()).limit(1)
    return last.where(table.c.owner == bindparam("owner")), last


def by_idempotency_key(records: Select[Any], table: Table) -> tuple[Select[Any], Select[Any]]:
    """The queries of the row with the bound `key`: of the bound `owner`, and of no owner. Each has a unique index."""
    with_key = records.where(table.c.idempotency_key == bindparam("key"))
    return with_key.where(table.c.owner == bindparam("owner")), with_key.where(table.c.owner.is_(None))
