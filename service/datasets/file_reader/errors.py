"""Error messages of the reader of files."""

from collections.abc import Sequence

MOST_FAULTS = 20
"""The most faults of one file that an answer names."""


class FileError(ValueError):
    """A fault of the file.

    `message` names the fault and `hint` the correction. `row` is the number of the record, from 1, including the
    header and blank lines, as in a spreadsheet; `column` is a name. `more` are the other faults of the same file.
    str() joins the parts of the first fault on one line.
    """

    def __init__(
        self,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        hint: str | None = None,
        more: Sequence["FileError"] = (),
    ) -> None:
        super().__init__(message)
        self.message, self.row, self.column, self.hint, self.more = message, row, column, hint, list(more)

    def __str__(self) -> str:
        places = [f"row {self.row}"] if self.row is not None else []
        places += [f"column {shown(self.column)}"] if self.column is not None else []
        where = f"{', '.join(places)}: " if places else ""
        return f"{where}{self.message}{f' – {self.hint}' if self.hint else ''}"


def together(faults: Sequence[FileError]) -> FileError:
    """The first fault, with the others in `more`: at most MOST_FAULTS in all, the last of which counts the rest."""
    first, *others = faults
    if len(faults) > MOST_FAULTS:
        rest = len(faults) - MOST_FAULTS + 1
        others = [*others[: MOST_FAULTS - 2], FileError(f"the file has {rest:,} more faults", hint="mend these first")]
    return FileError(first.message, row=first.row, column=first.column, hint=first.hint, more=others)


def shown(text: str) -> str:
    """The text in quotes, shortened to 40 characters."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def listed(names: Sequence[str]) -> str:
    """The first 20 names in quotes, and the number of further ones."""
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return ", ".join(map(shown, names[:20])) + more


def ragged_row(row: int, cells: int, expected: int, reference: str) -> FileError:
    """The error for a record with another number of cells than `reference`, a name of the first record."""
    count = "1 cell" if cells == 1 else f"{cells:,} cells"
    hint = "give every row as many cells as the first; quote a cell that contains the separator"
    return FileError(f"the row has {count}, the {reference} has {expected:,}", row=row, hint=hint)
