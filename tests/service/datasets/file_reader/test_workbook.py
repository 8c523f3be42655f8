"""Excel workbooks: values as of the same CSV file, the choice of a sheet, and limits on what a workbook holds."""

import datetime
import io
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from service.datasets.file_reader import FileError, workbook_parts
from tests.service.datasets.file_reader.helpers import classes, codes, read, refused, values


def saved(sheets: dict[str, Iterable[Sequence[Any]]]) -> bytes:
    """A workbook with these sheets."""
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(content: bytes, part: str, replacement: bytes) -> bytes:
    """The workbook with other content of one part."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), part}:
            new.writestr(name, replacement if name == part else old.read(name))
    return file.getvalue()


NOON = datetime.datetime.fromisoformat("2020-01-03T12:00")
PLAIN = [("x", "y"), (1, 2.5), (2, 4), (3, 7)]
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


def test_a_sheet_is_read_as_the_same_csv_file() -> None:
    rows = [
        ("Heights",),
        (),
        ("", "when", "big", "flag", "kind", "gap", "y"),
        (1, datetime.date(2020, 1, 1), 1e20, True, "ä", 0.1, 1),
        (2, datetime.date(2020, 1, 2), 1 / 3, False, "b", None, 2),
        (3, NOON, -5, False, "b", 3, 5),
    ]
    with read(saved({"Data": rows}), dates="days", missing="drop") as table:
        assert [column.name for column in table.columns] == ["when", "big", "flag", "kind", "gap", "y"]
        assert table.columns[3].categories == ["b", "ä"]
        assert next(table.blocks()).tolist() == [[18262, 1e20, 1, 1, 0.1, 1], [18264.5, -5, 0, 0, 3, 5]]
        assert {"sheet", "title", "index_column", "days", "truths", "missing_dropped"} <= set(codes(table))


def test_the_sheet_is_chosen_by_name() -> None:
    content = saved({"Notes": [("a", "b"), (1, 2), (3, 4)], "Data": PLAIN})
    assert values(content) == [[1, 2], [3, 4]]
    with read(content, sheet="Data") as table:
        assert table.rows == 3
        assert (
            table.report[0]["message"]
            == "The sheet 'Data' of the Excel workbook is read. The workbook also has 'Notes'."
        )
    error = refused(content, sheet="Dat")
    assert error.message == "unknown sheet 'Dat'; the sheets are 'Notes', 'Data'"


def test_an_empty_first_sheet_is_passed_over_if_one_other_has_content() -> None:
    with read(saved({"Cover": [], "Data": PLAIN, "Blank": [(" ",)]})) as table:
        assert table.rows == 3
        assert "'Data' of the Excel workbook is read" in table.report[0]["message"]
    error = refused(saved({"Cover": [], "Data": PLAIN, "More": PLAIN}))
    assert (error.message, error.hint) == (
        "the sheet 'Cover' is empty",
        "choose another one by ?sheet=: 'Data', 'More'",
    )
    assert refused(saved({"Cover": [], "Data": PLAIN}), sheet="Cover").message == "the sheet 'Cover' is empty"
    assert refused(saved({"Cover": [], "More": []})).message == "the file is empty"


def test_a_hidden_sheet_is_not_the_first_one() -> None:
    book = load_workbook(io.BytesIO(saved({"Lists": [("a", "b"), (1, 2), (3, 4)], "Data": PLAIN})))
    book["Lists"].sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    assert values(file.getvalue()) == [[1, 2.5], [2, 4], [3, 7]]
    assert values(file.getvalue(), sheet="Lists") == [[1, 2], [3, 4]]


@pytest.mark.parametrize("first", [10**15, 9007199254740993, -(2**60)])
def test_numbers_of_a_sheet_that_lost_digits_are_named(first: int) -> None:
    with read(saved({"Data": [("id", "y"), *((first + i, i) for i in range(4))]})) as table:
        [note] = [entry for entry in table.report if entry["code"] == "excel_digits"]
        assert note["columns"] == ["id"]
    with read(saved({"Data": [("id", "y"), (10**15 - 1, 1), (2, 2), (1e25, 3)]})) as table:
        assert codes(table) == ["sheet"]
    with read(saved({"Data": [("id", "y"), (f"{2**53 + 1}", 1), (2, 2)]})) as table:
        assert codes(table) == ["sheet", "rounded_integers"]


def test_many_rows() -> None:
    content = saved({"Data": [("x", "kind"), *((i / 8, "ab"[i % 2]) for i in range(3000))]})
    with read(content, max_rows=5000) as table:
        assert (table.rows, classes(table)) == (3000, ["a", "b"])
    assert "more than 1,000 rows" in refused(content, max_rows=1000).message


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        ("xl/sharedStrings.xml", b" " * (workbook_parts.MAX_TEXT_BYTES + 1)),
        ("xl/styles.xml", b" " * (workbook_parts.MAX_PART_BYTES + 1)),
        ("xl/worksheets/sheet1.xml", SHEET % (b"<row>" + b"<c/>" * 1_100_000 + b"</row>")),
        ("xl/worksheets/sheet1.xml", SHEET % (b"<row/>" * 1_100_000)),
        ("xl/worksheets/sheet1.xml", SHEET % (b"<row>" + (b"<c/>" * 250_000 + b"<row/>") * 5 + b"</row>")),
        ("xl/worksheets/sheet1.xml", SHEET % (b"<row>" + (b"<c/>" * 250_000 + b"<!--</row><row>-->") * 5 + b"</row>")),
        ("xl/worksheets/sheet1.xml", SHEET % (b"<row>" + (b"<c/>" * 250_000 + b"<?a </row><row>?>") * 5 + b"</row>")),
        (
            "xl/worksheets/sheet1.xml",
            SHEET % (b"<row><c t='inlineStr'><is><t>" + b"a" * 5_000_000 + b"</t></is></c></row>"),
        ),
    ],
    ids=["texts", "styles", "cells", "rows", "nested rows", "comments", "instructions", "one cell"],
)
def test_a_workbook_that_would_need_much_memory_is_refused(part: str, replacement: bytes) -> None:
    error = refused(changed(saved({"Data": PLAIN}), part, replacement))
    assert "too " in error.message
    assert error.hint


ROW = "<row r='%s'><c t='n'><v>1</v></c><c t='n'><v>2</v></c></row>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("last", ["3000000000", "9" * 20])
def test_a_row_beyond_those_of_excel_is_refused_at_once(last: str, encoding: str) -> None:
    head = "" if encoding == "utf-8" else "<?xml version='1.0' encoding='utf-16'?>"
    sheet = head + SHEET.decode() % "".join(ROW % number for number in (1, 2, last))
    content = changed(saved({"Data": PLAIN}), "xl/worksheets/sheet1.xml", sheet.encode(encoding))
    assert "too many rows" in refused(content).message


@pytest.mark.parametrize("numbers", [(1, 2, 4, 3, 5), (1, 2, 2, 3)])
def test_rows_out_of_order_are_refused(numbers: tuple[int, ...]) -> None:
    sheet = SHEET % "".join(ROW % number for number in numbers).encode()
    assert "out of order" in refused(changed(saved({"Data": PLAIN}), "xl/worksheets/sheet1.xml", sheet)).message


def test_a_sheet_may_leave_rows_out() -> None:
    sheet = SHEET % "".join(ROW % number for number in (1, 2, 3, 5, 6)).encode()
    assert len(values(changed(saved({"Data": PLAIN}), "xl/worksheets/sheet1.xml", sheet))) == 5


@pytest.mark.parametrize(
    ("part", "kind", "content"),
    [
        ("xl/worksheets/sheet1.xml", "sheet", SHEET % (b"<row>" + b"<c/>" * 1_100_000 + b"</row>")),
        ("xl/sharedStrings.xml", "texts", b"<sst>" + b"<si><t>a</t></si>" * 1_100_000 + b"</sst>"),
    ],
)
@pytest.mark.parametrize("name", ["xl/data.bin", "xl/worksheets/other.xml"])
def test_the_limits_hold_for_parts_of_any_name(part: str, kind: str, content: bytes, name: str) -> None:
    whole = changed(saved({"Data": [*PLAIN, ("a", "b")]}), part, content)
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            names = old.read(each).replace(part.encode(), name.encode())
            new.writestr(
                name if each == part else each, names if each.startswith(("[", "xl/_rels")) else old.read(each)
            )
    assert "too " in refused(file.getvalue()).message, kind


def test_a_picture_in_a_workbook_is_no_sheet() -> None:
    picture = b"\x89PNG" + bytes(workbook_parts.MAX_PART_BYTES)
    assert values(changed(saved({"Data": PLAIN}), "xl/media/image1.png", picture)) == [[1, 2.5], [2, 4], [3, 7]]


def test_a_workbook_is_limited_in_decompressed_bytes() -> None:
    assert "exceeds 1,000 bytes" in refused(saved({"Data": PLAIN}), max_bytes=1000).message


def test_an_entity_bomb_is_refused() -> None:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10 if i else b"a" * 100) for i in range(12))
    sheet = b"<!DOCTYPE b [" + entities + b"]>" + SHEET % b"<row><c t='str'><v>&a11;</v></c></row>"
    assert "wrong structure" in refused(changed(saved({"Data": PLAIN}), "xl/worksheets/sheet1.xml", sheet)).message


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml"]
)
@pytest.mark.parametrize("replacement", [b"", b"<a>", b"\xff\xfe", b"<a xmlns='b'/>"])
def test_a_damaged_workbook_is_read_or_refused(part: str, replacement: bytes) -> None:
    content = changed(saved({"Data": PLAIN}), part, replacement)
    if part == "xl/styles.xml" and replacement.endswith(b"/>"):
        return
    assert refused(content).hint


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_flipped_bytes_of_a_workbook_are_refused_as_damage_or_change_nothing(place: int) -> None:
    rows = [("x", "y"), *((n, n * n) for n in range(60))]
    content = bytearray(saved({"Data": rows}))
    first = content.index(b"xl/worksheets/sheet1.xml") + place
    content[first : first + 8] = bytes(byte ^ 0xFF for byte in content[first : first + 8])
    with suppress(FileError), read(bytes(content)) as table:
        assert next(table.blocks()).tolist() == [list(row) for row in rows[1:]]


def test_other_zip_files_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.csv", "x,y\n1,2\n3,4\n")
    assert "not an Excel workbook" in refused(file.getvalue()).message
    whole = saved({"Data": PLAIN})
    for content in (b"PK\x03\x04" + bytes(100), whole[: len(whole) // 2]):
        assert refused(content).message == "the Excel workbook is damaged"


@pytest.mark.parametrize(("text", "english"), [("1,250", 1250.0), ("1.250", 1.25)])
def test_texts_among_numbers_of_a_sheet_are_asked_for(text: str, english: float) -> None:
    content = saved({"Data": [("x", "z", "y"), (1.5, 0.125, 1), (text, 1.5, 2), (3, 2, 4)]})
    error = refused(content)
    assert (error.row, error.column) == (3, "x")
    assert f"'{text}' may be 1.250 or 1250" in error.message
    for decimal, expected in ((".", english), (",", 1251.25 - english)):
        assert values(content, decimal=decimal) == [[1.5, 0.125, 1], [expected, 1.5, 2], [3, 2, 4]]


@pytest.mark.parametrize("text", ["31,5", "€ 2.375,50", "1.234.567"])
def test_a_number_of_a_cell_never_gets_thousands(text: str) -> None:
    rows = [("x", "y"), (1.125, 1), (2.375, 2), (text, 4), (3.5, 8)]
    try:
        with read(saved({"Data": rows})) as table:
            found = next(table.blocks())[:2, table.features.index("x")].tolist() if "x" in table.features else []
    except FileError:
        return
    assert found in ([], [1.125, 2.375])
