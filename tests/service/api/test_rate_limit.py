"""Rate limit: the number of events in any minute."""

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
    """The clock of the rate limit."""
    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    return clock


def test_no_minute_has_more_events_than_the_limit(clock: Clock) -> None:
    rate, taken = Rate(5), []
    for _ in range(2000):
        clock.now += 0.37
        if rate.seconds_to_wait("a") == 0:
            taken.append(clock.now)
    assert all(last - first >= 60 for first, last in zip(taken, taken[5:], strict=False))
    assert len(taken) >= 5 * (2000 * 0.37 // 61)


def test_a_wait_of_the_returned_seconds_suffices(clock: Clock) -> None:
    rate = Rate(2)
    assert rate.seconds_to_wait("a") == 0
    clock.now += 20
    assert rate.seconds_to_wait("a") == 0
    clock.now += 10
    assert rate.seconds_to_wait("a") == pytest.approx(30)
    clock.now += rate.seconds_to_wait("a")
    assert rate.seconds_to_wait("a") == 0
    assert rate.seconds_to_wait("b") == 0


def test_the_quota_is_what_is_left_and_the_time_until_one_more(clock: Clock) -> None:
    rate = Rate(2)
    assert rate.quota("a") == (2, 2, 0.0)
    rate.seconds_to_wait("a")
    clock.now += 20
    rate.seconds_to_wait("a")
    assert rate.quota("a") == (2, 0, 40.0)
    clock.now += 40
    assert rate.quota("a") == (2, 1, 20.0)


def test_names_without_recent_events_are_forgotten(clock: Clock) -> None:
    rate = Rate(2)
    for number in range(1000):
        rate.seconds_to_wait(f"{number}")
    clock.now += 61
    rate.seconds_to_wait("a")
    assert len(rate._times) == 1
