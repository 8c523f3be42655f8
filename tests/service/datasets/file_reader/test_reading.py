"""The CSV reader on valid files: numbers, labels, headers, separators, quotes."""

import io
import itertools
from typing import BinaryIO, cast

import numpy as np
import pytest

from service.datasets.file_reader import read_file
from tests.service.datasets.file_reader.helpers import Pieces, classes, read, refused, values


def test_plain_table() -> None:
    with read("age, size ,y\n1,2.5,-3\n4e1,.5,6.\n") as table:
        assert (table.features, table.target, classes(table), table.ignored, table.rows) == (
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
    with pytest.raises(ValueError, match="closed"):
        next(table.blocks())


def test_reading_starts_at_the_current_position_and_leaves_the_file_open() -> None:
    file = io.BytesIO(b"skipped\nx,y\n1,2\n3,4\n")
    file.readline()
    read_file(file, max_rows=9, max_columns=9).close()
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
def test_a_chunk_may_end_inside_a_line_ending_or_a_letter(raw: bytes) -> None:
    bytewise = Pieces(raw[i : i + 1] for i in range(len(raw)))
    with read_file(cast("BinaryIO", bytewise), max_rows=2, max_columns=2) as table:
        assert np.vstack(list(table.blocks())).tolist() == [[1, 2], [3, 4]]
        assert table.features in (["x"], ["é"])


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_comma(separator: str) -> None:
    text = "x;y\n1,5;-2,5e1\n3.5;,5\n".replace(";", separator)
    assert values(text) == [[1.5, -25.0], [3.5, 0.5]]
    assert values("1,5;2,5\n3,5;4,5\n") == [[1.5, 2.5], [3.5, 4.5]]


def test_decimal_comma_in_a_comma_file() -> None:
    assert values('x,y\n1,2\n"1,5",3\n') == [[1, 2], [1.5, 3]]


def test_the_search_for_the_separator_respects_quotes() -> None:
    assert values('"a;b;c","y"\n"1","2"\n"3","4"\n') == [[1, 2], [3, 4]]
    with read('x,"why; so"\n1,";"\n2,";"\n') as table:
        assert (table.target, classes(table)) == ("why; so", [";"])


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


def test_columns_of_a_file_without_header_can_be_requested_by_name() -> None:
    with read("1,2,3\n4,5,6\n", target="x1", features=["y"]) as table:
        assert (table.features, table.target) == (["y"], "x1")
        assert next(table.blocks()).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_target_and_features_by_name() -> None:
    text = "id,a,note,b\n1,2,hm,3\n4,5,,6\n"
    with read(text, target="a") as table:
        assert (table.features, table.target, table.ignored) == (["id", "b"], "a", ["note"])
        assert [column.name for column in table.columns] == ["id", "a", "b"]
        assert next(table.blocks()).tolist() == [[1, 2, 3], [4, 5, 6]]
    with read(text, target="a", features=["b", "id"]) as table:
        assert table.features == ["b", "id"]


def test_faults_of_columns_that_are_not_requested_are_no_obstacle() -> None:
    assert values("x,mixed,y\n1,a,2\n3,7,4\n5,,6\n", features=["x"]) == [[1, 2], [3, 4], [5, 6]]


def test_empty_column_is_ignored() -> None:
    with read("x,none,y\n1,,2\n3, ,4\n") as table:
        assert (table.features, table.ignored) == (["x"], ["none"])


def test_text_target_becomes_codes_of_the_sorted_labels() -> None:
    with read("x,kind\n1,red\n2, blue \n3,red\n4,Grün\n") as table:
        assert classes(table) == ["Grün", "blue", "red"]
        assert [row for b in table.blocks(3) for row in b.tolist()] == [[1, 2], [2, 1], [3, 2], [4, 0]]


def test_true_and_false_are_labels_of_a_text_target() -> None:
    with read("x,y\n1,TRUE\n2,FALSE\n") as table:
        assert classes(table) == ["FALSE", "TRUE"]


def test_unusual_but_valid_cells_are_read() -> None:
    assert values("x,y\n\u00a01\u00a0,+2\n'3',4\n".replace("'", '"')) == [[1, 2], [3, 4]]
    assert values('x,y\n"1\n",2\n3,1e-999\n') == [[1, 2], [3, 0]]


def test_a_huge_literal_is_read_quickly() -> None:
    assert values(f"x,y\n0.{'3' * 100_000},2\n3,4\n")[0] == [1 / 3, 2]
    assert refused(f"x,y\n0.{'3' * 100_000}x,2\n3,4\n", features=["x"]).row == 2
