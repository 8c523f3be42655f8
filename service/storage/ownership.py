"""SQL condition for the rows visible to an owner."""

from sqlalchemy import ColumnElement, Table, bindparam, or_


def is_seen_by_owner(table: Table) -> ColumnElement[bool]:
    """Whether a row belongs to the bound parameter `owner`; true for all rows if `owner` is None."""
    return or_(bindparam("owner").is_(None), table.c.owner == bindparam("owner"))
