"""What is said of a file that cannot be read."""

from collections.abc import Sequence

from service.datasets.csv_reader.dialect import LITERALS, almost_number


class CsvError(ValueError):
    """What is wrong with the file.

    `message` says what; `row` (1-based record, header and blank lines counted, as a spreadsheet numbers it) and
    `column` (its name) say where, as far as known; `hint` says what to change. str() is all of it on one line.
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
    """A cell that should be a number or a label and is neither."""
    message, remedy = _fault(cell.strip())
    return CsvError(message, row=row, column=name, hint=hint or remedy)


def mixed_column(name: str, first: tuple[int, str], other: tuple[int, str]) -> CsvError:
    """A column that begins as text and goes on with a number, as (row, cell): the first cell is the bad one."""
    message, _ = _fault(first[1].strip())
    hint = "a column holds numbers only or text only; one that is not needed can be left out by naming the features"
    beside = f"row {other[0]} has the number {shown(other[1])}"
    return CsvError(f"{message}, but {beside}", row=first[0], column=name, hint=hint)


def _fault(text: str) -> tuple[str, str]:
    if not text:
        return "empty cell", "fill in a number or delete the row"
    if LITERALS[","].fullmatch(text):
        return f"{shown(text)} is too large a number", "the largest is about 1.8e308"
    if "," in text and almost_number(text):
        return f"{shown(text)} is not a plain number", "write 1234.5, or put semicolons between the cells"
    return f"{shown(text)} is not a number", "write a plain number such as -1.5 or 2e3, or delete the row"


def no_features(names: Sequence[str], target: str) -> CsvError:
    hint = "besides the target there must be a column of numbers; put a comma, semicolon or tab between columns"
    message = f"no feature columns: the file has {listed(names)}, the target is {shown(target)}"
    return CsvError(message, hint=hint)


def shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return ", ".join(map(shown, names[:20])) + more


def cells_here(count: int) -> str:
    return "1 cell here" if count == 1 else f"{count:,} cells here"
