"""The rows that an owner sees."""

from sqlalchemy import ColumnElement, Table, bindparam, or_


def is_seen_by_owner(table: Table) -> ColumnElement[bool]:
    """Whether a row belongs to the statement's parameter `owner`; everybody's do for None."""
    return or_(bindparam("owner").is_(None), table.c.owner == bindparam("owner"))
