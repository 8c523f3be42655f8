"""SQL conditions for the rows of an owner."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, bindparam, or_


def is_seen_by_owner(table: Table) -> ColumnElement[bool]:
    """Whether a row belongs to the bound parameter `owner`; true for all rows if `owner` is None."""
    return or_(bindparam("owner").is_(None), table.c.owner == bindparam("owner"))


class OwnerQueries(NamedTuple):
    """Two queries for one question, each with its index: one query for both would read the rows of the others."""

    of_owner: Select[Any]
    """For the bound parameter `owner`."""
    without_owner: Select[Any]

    def of(self, owner: str | None) -> Select[Any]:
        """The query for an owner, or the one without an owner for None."""
        return self.without_owner if owner is None else self.of_owner


def newest(records: Select[Any], table: Table) -> OwnerQueries:
    """The newest row: of the bound `owner`, or of all owners."""
    last = records.order_by(table.c.seq.desc()).limit(1)
    return OwnerQueries(last.where(table.c.owner == bindparam("owner")), last)


def by_idempotency_key(records: Select[Any], table: Table) -> OwnerQueries:
    """The row with the bound `key`: of the bound `owner`, or of no owner. Each has a unique index."""
    with_key = records.where(table.c.idempotency_key == bindparam("key"))
    return OwnerQueries(with_key.where(table.c.owner == bindparam("owner")), with_key.where(table.c.owner.is_(None)))
