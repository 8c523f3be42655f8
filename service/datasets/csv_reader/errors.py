"""Error messages of the CSV reader."""

from collections.abc import Sequence

from service.datasets.csv_reader.dialect import LITERALS, almost_number


class CsvError(ValueError):
    """A fault of the file.

    `message` names the fault and `hint` the correction. `row` is the number of the record, from 1, including the
    header and blank lines, as in a spreadsheet; `column` is a name. str() joins them on one line.
    """

    def __init__(
        self, message: str, *, row: int | None = None, column: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.row, self.column, self.hint = message, row, column, hint

    def __str__(self) -> str:
        places = [f"row {self.row}"] if self.row is not None else []
        places += [f"column {shown(self.column)}"] if self.column is not None else []
        where = f"{', '.join(places)}: " if places else ""
        return f"{where}{self.message}{f' – {self.hint}' if self.hint else ''}"


def bad_cell(name: str, row: int, cell: str, *, hint: str | None = None) -> CsvError:
    """The error for a cell that is neither a number nor a label."""
    message, remedy = _fault(cell.strip())
    return CsvError(message, row=row, column=name, hint=hint or remedy)


def mixed_column(name: str, first: tuple[int, str], other: tuple[int, str]) -> CsvError:
    """The error for a column whose first cell is text and another cell a number; each cell is (row, text)."""
    message, _ = _fault(first[1].strip())
    hint = "a column has numbers only or text only; to leave this column out, name the features"
    return CsvError(
        f"{message}, but row {other[0]} has the number {shown(other[1])}", row=first[0], column=name, hint=hint
    )


def _fault(text: str) -> tuple[str, str]:
    if not text:
        return "empty cell", "fill in a number or delete the row"
    if LITERALS[","].fullmatch(text):
        return f"{shown(text)} is too large", "write a number up to 1.8e308"
    if "," in text and almost_number(text):
        return f"{shown(text)} is not a plain number", "write 1234.5, or separate the cells by semicolons"
    return f"{shown(text)} is not a number", "write a plain number such as -1.5 or 2e3, or delete the row"


def no_features(names: Sequence[str], target: str) -> CsvError:
    """The error for a file without a column of numbers besides the target."""
    hint = "add a column of numbers besides the target; separate columns by a comma, a semicolon or a tab"
    message = f"no feature columns: the file has {listed(names)}, the target is {shown(target)}"
    return CsvError(message, hint=hint)


def shown(text: str) -> str:
    """The text in quotes, shortened to 40 characters."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def listed(names: Sequence[str]) -> str:
    """The first 20 names in quotes, and the number of further ones."""
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return ", ".join(map(shown, names[:20])) + more


def ragged_row(row: int, cells: int, expected: int, reference: str) -> CsvError:
    """The error for a record with another number of cells than `reference`, a name of the first record."""
    count = "1 cell" if cells == 1 else f"{cells:,} cells"
    hint = "give every row as many cells as the first; quote a cell that contains the separator"
    return CsvError(f"the row has {count}, the {reference} has {expected:,}", row=row, hint=hint)
