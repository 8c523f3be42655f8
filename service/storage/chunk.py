"""Record of a chunk in `dataset_chunks` or `trajectory_chunks`."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self


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
