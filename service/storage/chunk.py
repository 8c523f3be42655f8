"""Record of a chunk in `dataset_chunks` or `trajectory_chunks`."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self
from zlib import crc32

from sqlalchemy import Column, ScalarSelect, Table, select


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


def end_before(table: Table, owner: Column[Any], first: Column[Any]) -> ScalarSelect[Any]:
    """Scalar subquery for the end of the chunk before a chunk; NULL for the first one."""
    before = table.alias()
    return (
        select(before.c[first.name] + before.c.rows)
        .where(before.c[owner.name] == owner, before.c[first.name] < first)
        .order_by(before.c[first.name].desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )
