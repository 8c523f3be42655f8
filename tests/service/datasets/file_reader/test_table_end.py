"""The end of a table: notes below it are left out, and a last row of totals is reported."""

import pytest

from tests.service.datasets.file_reader.helpers import codes, read, refused, values
from tests.service.datasets.file_reader.test_workbook import saved

ROWS = [[1, 2], [2, 4], [3, 7]]
TABLE = "x,y\n1,2\n2,4\n3,7\n"


@pytest.mark.parametrize(
    "notes",
    [
        "Source: INSEE 2020\n",
        '"* provisional, see the report"\n',
        "Source: INSEE, 2020\n",
        "Source: INSEE, 2020, page 3\n",
        "Source INSEE,\n",
        "\nData of the year 2020,\nProvisional,\n",
        "* provisional\nSource: INSEE, 2020\n",
        "[3 rows x 2 columns]\n",
        "(3 rows affected)\n",
    ],
)
def test_notes_below_a_table_of_two_columns_are_left_out_and_said(notes: str) -> None:
    with read(TABLE + notes) as table:
        assert (table.rows, codes(table)) == (3, ["comments"])
        first = 5 + (notes.startswith("\n"))
        assert table.report[0]["rows"] == list(range(first, first + notes.strip().count("\n") + 1))
    assert values(TABLE + notes) == ROWS


def test_notes_below_texts_need_a_sign_or_a_distance() -> None:
    text = "land,x,y\nPeru,1,2\nChad,2,4\nMali,3,7\n"
    for note in ("Source: UN,,\n", "\nOf the year 2020,,\n", ",,\n(1) estimated,,\n"):
        assert values(text + note) == ROWS
    assert "missing" in refused(text + "Cuba,,\n").message
    assert "missing" in refused(text + "Cuba,,\n\nSource: UN,,\n").message


def test_a_text_alone_between_the_rows_is_a_fault() -> None:
    error = refused("x,y\n1,2\nSource: INSEE\n2,4\n3,7\n")
    assert (error.row, error.message) == (3, "the row has 1 cell, the header or first row has 2")


def test_notes_of_a_sheet_are_left_out() -> None:
    content = saved({"Data": [("x", "y"), (1, 2), (2, 4), (3, 7), (), ("* provisional", None), ("Source: UN",)]})
    assert values(content) == ROWS


@pytest.mark.parametrize("rows", [100, 20_000])
def test_notes_are_found_wherever_a_block_ends(rows: int) -> None:
    text = "x,y\n" + "".join(f"{i},{i % 7}\n" for i in range(rows)) + "Source: INSEE, 2020\n* provisional,\n"
    with read(text, max_rows=30_000) as table:
        assert (table.rows, table.report[0]["rows"]) == (rows, [rows + 2, rows + 3])
        assert sum(len(block) for block in table.blocks()) == rows


@pytest.mark.parametrize(
    "text",
    [
        "name,x,y\na,1,2\nb,2,4\nc,3,7\nTotal,6,13\n",
        "name,x,y\na,1,2\nb,2,4\nc,3,7\nSum:,6.1,13.2\n",
        "name,x,y\na,1,2\nb,2,4\nc,3,7\nMoyenne,2,4.33\n",
        "name,x,y\na,1,2\nb,2,4\nc,3,7\nTout le pays,6,13\n",
        "g,x,y\na,1,2\nb,2,4\na,3,7\nTotal,6,13\n\nSource: UN,,\n",
        "x,y\n1,2\n2,4\n3,7\n6,13\n",
        "x,y\n1.1,2\n2.2,4\n3.3,7\n6.6,13\n",
    ],
)
def test_a_last_row_of_totals_is_reported(text: str) -> None:
    with read(text) as table:
        [entry] = [each for each in table.report if each["code"] == "total_row"]
        assert (table.rows, entry["rows"]) == (4, [5])
        assert entry["message"].startswith("Row 5 of the file looks like a total or a mean")


def test_a_sum_without_a_name_is_reported_where_its_gap_is_filled() -> None:
    text = "x,y\n1,2\n2,4\n3,7\n,13\n"
    with read(text, missing="mean") as table:
        assert "total_row" in codes(table)
    with read(text, missing="drop") as table:
        assert "total_row" not in codes(table)


@pytest.mark.parametrize(
    "text",
    [
        "name,x,y\na,1,2\nb,2,4\nc,3,7\nd,6,12\n",
        "rated,x,y\nAverage,1,2\nGood,2,4\nAverage,3,8\n",
        "x,y\n0,2\n0,4\n0,7\n1,13\n",
        "x,y\n1,2\n1,2\n",
        "kind,y\na,1\nb,1\na,2\nb,4\n",
        "x,y\n1e308,2\n1e308,4\n1e308,7\n1e308,9\n",
    ],
)
def test_a_last_row_of_data_is_not(text: str) -> None:
    with read(text) as table:
        assert "total_row" not in codes(table)


def test_long_records_come_in_blocks_of_few() -> None:
    text = "note,x,y\n" + "".join(f"{'t' * 60_000},{i},{i * i}\n" for i in range(40)) + "Source: UN,,\n"
    with read(text, features=["x"]) as table:
        assert (table.rows, table.report[0]["rows"]) == (40, [42])


@pytest.mark.parametrize("ruler", ["=====  =====", " -----  -----", "==== ======"])
def test_a_ruler_is_left_out_between_and_below_the_rows_as_above_them(ruler: str) -> None:
    text = f"{ruler}\nx      y\n{ruler}\n1      2\n2      4\n{ruler}\n3      7\n{ruler}\n"
    assert values(text) == ROWS
    with read(text) as table:
        [comments] = [entry for entry in table.report if entry["code"] == "comments"]
        assert comments["rows"] == [1, 3, 6, 8]


def test_a_cell_of_dashes_is_no_ruler_beside_others() -> None:
    assert "'---' is not a number" in refused("x,y\n1,2\n---,3\n3,7\n").message
