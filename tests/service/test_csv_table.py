"""service.csv_table: every rule of reading an uploaded CSV, and that its memory does not grow with the file."""

import csv
import io
import itertools
import math
import tracemalloc
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.csv_table import CsvError, CsvTable, FloatArray, read_csv


def read(text: str | bytes, **options: Any) -> CsvTable:
    raw = text.encode() if isinstance(text, str) else text
    return read_csv(io.BytesIO(raw), **{"max_rows": 1000, "max_columns": 50, **options})


def values(text: str | bytes, **options: Any) -> list[list[float]]:
    with read(text, **options) as table:
        return [row for block in table.blocks() for row in block.tolist()]


def refused(text: str | bytes, **options: Any) -> CsvError:
    with pytest.raises(CsvError) as caught:
        read(text, **options)
    return caught.value


class Pieces:
    """A file that is made as it is read, so that it costs no memory itself."""

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


# ---- what is read


def test_plain_table() -> None:
    with read("age, size ,y\n1,2.5,-3\n4e1,.5,6.\n") as table:
        assert (table.features, table.target, table.classes, table.ignored, table.rows) == (
            ["age", "size"],
            "y",
            None,
            [],
            2,
        )
        (block,) = table.blocks()
    assert block.dtype == np.float64
    assert block.flags.c_contiguous
    assert block.tolist() == [[1.0, 2.5, -3.0], [40.0, 0.5, 6.0]]


def test_blocks_can_be_read_again_and_interleaved() -> None:
    with read("x,y\n" + "".join(f"{i},{-i}\n" for i in range(10))) as table:
        first, second = table.blocks(4), table.blocks(3)
        pairs = list(itertools.zip_longest(first, second))
        assert [len(a) for a, _ in pairs if a is not None] == [4, 4, 2]
        assert np.vstack([b for _, b in pairs]).tolist() == [[i, -i] for i in range(10)]
        next(table.blocks())[:] = 7.0
        assert next(table.blocks(1)).tolist() == [[0.0, 0.0]]
        with pytest.raises(ValueError, match="block_rows"):
            next(table.blocks(0))
    with pytest.raises(ValueError, match="closed"):
        next(table.blocks())


def test_reads_from_where_the_file_stands_and_leaves_it_open() -> None:
    file = io.BytesIO(b"skipped\nx,y\n1,2\n3,4\n")
    file.readline()
    read_csv(file, max_rows=9, max_columns=9).close()
    assert not file.closed


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_endings_separators_and_bom(ending: str, separator: str, bom: str) -> None:
    text = bom + ending.join(["", "x,y", "", " 1 , 2 ", "   ", '"3",4', "", ""]).replace(",", separator)
    with read(text) as table:
        assert table.features == ["x"]
        assert [b.tolist() for b in table.blocks()] == [[[1.0, 2.0], [3.0, 4.0]]]


def test_no_ending_after_the_last_line() -> None:
    assert values("x,y\n1,2\n3,4") == [[1, 2], [3, 4]]


@pytest.mark.parametrize("raw", [b"x,y\r\n1,2\r\n3,4\r\n", "\ufeffé,y\r\n1,2\r\n3,4".encode()])
def test_endings_and_letters_cut_by_the_end_of_a_chunk(raw: bytes) -> None:
    bytewise = Pieces(raw[i : i + 1] for i in range(len(raw)))
    with read_csv(cast("BinaryIO", bytewise), max_rows=2, max_columns=2) as table:
        assert np.vstack(list(table.blocks())).tolist() == [[1, 2], [3, 4]]
        assert table.features in (["x"], ["é"])


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_comma(separator: str) -> None:
    text = "x;y\n1,5;-2,5e1\n3.5;,5\n".replace(";", separator)
    assert values(text) == [[1.5, -25.0], [3.5, 0.5]]
    assert values("1,5;2,5\n3,5;4,5\n") == [[1.5, 2.5], [3.5, 4.5]]


def test_decimal_comma_in_a_comma_file_is_refused() -> None:
    error = refused('x,y\n1,2\n"1,5",3\n')
    assert (error.row, error.column) == (3, "x")
    assert "'1,5'" in error.message
    assert "semicolons" in str(error.hint)


def test_quoting_is_respected_when_the_separator_is_looked_for() -> None:
    assert values('"a;b;c","y"\n"1","2"\n"3","4"\n') == [[1, 2], [3, 4]]
    with read('x,"why; so"\n1,";"\n2,";"\n') as table:
        assert (table.target, table.classes) == ("why; so", [";"])


def test_quoted_names_with_newlines_and_quotes() -> None:
    with read('"a ""b""\nc","d,e"\n1,2\n3,4\n') as table:
        assert (table.features, table.target) == (['a "b"\nc'], "d,e")


@pytest.mark.parametrize(
    ("text", "header", "names", "rows"),
    [
        ("1,2,3\n4,5,6\n", None, ["x1", "x2", "y"], 2),
        ("1,2,3\n4,5,6\n7,8,9\n", True, ["1", "2", "3"], 2),
        ("a,b,c\n4,5,6\n7,8,9\n", None, ["a", "b", "c"], 2),
        ("1,2,red\n4,5,blue\n", False, ["x1", "x2", "y"], 2),
    ],
)
def test_header(text: str, header: bool | None, names: list[str], rows: int) -> None:
    with read(text, header=header) as table:
        assert [*table.features, table.target] == names
        assert table.rows == rows


def test_names_of_a_file_without_header_can_be_asked_for() -> None:
    with read("1,2,3\n4,5,6\n", target="x1", features=["y"]) as table:
        assert next(table.blocks()).tolist() == [[3, 1], [6, 4]]


def test_target_and_features_by_name() -> None:
    text = "id,a,note,b\n1,2,hm,3\n4,5,,6\n"
    with read(text, target="a") as table:
        assert (table.features, table.ignored) == (["id", "b"], ["note"])
        assert next(table.blocks()).tolist() == [[1, 3, 2], [4, 6, 5]]
    with read(text, target="a", features=["b", "id"]) as table:
        assert next(table.blocks()).tolist() == [[3, 1, 2], [6, 4, 5]]


def test_columns_not_asked_for_are_not_looked_at() -> None:
    assert values("x,mixed,y\n1,a,2\n3,7,4\n5,,6\n", features=["x"]) == [[1, 2], [3, 4], [5, 6]]


def test_empty_column_is_ignored() -> None:
    with read("x,none,y\n1,,2\n3, ,4\n") as table:
        assert (table.features, table.ignored) == (["x"], ["none"])


def test_text_target_becomes_codes_of_the_sorted_labels() -> None:
    with read("x,kind\n1,red\n2, blue \n3,red\n4,Grün\n") as table:
        assert table.classes == ["Grün", "blue", "red"]
        assert [row for b in table.blocks(3) for row in b.tolist()] == [[1, 2], [2, 1], [3, 2], [4, 0]]


def test_true_and_false_are_labels_of_a_text_target() -> None:
    with read("x,y\n1,TRUE\n2,FALSE\n") as table:
        assert table.classes == ["FALSE", "TRUE"]


def test_cells_that_only_look_odd_are_read() -> None:
    assert values("x,y\n\u00a01\u00a0,+2\n'3',4\n".replace("'", '"')) == [[1, 2], [3, 4]]
    assert values('x,y\n"1\n",2\n3,1e-999\n') == [[1, 2], [3, 0]]


def test_a_huge_literal_is_read_quickly() -> None:
    assert values(f"x,y\n0.{'3' * 100_000},2\n3,4\n")[0] == [1 / 3, 2]
    assert refused(f"x,y\n0.{'3' * 100_000}x,2\n3,4\n", features=["x"]).row == 2


# ---- what is refused


@pytest.mark.parametrize(
    "cell",
    [
        "nan",
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "-1e999",
        "1_000",
        "١٢",
        "１",
        "0x1f",
        "TRUE",
        "FALSE",
        "abc",
        "1e",
        "1.2.3",
        "--",
        "1\u00a02",
        "NA",
        "?",
        "5%",
        "$5",
        "−1",
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_bad_cells_are_named(cell: str, separator: str) -> None:
    for column, line in (("x", f"{cell},6"), ("y", f"5,{cell}")):
        text = f"x,y\n1,2\n\n3,4\n{line}\n7,8\n".replace(",", separator)
        error = refused(text)
        assert (error.row, error.column) == (5, column)
        assert repr(cell) in error.message
        assert error.hint


def test_the_first_cell_of_a_mixed_column_is_named_where_it_is_the_bad_one() -> None:
    error = refused("x,y,z\n?,2,3\n4,5,6\n")
    assert (error.row, error.column) == (2, "x")
    assert "'?'" in error.message
    assert "row 3 has the number '4'" in error.message
    error = refused("x,kind\n1,red\n2,blue\n3,7\n")
    assert (error.row, error.column) == (2, "kind")
    assert "row 4 has the number '7'" in error.message


def test_a_number_too_large_does_not_make_a_text_column_mixed() -> None:
    with read("x,name,y\n1,a,2\n3,1e999,4\n") as table:
        assert table.ignored == ["name"]


@pytest.mark.parametrize(
    "labels", [["nan", "nan"], ["1_000", "2_000"], ["1e999", "inf"], ['"1,5"', '"2,5"'], ["0x1", "١"]]
)
def test_a_target_of_nothing_but_would_be_numbers_is_not_text(labels: list[str]) -> None:
    error = refused(f"x,y\n1,{labels[0]}\n2,{labels[1]}\n")
    assert (error.row, error.column) == (2, "y")


def test_long_cells_are_shown_shortened() -> None:
    error = refused("x,y\n1,2\n" + "a" * 5000 + ",3\n")
    assert len(str(error)) < 200
    assert "'aaa" in error.message


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("x,y\n1,2\n ,4\n", 3, "x"),
        ("x,y\n,2\n3,4\n", 2, "x"),
        ("x,y\n1,2\n3,\n", 3, "y"),
        ("x,y\n1,\n3,\n", 2, "y"),
        ("x,y\n1,red\n3,\n", 3, "y"),
        ("x,y\n,red\n3,blue\n", 2, "x"),
    ],
)
def test_empty_cells(text: str, row: int, column: str) -> None:
    error = refused(text)
    assert (error.row, error.column) == (row, column)
    assert error.message.startswith("empty cell")


def test_requested_features_must_be_numeric() -> None:
    error = refused("x,colour,none,y\n1,red,,2\n3,blue,,4\n", features=["x", "colour"])
    assert (error.row, error.column) == (2, "colour")
    assert "'red'" in error.message
    error = refused("x,colour,none,y\n1,red,,2\n3,blue,,4\n", features=["none"])
    assert (error.row, error.column, error.message) == (2, "none", "empty cell")


def test_unknown_columns_are_listed_with_the_nearest() -> None:
    error = refused("height,weight,y\n1,2,3\n4,5,6\n", target="HIGHT")
    assert "'HIGHT'" in error.message
    assert "'height', 'weight', 'y'" in error.message
    assert error.hint == "did you mean 'height'?"
    error = refused("height,weight,y\n1,2,3\n4,5,6\n", features=["qqq"])
    assert "'qqq'" in error.message
    assert error.hint is None
    many = ",".join(f"c{i}" for i in range(45))
    assert "'c19' and 25 more" in refused(f"{many}\n{many}\n", target="z").message


def test_features_must_not_hold_the_target_or_repeat() -> None:
    error = refused("a,b,y\n1,2,3\n4,5,6\n", target="a", features=["b", "a"])
    assert error.column == "a"
    assert "target" in error.message
    assert "twice" in refused("a,b,y\n1,2,3\n4,5,6\n", features=["b", "b"]).message


def test_names_must_be_there_and_differ() -> None:
    error = refused("a, ,y\n1,2,3\n")
    assert error.row == 1
    assert "column 2 has no name" in error.message
    error = refused("a,b, a\n1,2,3\n")
    assert (error.row, error.column) == (1, "a")
    assert "columns 1 and 3" in error.message


@pytest.mark.parametrize("features", [None, []])
def test_no_features_left(features: list[str] | None) -> None:
    assert "no feature columns" in refused("name,y\nann,1\nbob,2\n", features=features).message
    assert "no feature columns" in refused("y\n1\n2\n", features=features).message


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
    assert error.message.startswith(f"{cells} here")
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
    with pytest.raises(CsvError, match="more than 5,000 rows"):
        read_csv(cast("BinaryIO", file), max_rows=5000, max_columns=2)
    assert file.read_bytes < 40_000


def test_class_limit() -> None:
    text = "x,y\n" + "".join(f"{i},c{i}\n" for i in range(5))
    with read(text, max_classes=5) as table:
        assert table.classes == ["c0", "c1", "c2", "c3", "c4"]
    error = refused(text, max_classes=4)
    assert (error.row, error.column) == (6, "y")
    assert "more than 4" in error.message


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
    "start", [b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1\x15\x04", b"%PDF-1.7", b"\xff\xfex\0"]
)
def test_binary_files(start: bytes) -> None:
    error = refused(start + b"x,y\n1,2\n3,4\n")
    assert "not a text file" in error.message
    assert error.hint == "save it as CSV UTF-8"


def test_a_column_may_be_called_like_a_format() -> None:
    assert values("PAR1,PK\n1,2\n3,4\n") == [[1, 2], [3, 4]]


def test_nul_and_other_encodings_are_named_by_row() -> None:
    error = refused(b"x,y\n1,2\n3,\x004\n")
    assert error.row == 3
    assert "NUL" in error.message
    error = refused("x,größe\n1,2\n3,4\n".encode("latin-1"))
    assert (error.row, error.hint) == (1, "save it as CSV UTF-8")
    lines = b"".join(b"%d,2\n" % i for i in range(50_000))
    assert refused(b"x,y\n" + lines + b"\n3,\xe4\n", max_rows=10**6).row == 50_003
    assert refused(b"x,y\n1,2\n3,4\n5,\xc3").row == 4


def test_str_of_an_error_says_everything() -> None:
    error = CsvError("empty cell", row=3, column="age", hint="fill it in")
    assert str(error) == "row 3, column 'age': empty cell – fill it in"
    assert str(CsvError("empty")) == "empty"
    assert isinstance(error, ValueError)


# ---- any table

CELLS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20).map(float)
# Without line breaks, which csv.writer of Python 3.11 leaves unquoted where they are not its own line ending.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name == name.strip() and name != "")
FORMATS = st.sampled_from(("repr", ".17g", "e"))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[float]]]:
    names = ["a", *draw(st.lists(NAMES.filter(lambda name: name != "a"), min_size=1, max_size=5, unique=True))]
    row = st.lists(CELLS, min_size=len(names), max_size=len(names))
    return names, draw(st.lists(row, min_size=2, max_size=20))


@settings(deadline=None)
@given(
    tables(),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.booleans(),
    st.booleans(),
)
def test_round_trip(
    table: tuple[list[str], list[list[float]]], separator: str, ending: str, quoting: Any, comma: bool, label: bool
) -> None:
    names, rows = table
    written: list[list[Any]] = [
        [repr(v).replace(".", ",") if comma and separator != "," else v for v in r] for r in rows
    ]
    if label:
        written = [[*row[:-1], f'{"abc"[i % 3]}"\n{separator} é'] for i, row in enumerate(written)]
        rows = [[*row[:-1], float(i % 3)] for i, row in enumerate(rows)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting)
    writer.writerows([names, *written])
    with read(text.getvalue(), header=True) as read_back:
        assert [*read_back.features, read_back.target] == names
        assert read_back.rows == len(rows)
        assert [row for block in read_back.blocks(7) for row in block.tolist()] == rows
        assert (read_back.classes is not None) == label


@settings(deadline=None)
@given(st.text("0123456789+-.eE_ naif,xX٣\u00a0", max_size=6), st.sampled_from(",;"))
def test_a_number_is_a_plain_finite_literal(cell: str, separator: str) -> None:
    plain = cell.strip().replace(",", "." if separator == ";" else "x")
    try:
        value = float(plain)
        good = math.isfinite(value) and plain.isascii() and plain.replace("_", "x") == plain
    except ValueError:
        good = False
    text = f'x{separator}y\n1{separator}2\n"{cell}"{separator}3\n'
    if good:
        assert values(text) == [[1, 2], [value, 3]]
    else:
        assert refused(text).row == 3


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text('ab12.,;\t\n\r" ', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_a_csv_error(raw: bytes) -> None:
    try:
        table = read(raw)
    except CsvError:
        return
    with table:
        whole: FloatArray = np.vstack(list(table.blocks()))
    assert whole.shape == (table.rows, len(table.features) + 1)
    assert np.isfinite(whole).all()


# ---- memory


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
def test_memory_of_a_hostile_file(head: bytes, body: bytes) -> None:
    assert peak_bytes(repeated(head, body, 300)) < 16 << 20
