"""Record of a chunk in `dataset_chunks` or `trajectory_chunks`."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self
from zlib import crc32

from sqlalchemy import Column, ColumnElement, ScalarSelect, Table, case, func, select

from service.storage.sqlite.row_checksums import integer


class Chunk(NamedTuple):
    """Chunk of `rows` rows or steps, starting at `first`: little-endian float64 and its CRC-32."""

    first: int
    rows: int
    data: bytes
    checksum: int

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row with the fields in this order."""
        return cls._make(row)

    def is_whole(self, width: int) -> bool:
        """Whether the chunk has `width` numbers a row and the right checksum."""
        if not (isinstance(self.rows, int) and isinstance(self.data, bytes)):
            return False
        return len(self.data) == 8 * width * self.rows and crc32(self.data) == self.checksum


def chunk_fields(table: Table, first: Column[Any]) -> list[ColumnElement[Any]]:
    """The columns of `Chunk`; a damaged value of another type is NULL, since a text may be no UTF-8."""
    data = case((func.typeof(table.c.data) == "blob", table.c.data))
    return [integer(first), integer(table.c.rows), data, integer(table.c.checksum)]


def end_before(table: Table, owner: Column[Any], first: Column[Any]) -> ScalarSelect[Any]:
    """Scalar subquery for the end of the chunk before a chunk; NULL for the first one."""
    before = table.alias()
    return (
        select(integer(before.c[first.name]) + integer(before.c.rows))
        .where(before.c[owner.name] == owner, before.c[first.name] < first)
        .order_by(before.c[first.name].desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )
