"""First pass: encodes records as rows of float64. Cells that need the whole column for their meaning stay text.

A column is in one of four lanes. PLAIN columns had plain numbers in the last block, those of COMMA_DECIMALS numbers
with a decimal comma: all columns of a lane are converted at once. The cells of SLOW columns are classified one by
one. The cells of DROPPED columns are not needed.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from service.datasets.file_reader.cells import COMMA, DOT, LEADING_ZERO, NUMBER, ROUNDED, is_code, is_either, is_rounded
from service.datasets.file_reader.profile import Profile
from service.datasets.file_reader.records import Record

FloatArray = NDArray[np.float64]
Spilled = list[tuple[int, list[str]]]
"""The columns of a block that stay text, and their cells."""

PLAIN, COMMA_DECIMALS, SLOW, DROPPED = range(4)
# For text of these characters, float() accepts plain literals only: no nan, inf, 1_000, 0x1f or ١.
_PLAIN_CHARACTERS = b"0123456789eE+-. \t\n"
_COMMA_CHARACTERS = b"0123456789eE+-, \t\n"
_CODE = re.compile(rb"\n0[0-9]")
_MOST_EXACT = 2.0**53
"""Float64 has all whole numbers up to this one, and not the next."""


class Encoder:
    """Encodes blocks of records. `has_dots` and `has_commas` say whether these marks may be decimal marks."""

    def __init__(self, profiles: Sequence[Profile], *, has_dots: bool, has_commas: bool) -> None:
        self._profiles = profiles
        self._has_dots, self._has_commas = has_dots, has_commas
        self._lanes = [DROPPED if profile.is_dropped else PLAIN for profile in profiles]
        width = len(profiles)
        self._counts = np.zeros(width, np.int64)
        """Numbers of each column that were converted with all cells of their lane."""
        self._open = set(range(width))
        """Columns without a number whose dot can only be a decimal mark."""
        self.low, self.high = np.full(width, np.inf), np.full(width, -np.inf)
        """The least and the greatest number of each column, without those in text."""
        self.sums = np.zeros(width)
        """The sum of the numbers of each column, without those in text."""
        self.last = np.full(width, np.nan)
        """The numbers of the last record."""

    def encode(self, block: list[Record]) -> tuple[FloatArray, Spilled]:
        """The numbers of a block, shape (k, columns), with NaN for missing values and text, and the text."""
        lanes = self._lanes
        values = self._whole(block) if lanes.count(PLAIN) == len(lanes) else None
        if values is not None:
            self._note(values)
            return values, []
        values = np.full((len(block), len(lanes)), np.nan)
        slow = [j for j, lane in enumerate(lanes) if lane == SLOW]
        for lane in (PLAIN, COMMA_DECIMALS):
            columns = [j for j, each in enumerate(lanes) if each == lane]
            found = self._together(block, columns, lane) if columns else None
            if found is None:
                slow += columns
            else:
                values[:, columns] = found
        spilled: Spilled = []
        if slow:
            rows = [row for row, _ in block]
            for j in slow:
                cells = [cells[j] for _, cells in block]
                if not self._alone(j, rows, cells, values[:, j]):
                    spilled.append((j, cells))
        self._note(values)
        return values, [(j, cells) for j, cells in spilled if not self._profiles[j].is_dropped]

    def _whole(self, block: list[Record]) -> FloatArray | None:
        cells = list(chain.from_iterable([cells for _, cells in block]))
        return self._converted(cells, range(len(self._lanes)), lambda i: block[i][0], PLAIN)

    def _together(self, block: list[Record], columns: list[int], lane: int) -> FloatArray | None:
        pick = itemgetter(*columns)
        if len(columns) == 1:
            cells = [pick(cells) for _, cells in block]
        else:
            cells = list(chain.from_iterable([pick(cells) for _, cells in block]))
        return self._converted(cells, columns, lambda i: block[i][0], lane)

    def _converted(
        self, cells: list[str], columns: Sequence[int], row: Callable[[int], int], lane: int
    ) -> FloatArray | None:
        """The cells, which are those of the columns row by row, as numbers; None if one may be something else.

        `row` gives the row of the file of a row of the block.
        """
        text = "\n".join(cells).encode()
        if text.translate(None, _PLAIN_CHARACTERS if lane == PLAIN else _COMMA_CHARACTERS):
            return None
        dotted = b"." in text
        if dotted and not self._has_dots:
            return None
        numbers = cells if lane == PLAIN else [cell.replace(",", ".") for cell in cells]
        with suppress(ValueError):
            values = np.fromiter(map(float, numbers), np.float64, len(numbers))
            greatest = np.abs(values).max()
            if greatest < np.inf:
                width = len(columns)
                self._counts[columns] += len(cells) // width
                if self._open:
                    self._note_dots(cells, columns, row, dotted=dotted)
                if greatest >= _MOST_EXACT:
                    self._note_cells(ROUNDED, is_rounded, cells, columns, row)
                if _CODE.search(text) or is_code(cells[0].strip()):
                    self._note_cells(LEADING_ZERO, is_code, cells, columns, row)
                return values.reshape(-1, width)
        return None

    def _note_cells(
        self,
        mark: int,
        has_mark: Callable[[str], bool],
        cells: list[str],
        columns: Sequence[int],
        row: Callable[[int], int],
    ) -> None:
        for k, cell in enumerate(cells):
            if has_mark(cell.strip().lstrip("+-")):
                self._profiles[columns[k % len(columns)]].note(mark, row(k // len(columns)), cell)

    def _note_dots(self, cells: list[str], columns: Sequence[int], row: Callable[[int], int], *, dotted: bool) -> None:
        for k, j in enumerate(columns):
            if j not in self._open:
                continue
            profile = self._profiles[j]
            profile.begin_numbers(row(0), cells[k])
            if dotted:
                profile.note_dots(cells[k :: len(columns)], row)
                if profile.marks & DOT:
                    self._open.discard(j)

    def _alone(self, j: int, rows: list[int], cells: list[str], values: FloatArray) -> bool:
        """Writes the numbers of one column to `values`. False if its cells must stay text."""
        profile = self._profiles[j]
        for lane in (PLAIN, COMMA_DECIMALS):
            if lane == COMMA_DECIMALS and not self._proves_comma(profile, cells):
                continue
            found = self._converted(cells, [j], rows.__getitem__, lane)
            if found is not None:
                values[:] = found[:, 0]
                if lane == COMMA_DECIMALS:
                    place = next((i for i, cell in enumerate(cells) if "," in cell), 0)
                    profile.note(COMMA, rows[place], cells[place])
                self._lanes[j] = lane
                return True
        table = profile.count_cells(rows, cells)
        self._lanes[j] = DROPPED if profile.is_dropped else SLOW
        if table is not None:
            values[:] = [table[cell] for cell in cells]
        return table is not None

    def _proves_comma(self, profile: Profile, cells: list[str]) -> bool:
        """Whether a comma in the cells, or in earlier ones, can only be a decimal mark."""
        if not self._has_commas:
            return False
        if profile.marks & COMMA:
            return True
        return any("," in cell and not is_either(cell.strip().lstrip("+-")) for cell in cells)

    def _note(self, values: FloatArray) -> None:
        np.fmin(self.low, np.fmin.reduce(values, axis=0), out=self.low)
        np.fmax(self.high, np.fmax.reduce(values, axis=0), out=self.high)
        with np.errstate(all="ignore"):  # a sum may overflow
            self.sums += np.nansum(values, axis=0)
        self.last = values[-1].copy()

    def finish(self) -> None:
        """Completes the profiles by the counts of the numbers."""
        for profile, count in zip(self._profiles, self._counts, strict=True):
            profile.counts[NUMBER] += int(count)
            profile.settle_none()
