"""The result of the first pass, in temporary files: the numbers of all columns, and the cells that stayed text."""

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np
import orjson

from service.datasets.file_reader.encoder import FloatArray, Spilled


class Draft:
    """Blocks of numbers and text. Context manager: leaving it deletes the text, and the numbers unless they were taken.

    The text of a block is a JSON array of its columns, each the number of the column and its cells.
    """

    def __init__(self, width: int) -> None:
        self.width, self.rows = width, 0
        self.spilled: set[int] = set()
        """Columns some of whose cells stayed text."""
        self._index: list[tuple[int, int]] = []
        """The rows of each block, and the bytes of its text."""
        self._numbers: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - __exit__ closes it
        self._text: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._is_taken = False

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        if not self._is_taken:
            self._numbers.close()

    def add(self, values: FloatArray, spilled: Spilled) -> None:
        """Adds a block, as of Encoder.encode."""
        self._numbers.write(values.data)
        size = self._text.write(orjson.dumps(spilled)) if spilled else 0
        self._index.append((len(values), size))
        self.spilled.update(j for j, _ in spilled)
        self.rows += len(values)

    def blocks(self) -> Iterator[tuple[FloatArray, dict[int, list[str]]]]:
        """Yields the numbers of each block, shape (k, width), and the cells that stayed text, by column."""
        self._numbers.seek(0)
        self._text.seek(0)
        for rows, size in self._index:
            raw = bytearray(self._numbers.read(rows * self.width * 8))
            text = dict(orjson.loads(self._text.read(size))) if size else {}
            yield np.frombuffer(raw, np.float64).reshape(rows, self.width), text

    def taken(self) -> IO[bytes]:
        """The file of the numbers, which the caller closes."""
        self._numbers.flush()
        self._is_taken = True
        return self._numbers
