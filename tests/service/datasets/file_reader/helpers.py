"""Functions that read a table from text, and files whose content is generated while it is read."""

import io
import itertools
from collections.abc import Iterable
from typing import Any

import pytest

from service.datasets.file_reader import FileError, FileTable, Options, read_file


def read(text: str | bytes, **options: Any) -> FileTable:
    raw = text.encode() if isinstance(text, str) else text
    chosen = {name: options.pop(name) for name in Options.__dataclass_fields__ if name in options}
    options["options"] = Options(**chosen)
    return read_file(io.BytesIO(raw), **{"max_rows": 1000, "max_columns": 50, **options})


def classes(table: FileTable) -> list[str] | None:
    """The labels of the target."""
    [target] = [column for column in table.columns if column.name == table.target]
    return target.categories


def codes(table: FileTable) -> list[str]:
    """The codes of the report."""
    return [entry["code"] for entry in table.report]


def faults(text: str | bytes, **options: Any) -> list[FileError]:
    """All faults of a file."""
    error = refused(text, **options)
    return [error, *error.more]


def values(text: str | bytes, **options: Any) -> list[list[float]]:
    with read(text, **options) as table:
        return [row for block in table.blocks() for row in block.tolist()]


def refused(text: str | bytes, **options: Any) -> FileError:
    with pytest.raises(FileError) as caught:
        read(text, **options)
    return caught.value


class Pieces:
    """A file whose content is generated while it is read, so that it needs no memory."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.read_bytes = 0

    def read(self, size: int) -> bytes:
        piece = next(self._pieces, b"")
        assert len(piece) <= size
        self.read_bytes += len(piece)
        return piece


def repeated(head: bytes, body: bytes, times: int) -> Pieces:
    return Pieces(itertools.chain([head], itertools.repeat(body, times)))
