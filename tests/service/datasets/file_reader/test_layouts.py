"""Layouts of files: index columns, headers, comments, separators; and text encodings."""

import pytest

from service.core.translation import translated
from tests.service.datasets.file_reader.helpers import codes, read, refused, values

ROWS = [[1, 2], [2, 4], [3, 7]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"","x","y"\n"a",1,2\n"b",2,4\n"c",3,7\n', "index_column"),
        ("Unnamed: 0,x,y\n0,1,2\n1,2,4\n2,3,7\n", "index_column"),
        ('"x" "y"\n"1" 1 2\n"2" 2 4\n"3" 3 7\n', "index_column"),
        ("# by hand\nx,y\n1,2\n2,4\n3,7\n", "comments"),
        ("x,y\n1,2\n# moved\n2,4\n3,7\n", "comments"),
        ("# x,y\n1,2\n2,4\n3,7\n", "header_in_comment"),
        ("Heights of plants\n\nx,y\n1,2\n2,4\n3,7\n", "title"),
        ("Heights,\nx,y\n1,2\n2,4\n3,7\n", "title"),
        ("sep=|\nx|y\n1|2\n2|4\n3|7\n", "separator_line"),
        ("x  y\n1  2\n2   4\n 3 7 \n", "separator"),
        ("x,y\n1,2,,\n2,4,,\n3,7,,\n", "trailing_separators"),
        ("x,y,\n1,2\n2,4\n3,7\n", "trailing_separators"),
        ("x,y\n1,2\n,\n2,4\n3,7\n", "blank_rows"),
        ("x,y\n1,2\n2,4\n3,7\n\x1a", ""),
    ],
)
def test_layouts_that_programs_write(text: str, code: str) -> None:
    with read(text) as table:
        assert (table.features, table.target) == (["x"], "y")
        assert [row for block in table.blocks() for row in block.tolist()] == ROWS
        assert code in codes(table) or not code


def test_the_index_can_be_requested() -> None:
    with read(",x,y\n5,1,2\n6,2,4\n", features=["column 1"]) as table:
        assert (table.features, next(table.blocks()).tolist()) == (["column 1"], [[5, 1, 2], [6, 2, 4]])


def test_the_numbers_of_the_rows_are_the_feature_of_a_single_column() -> None:
    with read('"","flow"\n"1",735\n"2",320\n') as table:
        assert (table.features, table.target, codes(table)) == (["column 1"], "flow", ["row_numbers"])
    assert "no feature columns" in refused('"","flow"\n"a",735\n"b",320\n').message


def test_notes_below_the_table_are_left_out() -> None:
    with read("a,x,y\n1,2,3\n2,3,5\nSource: the office of statistics\n") as table:
        assert (table.rows, table.report) == (
            2,
            [
                {
                    "code": "comments",
                    "message": "Comments and notes between or below the rows are left out: row 4 of the file.",
                    "rows": [4],
                }
            ],
        )


def test_a_first_line_of_counts_is_left_out() -> None:
    with read("3,2,bad,good\n1,2,3,4,5,0\n2,3,4,1,6,1\n4,5,6,7,8,1\n") as table:
        assert (table.rows, table.features[0], codes(table)) == (3, "x1", ["title", "no_header"])


def test_constant_columns_remain_if_there_is_no_other_feature() -> None:
    with read("a,b,y\n1,2,3\n1,2,4\n") as table:
        assert (table.features, table.ignored, codes(table)) == (["a", "b"], [], ["constant_column"])


def test_a_sentence_about_several_columns_is_in_the_plural_and_has_their_names_as_they_are() -> None:
    with read("who has,b,y\n1,2,3\n1,2,4\n") as table:
        assert table.report[0]["message"] == "Columns 'who has', 'b' have the same value in every row."
    with read("a,what is a,b,y\n1,,,3\n2,2,4,4\n3,3,5,9\n", features=["a"]) as table:
        [entry] = table.report
        ending = "are not among the features, have missing values and are left out."
        assert entry["message"] == f"Columns 'what is a', 'b' {ending}"
        assert translated(entry["message"], "fr").startswith("Les colonnes 'what is a', 'b' ne sont pas parmi")


def test_names_are_mended() -> None:
    with read("a,a,,a,y\n1,2,3,4,5\n5,4,3,1,2\n0,1,0,2,1\n") as table:
        assert table.features == ["a", "a_2", "column 3", "a_3"]
        assert codes(table) == ["duplicate_names", "unnamed_columns"]
        assert table.report[0].get("rows") == [1]


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("5.1,a\n4.9,b\n4.7,a\n", ["x1", "y"], 3),
        ("M,0.4,15\nF,0.5,7\nM,0.3,9\n", ["x1", "x2", "y"], 3),
        ("?,0.4,15\n1,0.5,7\n2,0.3,9\n3,0.1,2\n", ["x1", "x2", "y"], 4),
        ("x,5\n1,2\n3,4\n", ["x", "5"], 2),
        ("land,1960,1961,1962\nA,4.8,4.6,4.5\nB,7.4,7.2,7.0\n", ["1960", "1961", "1962"], 2),
        (',"1940","1950"\nfood,22.2,59.6\nhealth,3.53,9.71\n', ["1940", "1950"], 2),
        ("a,b\nu,v\nw,v\nu,v\nu,q\n", ["a", "b"], 4),
    ],
)
def test_the_search_for_the_header(text: str, names: list[str], rows: int) -> None:
    with read(text, missing="drop") as table:
        assert [column.name for column in table.columns] == names
        assert table.rows + table.columns[0].missing == rows


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = "größe,name\r\n1.5,ä\r\n2.5,b\r\n3.5,ä\r\n"
    with read(text.encode(encoding)) as table:
        assert (table.features, table.columns[1].categories) == (["größe"], ["b", "ä"])
        assert codes(table) == ["encoding"]
        assert table.rows == 3


def test_utf_16_with_many_rows() -> None:
    text = "x;y\n" + "".join(f"{i},5;{i}\n" for i in range(20_000))
    assert values(text.encode("utf-16-be"), max_rows=10**6)[-1] == [19_999.5, 19_999]


def test_text_that_is_part_utf_8_is_refused() -> None:
    error = refused("é,y\n1,2\n".encode() + b"\xe9,3\n")
    assert (error.row, error.message) == (3, "the text is not UTF-8")


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ("1990,1991,1992", ["12,13,14", "10,11,12", "9,9,10"]),
        ("1990,1991", ["12,13", "10,11", "9,10"]),
        ("1990,1995,2001", ["12.5,13,14", "10,11,12", "9,9,10"]),
        ("land,1990,1991", ["a,12,13", "b,10,11", "a,9,10"]),
        ("land,1990,1995,2001", ["a,12,13,14", "b,10,11,12", "a,9,9,10"]),
        ("land,1960,1961,1962", ["a,1543,1611,2900", "b,320,411,1712", "a,5100,6002,1999.5"]),
        ("0,1,2", ["5.1,3,1", "4,2.5,1", "3,1,7"]),
    ],
)
def test_numbers_above_other_numbers_are_names(names: str, rows: list[str]) -> None:
    with read("\n".join([names, *rows])) as table:
        assert [column.name for column in table.columns] == names.split(",")
        assert (table.rows, codes(table)[0]) == (3, "numbers_as_names")
        assert "?header=false" in table.report[0]["message"]
    with read("\n".join([names, *rows]), header=False) as table:
        assert (table.rows, codes(table)[0]) == (4, "no_header")


@pytest.mark.parametrize(
    "rows",
    [
        ["1990,1991,1992", "1991,1992,1993", "1992,1993,1994"],
        ["a,1960,1961,1962", "b,1961,1962,1963", "a,1962,1963,1964"],
        ["1990,5", "1991,6", "1992,7"],
        ["1800,1650", "950,900", "720,640"],
        ["1990,1991,1999", "1990,13,14", "1991,14,15"],
        ["0,1,2", "1,2,3", "5,6,7"],
        ["a,1800", "b,2500", "a,3100"],
    ],
)
def test_years_among_years_are_data(rows: list[str]) -> None:
    with read("\n".join(rows)) as table:
        assert (table.rows, codes(table)[0]) == (3, "no_header")


def test_a_sample_below_the_header_counts_as_rows() -> None:
    assert "more than 3 rows" in refused("1990,1991\n" + "1,2\n" * 5, max_rows=3).message
