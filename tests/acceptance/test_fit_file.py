"""`descent fit FILE`: what the service understood of the file, and the result."""

from pathlib import Path

from service.testing.live_server import Service
from tests.acceptance.test_command_line import descent


def test_fit_prints_what_the_service_understood(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "plants.csv"
    rows = "".join(f"{i};{'ab'[i % 2]};{i},5;{2 * i + i % 2}\n" for i in range(1, 13))
    file.write_text(f";kind;age;height\n{rows}13;a;NA;4\n")
    done = descent("fit", str(file), "--url", service.url)
    assert done.returncode == 1
    assert done.stderr.startswith("row 14, column age: 1 value is missing (row 14 of the file)")
    assert "missing=drop" in done.stderr
    done = descent("fit", str(file), "--missing", "drop", "--reading", "target=age", "--url", service.url)
    assert done.returncode == 0, done.stderr
    first, *report = done.stdout.splitlines()
    assert first == "12 rows: age by kind=b, height"
    assert report[0].startswith("  Column 'kind': each text is a feature of 0 and 1")
    assert "  Column 'column 1' has the numbers or names of the rows and is left out." in report
    assert any(line.startswith("finished: 100 steps") for line in report)


def test_a_parameter_without_a_value_is_refused(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n2,3\n")
    done = descent("fit", str(file), "--reading", "days", "--url", service.url)
    assert done.returncode == 1
    assert "--reading: 'days'" in done.stderr
