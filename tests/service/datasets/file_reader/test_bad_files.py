"""Errors of the CSV reader for files that are not a table, or too large."""

from typing import BinaryIO, cast

import pytest

from service.datasets.file_reader import FileError, read_file
from tests.service.datasets.file_reader.helpers import classes, read, refused, repeated, values


@pytest.mark.parametrize("text", ["", "\n\n \r\n", "\ufeff"])
def test_empty_file(text: str) -> None:
    assert "empty" in refused(text).message


def test_too_few_rows() -> None:
    assert "no rows" in refused("x,y\n\n").message
    error = refused("x,y\n1,2\n\n")
    assert error.row == 2
    assert "at least 2" in str(error)
    assert "one row" in refused("1,2").message


@pytest.mark.parametrize(("line", "cells"), [("1,2,3", "3 cells"), ("1", "1 cell")])
@pytest.mark.parametrize("before", ["", "5,6\n\n"])
def test_ragged_records(line: str, cells: str, before: str) -> None:
    error = refused(f"x,y\n{before}{line}\n7,8\n")
    assert error.row == (4 if before else 2)
    assert error.message.startswith(f"the row has {cells}, ")
    assert "2" in error.message


def test_row_and_column_limits() -> None:
    with read("x,y\n1,2\n3,4\n", max_rows=2, max_columns=2):
        pass
    error = refused("x,y\n1,2\n3,4\n5,6\n", max_rows=2)
    assert error.row == 4
    assert "more than 2 rows" in error.message
    assert "3 columns" in refused("a,b,y\n1,2,3\n4,5,6\n", max_columns=2).message


def test_reading_stops_at_the_row_limit() -> None:
    file = repeated(b"x,y\n", b"1,2\n" * 1000, 10**6)
    with pytest.raises(FileError, match="more than 5,000 rows"):
        read_file(cast("BinaryIO", file), max_rows=5000, max_columns=2)
    assert file.read_bytes < 40_000


def test_class_limit() -> None:
    lines = [f"{i},c{i % 1000:03}" for i in range(1500)]
    with read("x,y\n" + "\n".join(lines), max_rows=2000) as table:
        assert classes(table) == [f"c{i:03}" for i in range(1000)]
    error = refused("x,y\n" + "\n".join([*lines, "1,other"]), max_rows=2000, target="y")
    assert error.column == "y"
    assert "more than 1,000" in error.message


def test_quotes_that_csv_refuses() -> None:
    error = refused('x,y\n1,2\n"3,4\n5,6\n')
    assert error.row == 3
    assert "quote" in str(error.hint)
    assert refused('x,y\n1,2\n"3"4,4\n').row == 3
    error = refused("x,y\n1,2\n" + "a" * 140_000 + ",4\n")
    assert error.row == 3
    assert "limit" in error.message


def test_quoted_newlines_count_as_one_row() -> None:
    assert refused('name,x,y\n"a\nb",1,2\n"c\r\nd",3,oops\n').row == 3


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n", b"PAR1\x15\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"\x81\x82", b"\x01\xff"]
)
def test_binary_files(start: bytes) -> None:
    error = refused(start + b"x,y\n1,2\n3,4\n")
    assert "not a text file" in error.message
    assert error.hint == "save it as CSV UTF-8"


def test_a_column_may_be_called_like_a_format() -> None:
    assert values("PAR1,PK\n1,2\n3,4\n") == [[1, 2], [3, 4]]


def test_the_errors_of_nul_and_other_encodings_name_the_row() -> None:
    error = refused(b"x,y\n1,2\n3,\x004\n")
    assert error.row == 3
    assert "NUL" in error.message
    lines = b"".join(b"%d,2\n" % i for i in range(50_000))
    assert refused("é,y\n".encode() + lines + b"\n3,\xe4\n", max_rows=10**6).row == 50_003


def test_str_of_an_error_contains_all_its_parts() -> None:
    error = FileError("empty cell", row=3, column="age", hint="fill it in")
    assert str(error) == "row 3, column 'age': empty cell – fill it in"
    assert str(FileError("empty")) == "empty"
    assert isinstance(error, ValueError)
