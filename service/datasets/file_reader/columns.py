"""The columns of a file: names, roles, profiles and types."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.datasets.file_reader.column_types import ColumnType
from service.datasets.file_reader.header import Header
from service.datasets.file_reader.layout import Layout
from service.datasets.file_reader.profile import Profile


@dataclass(frozen=True)
class Columns:
    """The columns of a file."""

    header: Header
    layout: Layout
    profiles: Sequence[Profile]
    types: Sequence[ColumnType]

    @property
    def kept(self) -> list[int]:
        """The columns that have a type."""
        return [j for j, each in enumerate(self.types) if each.kind is not None]

    def name(self, j: int) -> str:
        return self.header.names[j]

    def is_unnamed(self, j: int) -> bool:
        return j in self.header.unnamed and j != self.header.index
