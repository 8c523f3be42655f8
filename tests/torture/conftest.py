"""Fault injection suites, which run only by name: `make torture`, or `pytest tests/torture`.

A mark gives the full number of cases and the minimum that covers every case: `@pytest.mark.torture(2_000, least=80)`.
`cases` is the full number times TORTURE_SHARE, and at least the minimum; TORTURE_SHARE=0 gives the minimum.
The final table lists the figures in `measured`; a missed bar fails the test.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.torture import report
from tests.torture.report import Line, Measured

HERE = Path(__file__).parent
SHARE = float(os.environ.get("TORTURE_SHARE", "1"))
LINES: list[Line] = []
SECONDS: dict[str, float] = {}


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Skips these suites, which take two hours, unless the command names them."""
    named = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> int:
    """The number of cases that the test runs."""
    mark = request.node.get_closest_marker("torture")
    assert mark is not None, "a torture test says its numbers: @pytest.mark.torture(2_000, least=80)"
    full: int = mark.args[0]
    least: int = mark.kwargs["least"]
    return max(least, round(full * SHARE))


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Iterator[Measured]:
    """Collects the test's figures for the table; a missed bar fails the test at its end."""
    found = Measured(request.node.name)
    yield found
    LINES.extend(found.lines)
    assert not found.missed, "; ".join(found.missed)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not report.nodeid.startswith("tests/torture/"):
        return
    suite = report.nodeid.split("::")[-1]
    SECONDS[suite] = SECONDS.get(suite, 0.0) + report.duration
    if report.outcome != "passed":
        LINES.append(Line(suite, str(report.when), report.outcome, "passed", met=False))
    if report.when == "teardown":
        LINES.append(Line(suite, "took", f"{SECONDS[suite]:,.1f} s"))


def pytest_terminal_summary() -> None:
    if LINES:
        report.show(LINES, SHARE)
        report.write(LINES, SHARE, HERE.parent.parent / "build" / "torture.md")
