"""The report of a reading: each thing that the reader did to a file, or left out."""

from collections.abc import Sequence

from service.core.dataset_record import ReportEntry
from service.datasets.file_reader.errors import listed

MOST_PLACES = 20
"""The most columns, and the most rows, that an entry names."""


class Report:
    """The entries of one file, in the order of their causes."""

    def __init__(self) -> None:
        self.entries: list[ReportEntry] = []

    def add(self, code: str, message: str, columns: Sequence[str] = (), rows: Sequence[int] = ()) -> None:
        """Adds an entry."""
        entry: ReportEntry = {"code": code, "message": message}
        if columns:
            entry["columns"] = list(columns[:MOST_PLACES])
        if rows:
            entry["rows"] = list(rows[:MOST_PLACES])
        self.entries.append(entry)


def named(names: Sequence[str]) -> str:
    """The names of one column or several, as the subject of a sentence."""
    return f"{'Column' if len(names) == 1 else 'Columns'} {listed(names)}"


def places(rows: Sequence[int], count: int) -> str:
    """The first rows of `count`, for a sentence."""
    more = f" and {count - len(rows):,} more" if count > len(rows) else ""
    return f"{'row' if count == 1 else 'rows'} {', '.join(map(str, rows))}{more} of the file"
