"""Commas and dots whose meaning one column leaves open: other columns and the separator decide, or an error asks."""

from typing import Any

import pytest

from tests.service.datasets.csv_reader.helpers import codes, faults, read, refused, values


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
