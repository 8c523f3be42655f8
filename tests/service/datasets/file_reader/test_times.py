"""Times of dates: what is no time of the day makes a column a text."""

from datetime import date, timedelta

import pytest

from tests.service.datasets.file_reader.helpers import codes, read, refused, values

FIRST = date(2000, 1, 1)


def dates(count: int, start: int = 0) -> list[str]:
    return [f"{FIRST + timedelta(days=number)}" for number in range(start, start + count)]


@pytest.mark.parametrize("count", [20, 21, 999])
@pytest.mark.parametrize("is_target", [False, True])
def test_a_column_may_have_any_number_of_dates(count: int, *, is_target: bool) -> None:
    names = "x,when" if is_target else "when,x"
    lines = (f"{number},{day}" if is_target else f"{day},{number}" for number, day in enumerate(dates(count)))
    found = values("\n".join([names, *lines]), dates="days")
    assert [row[is_target] for row in found] == [10957.0 + number for number in range(count)]


def test_a_target_has_more_dates_than_classes_and_many_blocks_of_rows() -> None:
    """The first blocks have few dates, so the column could be one of categories."""
    days = [*["2000-01-01"] * 30_000, *dates(2_000)]
    text = "\n".join(["x,when", *(f"{number},{day}" for number, day in enumerate(days))])
    found = values(text, dates="days", max_rows=50_000)
    assert [day for _, day in found] == [*[10957.0] * 30_000, *(10957.0 + number for number in range(2_000))]


def test_many_dates_with_a_gap_lose_one_row() -> None:
    days = [*dates(30), "NA", *dates(30, 30)]
    text = "\n".join(["when,y", *(f"{day},{number}" for number, day in enumerate(days))])
    found = values(text, dates="days", missing="drop")
    assert [day for day, _ in found] == [10957.0 + number for number in range(60)]


@pytest.mark.parametrize("cell", ["2020-02-30", "soon", "2020-01-01 00:00:00+0", "17"])
@pytest.mark.parametrize("count", [3, 40])
def test_the_cell_that_is_no_date_is_named(cell: str, count: int) -> None:
    lines = [*dates(count), cell, "NA", *dates(count)]
    text = "\n".join(["x,when,y", *(f"{number},{day},{number}" for number, day in enumerate(lines))])
    with read(text, dates="days", missing="drop") as table:
        assert table.ignored == ["when"]
        [entry] = [entry for entry in table.report if entry["code"] == "unclear_column"]
        assert f"{cell!r} is not a date" in entry["message"]
        assert entry["rows"] == [count + 2]
    error = refused(text, dates="days", missing="drop", features=["when"])
    assert (error.row, error.column) == (count + 2, "when")
    assert str(error.hint).startswith("write dates as 2020-12-31")


def test_some_dates_among_texts_are_texts() -> None:
    lines = ["soon", "late", "never", "2020-01-01"] * 3
    text = "\n".join(["when,y", *(f"{when},{number}" for number, when in enumerate(lines))])
    with read(text, dates="days") as table:
        assert "when=late" in table.features


def test_many_dates_and_a_text_are_left_out() -> None:
    text = "\n".join(["x,when,y", *(f"{number},{day},{number}" for number, day in enumerate([*dates(40), "soon"]))])
    with read(text, dates="days") as table:
        assert table.ignored == ["when"]
        assert "unclear_column" in codes(table)


@pytest.mark.parametrize(
    ("when", "days"),
    [("1970-01-02 24:00", 2.0), ("1970-01-02T06:00:00Z", 1.25), ("1970-01-02T06:00+06:00", 1.0)],
)
def test_a_time_is_a_part_of_a_day(when: str, days: float) -> None:
    with read(f"when,y\n{when},1\n1970-01-01 00:00,2\n1970-01-05 00:00,4\n", dates="days") as table:
        assert next(iter(table.blocks()))[0].tolist() == [days, 1.0]


@pytest.mark.parametrize("when", ["1970-01-02 24:59", "1970-01-02T06:00+99:99", "1970-01-02T06:00+14:30"])
def test_no_time_is_read_from_impossible_digits(when: str) -> None:
    with read(f"x,when,y\n1,{when},1\n2,1970-01-01 00:00,2\n3,1970-01-05 00:00,4\n", dates="days") as table:
        assert table.features == ["x"]
        assert table.ignored == ["when"]
