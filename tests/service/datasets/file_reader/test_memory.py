"""Memory of the CSV reader: independent of the size of the file."""

import gzip
import io
import tracemalloc
from typing import Any, BinaryIO, cast

import pytest

from service.datasets.file_reader import FileError, Options, read_feature_rows, read_file
from tests.service.datasets.file_reader.helpers import Pieces, repeated


def peak_bytes(file: Pieces, **options: Any) -> int:
    tracemalloc.start()
    try:
        with read_file(cast("BinaryIO", file), max_rows=10**7, max_columns=10_000, **options) as table:
            assert sum(len(block) for block in table.blocks()) == table.rows
    except FileError:
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
    assert large < 12 << 20
    assert large < 1.5 * small


@pytest.mark.slow
def test_memory_of_rows_to_predict_does_not_grow_with_the_file() -> None:
    def peak(times: int) -> int:
        file = cast("BinaryIO", repeated(b"a,b,note,c,d,y\n", LINES, times))
        tracemalloc.start()
        needed = {"y": ["blue", "red"], "a": None}
        with read_feature_rows(file, needed, options=Options(), max_rows=10**7, max_columns=10) as table:
            for block in table.blocks():
                assert (block == [1.0, 1.234567]).all()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small, large = peak(20), peak(200)
    assert large < 12 << 20
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


def test_a_gzip_bomb_ends_at_the_limit() -> None:
    zeros = gzip.compress(b"x,y\n" + b"1,2\n" * 2_000_000, mtime=0)
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="exceeds 200,000 bytes"):
            read_file(io.BytesIO(zeros), max_rows=10**7, max_columns=10, max_bytes=200_000)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_damaged_gzip_file_is_refused(cut: int) -> None:
    content = gzip.compress(b"x,y\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(1000)))
    with pytest.raises(FileError, match="damaged"):
        read_file(io.BytesIO(content[:-cut]), max_rows=10**7, max_columns=10)


@pytest.mark.parametrize(
    "line",
    [
        b",".join(b"c%d" % i for i in range(900)),
        b"a" * 60_000,
        b'"a b",' * 900,
        b" " * 60_000 + b"1",
        b"$" * 50 + b"," + b"1 " * 30,
        b"1" + b" 234" * 14 + b"x,2",
        b"#" * 1000,
    ],
    ids=["columns", "cell", "quotes", "spaces", "signs", "groups", "comments"],
)
def test_hostile_lines_need_little_memory(line: bytes) -> None:
    assert peak_bytes(repeated(b"", (line + b"\n") * max(1, 60_000 // len(line)), 10)) < 48 << 20


def test_texts_that_never_repeat_need_little_memory() -> None:
    lines = (b"".join(b"%d,n%d-%d,%d\n" % (k, j, k, k) for k in range(3000)) for j in range(30))
    assert peak_bytes(Pieces(lines)) < 24 << 20
