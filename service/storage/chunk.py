"""A chunk of rows or of steps, as both tables of chunks hold it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self


class Chunk(NamedTuple):
    """`rows` rows from `first` on: little-endian float64 and their CRC-32."""

    first: int
    rows: int
    data: bytes
    checksum: int

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make(row)
