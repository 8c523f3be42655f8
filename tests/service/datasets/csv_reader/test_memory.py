"""Memory of the CSV reader: independent of the size of the file."""

import tracemalloc
from typing import Any, BinaryIO, cast

import pytest

from service.datasets.csv_reader import CsvError, read_csv
from tests.service.datasets.csv_reader.helpers import Pieces, repeated


def peak_bytes(file: Pieces, **options: Any) -> int:
    tracemalloc.start()
    try:
        with read_csv(cast("BinaryIO", file), max_rows=10**7, max_columns=10_000, **options) as table:
            assert sum(len(block) for block in table.blocks()) == table.rows
    except CsvError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


LINES = b"1.234567,2.345678,some text,3.456789,4.567891,red\n" * 1000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    head = b"a,b,note,c,d,y\n"
    small, large = (peak_bytes(repeated(head, LINES, times)) for times in (20, 200))
    assert large < 8 << 20
    assert large < 1.5 * small


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"x,y\n1,2\n", b"7" * 60_000),
        (b"x,y\n1,2\n", b"," * 60_000),
        (b'x,y\n1,2\n3,"', b"7\n" * 30_000),
        (b"x,y\n1,2\n", b"\n" * 2_000),
        (b"x,y,z\n1,2,3\n", b'"' + b"t" * 60_000 + b'",1,2\n'),
    ],
    ids=["one line", "one record", "one cell", "blank lines", "long texts"],
)
def test_a_hostile_file_needs_little_memory(head: bytes, body: bytes) -> None:
    assert peak_bytes(repeated(head, body, 300)) < 16 << 20
