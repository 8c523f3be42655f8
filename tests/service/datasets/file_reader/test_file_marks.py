"""Commas and dots whose meaning one column leaves open: other columns and the separator decide, or an error asks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.datasets.file_reader import FileError
from tests.service.datasets.file_reader.helpers import codes, faults, read, refused, values


@pytest.mark.parametrize(
    ("text", "row", "column", "cell", "parameter"),
    [
        ("Preis;Menge\n1.299;1,5\n2.450;2\n", 2, "Preis", "1.299", "decimal=,"),
        ("x;y\n1,250;1\n2,500;2\n3;3\n", 2, "x", "1,250", "decimal=,"),
        ("x;y\n3;1\n1.250;2\n", 3, "x", "1.250", "thousands=."),
        ("x\ty\n3\t1\n1.250\t2\n", 3, "x", "1.250", "decimal=."),
        ("x|y\n3|1\n1,250|2\n", 3, "x", "1,250", "decimal=,"),
        ('x,y\n"1,250","1,5"\n"2,500",2\n', 2, "x", "1,250", "thousands=,"),
        ('x,y\n1.250,"1,5"\n2.500,2\n', 2, "x", "1.250", "decimal=,"),
        ("x;y\n1,250;0.5\n2,500;2\n", 2, "x", "1,250", "decimal=."),
        ("x;y;z\n1,250;0.5;0,5\n2,500;2;1\n", 2, "x", "1,250", "one decimal mark"),
        ("x;y\n€1,250;0,5\n€2,500;2\n", 2, "x", "€1,250", "decimal=,"),
        ("x,y\n$1.250,1\n$2.500,2\n", 2, "x", "$1.250", "decimal=."),
    ],
)
def test_doubtful_marks_are_asked_for(text: str, row: int, column: str, cell: str, parameter: str) -> None:
    [error] = faults(text)
    assert (error.row, error.column) == (row, column)
    assert f"{cell!r} may be " in error.message
    assert parameter in str(error.hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x;y\n1,250;1,5\n2,500;2\n", [[1.25, 1.5], [2.5, 2]]),
        ("x\ty\n1,250\t1,5\n2,500\t2\n", [[1.25, 1.5], [2.5, 2]]),
        ("x\ty\n1,250\t1.5\n2,500\t2\n", [[1250, 1.5], [2500, 2]]),
        ("x;y\n1.250;1.5\n2.500;2\n", [[1.25, 1.5], [2.5, 2]]),
        ("x,y\n1.250,1\n2.500,2\n", [[1.25, 1], [2.5, 2]]),
        ("x y\n1.250 1\n2.500 2\n", [[1.25, 1], [2.5, 2]]),
        ('x,y\n"1,250",1\n"2,500",2\n', [[1250, 1], [2500, 2]]),
        ("x;y\n1.250;1.250.000\n2.500;2\n", None),
    ],
)
def test_other_columns_decide_where_no_doubt_remains(text: str, expected: Any) -> None:
    if expected is None:
        assert "decimal=," in str(refused(text).hint)
    else:
        assert values(text) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"decimal": ","}, [[1299, 1.5], [2450, 2]]), ({"decimal": ",", "thousands": "none"}, None)],
)
def test_the_answer_to_the_question(query: dict[str, Any], expected: Any) -> None:
    text = "Preis;Menge\n1.299;1,5\n2.450;2\n"
    if expected is None:
        assert refused(text, **query).column == "Preis"
    else:
        assert values(text, **query) == expected
        with read(text, **query) as table:
            assert codes(table) == ["thousands_dot", "decimal_comma"]


def test_thousands_of_a_long_file_are_asked_for() -> None:
    rows = "".join(f"{100 + i % 800}.{i % 1000:03};{i}\n" for i in range(30_000))
    error = refused(f"price;y\n{rows}", max_rows=10**6)
    assert (error.row, error.column) == (2, "price")
    assert "100.000" in error.message


@pytest.mark.parametrize(
    "text",
    [
        "Preis,Menge\n1,5,2,5\n3,5,4,5\n",
        "Preis,Menge\n1,5,2\n3,5,4\n",
        "Preis\n1,5\n3,5\n",
        "Preis,Menge,Ort\n1,5,2,5,3\n3,5,4,5,6\n",
    ],
)
@pytest.mark.parametrize("header", [None, True])
def test_unquoted_decimal_commas_are_no_cells(text: str, header: bool | None) -> None:
    error = refused(text, header=header)
    assert "name" in error.message
    assert '"1,5"' in str(error.hint)


def test_a_title_stands_apart_or_above_a_header() -> None:
    for title in ("Heights of plants\n\n", "Heights,plants\na,b,c,d\n", "3,plants\n", "3\n"):
        with read(f"{title}1,2,5,8\n2,4,6,9\n3,7,9,1\n") as table:
            assert table.rows == 3
            assert codes(table)[0] == "title"
    with read("Heights\n1,2\n2,4\n3,7\n", header=False) as table:
        assert (table.rows, codes(table)) == (3, ["title", "no_header"])


ENGLISH, GERMAN = (",", "."), (".", ",")
LOCALES = [(separator, marks) for separator in ";\t|" for marks in (ENGLISH, GERMAN)] + [(",", ENGLISH), (" ", ENGLISH)]


def written(value: int, places: int, marks: tuple[str, str], grouped: bool) -> str:
    """The number value/10^places with marks between thousands and decimals."""
    group, decimal = marks
    whole, rest = divmod(abs(value), 10**places)
    text = f"{whole:,}".replace(",", group) if grouped else str(whole)
    return f"{'-' * (value < 0)}{text}{f'{decimal}{rest:0{places}}' if places else ''}"


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, list[list[float]]]:
    """A file in which all numbers follow one locale, its decimal mark, and its numbers."""
    separator, marks = draw(st.sampled_from(LOCALES))
    rows = draw(st.integers(2, 4))
    cells, numbers = [], []
    for _ in range(draw(st.integers(2, 3))):
        places, grouped = draw(st.sampled_from([0, 0, 1, 3])), draw(st.booleans())
        column = draw(st.lists(st.integers(-2_000_000, 2_000_000), min_size=rows, max_size=rows, unique=True))
        cells.append([f'"{written(value, places, marks, grouped)}"' for value in column])
        numbers.append([value / 10**places for value in column])
    lines = [separator.join(line) for line in zip(*cells, strict=True)]
    names = separator.join(f"c{j}" for j in range(len(cells)))
    return "\n".join([names, *lines, ""]), marks[1], [list(row) for row in zip(*numbers, strict=True)]


@settings(deadline=None, max_examples=200)
@given(tables())
def test_numbers_of_one_locale_are_read_as_meant_or_asked_for(table: tuple[str, str, list[list[float]]]) -> None:
    text, decimal, expected = table
    try:
        found = values(text)
    except FileError:
        found = values(text, decimal=decimal)
        assert all("decimal=" in str(fault.hint) for fault in faults(text))
    assert found == expected
