"""The CSV reader on generated files: every written table is read back, and no bytes crash the reader."""

import csv
import io
import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.datasets.file_reader import FileError
from tests.service.datasets.file_reader.helpers import classes, read, values

CELLS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20).map(float)
# Without line breaks: csv.writer of Python 3.11 quotes only those that equal its line ending.
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
    options = {"decimal": "," if comma and separator != "," else "."}  # 1,250 alone is an error that asks
    with read(text.getvalue(), header=True, features=names[:-1], **options) as read_back:
        assert [*read_back.features, read_back.target] == names
        assert read_back.rows == len(rows)
        assert [row for block in read_back.blocks(7) for row in block.tolist()] == rows
        assert (classes(read_back) is not None) == label


MISSING = {"", "NA", "na", "nan", "NaN", "-nan", "-", "--", "?", "."}


@settings(deadline=None)
@given(st.text("0123456789+-.eE_ naif,xX٣\u00a0", max_size=6), st.sampled_from(",;"))
def test_a_plain_literal_is_its_number(cell: str, separator: str) -> None:
    text = f'x{separator}y\n1{separator}2\n"{cell}"{separator}3\n5{separator}4\n'
    try:
        value = float(cell)
        plain = math.isfinite(value) and cell.isascii() and "_" not in cell
    except ValueError:
        plain = False
    if plain:
        assert values(text) == [[1, 2], [value, 3], [5, 4]]
        return
    fault = None
    try:
        with read(text, missing="drop") as table:
            found = [row[0] for block in table.blocks() for row in block.tolist()]
    except FileError as error:
        fault = error
    if fault is not None:
        assert (fault.row, fault.column) == (3, "x")
    else:  # a gap, or a number in another notation
        assert (found == [1, 5]) == (cell.strip() in MISSING)
        assert len(found) in {2, 3}


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text('ab12.,;\t\n\r" ', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_a_csv_error(raw: bytes) -> None:
    try:
        table = read(raw)
    except FileError:
        return
    with table:
        whole: NDArray[np.float64] = np.vstack(list(table.blocks()))
    assert whole.shape == (table.rows, len(table.columns))
    assert np.isfinite(whole).all()
