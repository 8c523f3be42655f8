"""How often something may happen in any minute."""

import pytest

from service.api import rate_limit
from service.api.rate_limit import Rate


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time as the rates see it."""
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    return clock


def test_in_no_minute_are_there_more_than_may_be(clock: Clock) -> None:
    rate, taken = Rate(5), []
    for _ in range(2000):
        clock.now += 0.37
        if rate.seconds_to_wait("a") == 0:
            taken.append(clock.now)
    assert all(last - first >= 60 for first, last in zip(taken, taken[5:], strict=False))
    assert len(taken) >= 5 * (2000 * 0.37 // 61)


def test_who_waits_as_told_may(clock: Clock) -> None:
    rate = Rate(2)
    assert rate.seconds_to_wait("a") == 0
    clock.now += 20
    assert rate.seconds_to_wait("a") == 0
    clock.now += 10
    assert rate.seconds_to_wait("a") == pytest.approx(30)
    clock.now += rate.seconds_to_wait("a")
    assert rate.seconds_to_wait("a") == 0
    assert rate.seconds_to_wait("b") == 0


def test_names_that_are_heard_of_no_more_are_forgotten(clock: Clock) -> None:
    rate = Rate(2)
    for number in range(1000):
        rate.seconds_to_wait(f"{number}")
    clock.now += 61
    rate.seconds_to_wait("a")
    assert len(rate._times) == 1
