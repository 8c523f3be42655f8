"""Profile of a column: counts, marks and examples of its cells, from which `column_types` decides its type."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence

from service.datasets.file_reader.cells import (
    BOOKED,
    COMMA,
    COMMA_EITHER,
    COMMA_GROUPS,
    CURRENCY,
    DATE,
    DATE_BITS,
    DOT,
    DOT_EITHER,
    DOT_GROUPS,
    FORTRAN,
    KINDS,
    LEADING_ZERO,
    MEASURE,
    MINUS,
    MISSING,
    NO_PERCENT,
    NONE,
    NUMBER,
    PERCENT,
    PLAIN,
    PYTHONS_NONE,
    ROUNDED,
    SPACES,
    classify,
    currency_of,
    is_either,
    unit_of,
)
from service.datasets.file_reader.errors import shown
from service.datasets.file_reader.report import MOST_PLACES

MAX_CATEGORIES, MAX_CLASSES = 20, 1000
MAX_LABEL_CHARACTERS = 200
NOTATIONS = {
    SPACES: "thousands_space",
    CURRENCY: "currency",
    PERCENT: "percent",
    MINUS: "minus_sign",
    FORTRAN: "fortran_exponent",
    ROUNDED: "rounded_integers",
    BOOKED: "booked_negatives",
    LEADING_ZERO: "leading_zeros",
}
"""The codes of notations that say no more than the number."""


class Profile:
    """What is known of a column.

    `most_texts` is the most different texts that it may have as categories or labels. With `keeps_dates` a column of
    dates may have any number of them.
    """

    def __init__(self, most_texts: int, *, keeps_dates: bool = False) -> None:
        self.most_texts, self.keeps_dates = most_texts, keeps_dates
        self.counts = [0] * len(KINDS)
        """Cells of each kind."""
        self.marks = 0
        self.first: dict[int, tuple[int, str]] = {}
        """The row and the text of the first cell with each mark."""
        self.first_of_kind: dict[int, tuple[int, str]] = {}
        self.missing_rows: list[int] = []
        self.missing_texts: set[str] = set()
        """The different texts of missing values."""
        self.odd_rows: list[int] = []
        """The first rows whose cells are neither numbers nor missing."""
        self.texts: set[str] = set()
        """Different cells that are neither missing nor plain numbers, at most `most_texts` + 1."""
        self.units: set[str] = set()
        """Different units of numbers, at most 2."""
        self.currencies: dict[str, tuple[int, str]] = {}
        """The row and the text of the first cell with each sign of a currency."""
        self.is_dropped = False
        """The column has too many texts to be stored, whatever follows."""
        self.has_dotted_floats = False
        self._had_numbers = False
        self._has_long_text = False

    def begin_numbers(self, row: int, first: str) -> None:
        """Notes that a chunk has plain numbers, which begins with the cell `first`."""
        if not self._had_numbers:
            self._example(NUMBER, row, first)
            self._had_numbers = True
            self.marks |= NO_PERCENT

    def note_dots(self, cells: Sequence[str], row: Callable[[int], int]) -> None:
        """Marks the meaning of the dots in a chunk of plain numbers. `row` gives the row of a cell of the chunk."""
        with_dot = [place for place, cell in enumerate(cells) if "." in cell]
        if not with_dot:
            return
        self.has_dotted_floats = True
        certain = next((i for i in with_dot if not is_either(cells[i].strip().lstrip("+-"))), None)
        place = with_dot[0] if certain is None else certain
        self.note(DOT_EITHER if certain is None else DOT, row(place), cells[place])

    def count_cells(self, rows: Sequence[int], cells: Sequence[str]) -> dict[str, float] | None:
        """Counts a chunk of any cells. The values of the cells, if all are plain numbers or missing; else None."""
        values: dict[str, float] | None = {}
        missing: set[str] = set()
        odd: set[str] = set()
        for cell, times in Counter(cells).items():
            kind, marks = classify(cell)
            self.counts[kind] += times
            if kind not in self.first_of_kind or marks & ~self.marks:
                row = rows[cells.index(cell)]
                self._example(kind, row, cell)
                self.note(marks, row, cell)
            if kind == NUMBER and marks & CURRENCY and (sign := currency_of(cell.strip())) not in self.currencies:
                self.currencies[sign] = rows[cells.index(cell)], cell.strip()
            if kind == MISSING:
                missing.add(cell)
                self.missing_texts.add(cell.strip())
            elif kind != NUMBER:
                odd.add(cell)
            if kind == MEASURE and len(self.units) < 2:
                self.units.add(unit_of(cell.strip()))
            if kind not in {NUMBER, MISSING}:
                self._add_text(cell.strip())
            values = self._with_value(values, cell, kind, marks)
        self._drop_texts()
        self._had_numbers = self._had_numbers or bool(values and len(values) > len(missing))
        _note(self.missing_rows, missing, rows, cells)
        _note(self.odd_rows, odd, rows, cells)
        return values

    @staticmethod
    def _with_value(values: dict[str, float] | None, cell: str, kind: int, marks: int) -> dict[str, float] | None:
        if values is None or (kind == NUMBER and (marks & DOT_EITHER or not PLAIN.fullmatch(cell.strip()))):
            return None
        if kind not in {NUMBER, MISSING}:
            return None
        values[cell] = float("nan") if kind == MISSING else float(cell)
        return values

    def _add_text(self, text: str) -> None:
        if not self.is_dropped and len(self.texts) <= self.most_texts:
            self.texts.add(text)
            self._has_long_text = self._has_long_text or len(text) > MAX_LABEL_CHARACTERS

    def _drop_texts(self) -> None:
        """Drops a column that has too many texts, unless it may be one of dates."""
        if len(self.texts) <= self.most_texts and not self._has_long_text:
            return
        is_of_dates = self.counts[DATE] == sum(self.counts) - self.counts[MISSING]
        if not (self.keeps_dates and is_of_dates):
            self.is_dropped = True
            self.texts.clear()

    def _example(self, kind: int, row: int, cell: str) -> None:
        self.first_of_kind.setdefault(kind, (row, cell.strip()))

    def note(self, marks: int, row: int, cell: str) -> None:
        """Adds marks, with a cell that has them."""
        bit, new = 1, marks & ~self.marks
        while bit <= new:
            if bit & new:
                self.first[bit] = (row, cell.strip())
            bit <<= 1
        self.marks |= marks

    def first_odd(self) -> tuple[str, int]:
        """The first cell that is no number, and its row."""
        row, cell = min(each for kind, each in self.first_of_kind.items() if kind not in {NUMBER, MISSING})
        return shown(cell), row

    def settle_none(self) -> None:
        """Counts each None as a missing value, if all other values are numbers."""
        if (
            not self.counts[NONE]
            or not 0 < self.counts[NUMBER] == sum(self.counts) - self.counts[MISSING] - self.counts[NONE]
        ):
            return
        self.counts[MISSING] += self.counts[NONE]
        self.counts[NONE] = 0
        self.missing_texts.add(PYTHONS_NONE)
        self.missing_rows = sorted({*self.missing_rows, *self.odd_rows})[:MOST_PLACES]
        self.first_of_kind.setdefault(MISSING, self.first_of_kind.pop(NONE))

    @property
    def is_numeric(self) -> bool:
        """Whether all cells are numbers or missing."""
        return 0 < self.counts[NUMBER] == sum(self.counts) - self.counts[MISSING]

    @property
    def uses_comma(self) -> bool:
        """Whether a number has a comma that can be a decimal mark."""
        return bool(self.marks & (COMMA | COMMA_EITHER))

    def uses_groups(self, mark: str) -> bool:
        """Whether a number has groups of digits that the mark separates."""
        return bool(self.marks & (COMMA_GROUPS | COMMA_EITHER if mark == "," else DOT_GROUPS | DOT_EITHER))

    def notes_of_numbers(self) -> list[str]:
        """Codes of the notations of the column's numbers."""
        return [code for bit, code in NOTATIONS.items() if bit & self.marks]

    @property
    def is_mixed_late(self) -> bool:
        """Whether numbers were stored before the first text: their texts are lost."""
        return self._had_numbers

    @property
    def date_marks(self) -> int:
        """The marks of dates."""
        return self.marks >> DATE_BITS


def _note(known: list[int], wanted: set[str], rows: Sequence[int], cells: Sequence[str]) -> None:
    """Adds the rows of the wanted cells until `known` has MOST_PLACES."""
    if wanted and len(known) < MOST_PLACES:
        found = (row for row, cell in zip(rows, cells, strict=True) if cell in wanted)
        known.extend(itertools.islice(found, MOST_PLACES - len(known)))
