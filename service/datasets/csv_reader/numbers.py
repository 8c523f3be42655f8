"""Encodes records as float64, and the labels of a text target as codes."""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from service.datasets.csv_reader.dialect import almost_number, number
from service.datasets.csv_reader.errors import CsvError, bad_cell, mixed_column
from service.datasets.csv_reader.layout import Layout
from service.datasets.csv_reader.records import Record

FloatArray = NDArray[np.float64]

MAX_CLASSES = 1000
# For text of these characters, float() accepts plain literals only: no nan, inf, 1_000, 0x1f or ١.
_PLAIN_CHARACTERS = b"0123456789eE+-. \t\n"


class Encoder:
    """Encodes blocks of records as rows of float64, and collects the labels of a text target."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._codes: dict[str, int] = {}
        self._numeric = layout.features if layout.labelled else [*layout.features, layout.target]

    def encode(self, block: list[Record]) -> FloatArray:
        """The features and the target, shape (k, d + 1). Labels of a text target get codes by first appearance."""
        self._refuse_mixed(block)
        numbers = self._all_cells(block)
        if numbers is None:
            numbers = self._cell_by_cell(block)
        if not self._layout.labelled:
            return numbers
        values = np.empty((len(block), len(self._numeric) + 1))
        values[:, :-1] = numbers
        values[:, -1] = self._encode_labels(block)
        return values

    def _all_cells(self, block: list[Record]) -> FloatArray | None:
        """The fast path: all cells together, or None if a cell may not be a plain finite number."""
        cells = [cells[j] for _, cells in block for j in self._numeric]
        if self._layout.separator != ",":
            cells = [cell.replace(",", ".") for cell in cells]
        if "\n".join(cells).encode().translate(None, _PLAIN_CHARACTERS):
            return None
        with suppress(ValueError):
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            if np.isfinite(values).all():
                return values.reshape(len(block), len(self._numeric))
        return None

    def _cell_by_cell(self, block: list[Record]) -> FloatArray:
        values = np.empty((len(block), len(self._numeric)))
        for i, (row, cells) in enumerate(block):
            for k, j in enumerate(self._numeric):
                value = number(cells[j], self._layout.separator)
                if value is None:
                    raise bad_cell(self._layout.names[j], row, cells[j])
                values[i, k] = value
        return values

    def _encode_labels(self, block: list[Record]) -> list[int]:
        target, codes = self._layout.target, self._codes
        labels = [cells[target].strip() for _, cells in block]
        for label in dict.fromkeys(labels):
            if label not in codes:
                self._check_label(label, block[labels.index(label)][0])
                codes[label] = len(codes)
        return [codes[label] for label in labels]

    def _check_label(self, label: str, row: int) -> None:
        name = self._layout.names[self._layout.target]
        if not label:
            raise bad_cell(name, row, label)
        if number(label, self._layout.separator) is not None:
            raise self._mixed(self._layout.target, row, label)
        if len(self._codes) == MAX_CLASSES:
            hint = "choose another target, or write plain numbers such as 1234.5"
            message = f"the target has more than {MAX_CLASSES:,} different labels"
            raise CsvError(message, row=row, column=name, hint=hint)

    def _refuse_mixed(self, block: list[Record]) -> None:
        for j in self._layout.text_only:
            for row, cells in block:
                if number(cells[j], self._layout.separator) is not None:
                    raise self._mixed(j, row, cells[j])

    def _mixed(self, j: int, row: int, cell: str) -> CsvError:
        first_row, first = self._layout.first
        return mixed_column(self._layout.names[j], (first_row, first[j]), (row, cell))

    def labels(self) -> tuple[list[str] | None, FloatArray | None]:
        """The sorted labels of a text target, and the index of each code in them."""
        if not self._layout.labelled:
            return None, None
        if all(map(almost_number, self._codes)):
            raise bad_cell(self._layout.names[self._layout.target], self._layout.first[0], next(iter(self._codes)))
        classes = sorted(self._codes)
        indices = np.empty(len(classes))
        indices[[self._codes[label] for label in classes]] = np.arange(len(classes))
        return classes, indices
