"""Times of dates: what is no time of the day makes a column a text."""

import pytest

from tests.service.datasets.file_reader.helpers import read


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
