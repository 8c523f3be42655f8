"""The budget of a judgement counts estimated work; clocks only guard it."""

import time

import pytest

from gd_engine.reference import GUARD, BudgetSpentError
from service.worker.budget import UNESTIMATED, WALL_GUARD, WorkerStoppedError, budget_of


def test_work_is_charged_to_a_part_and_to_the_whole() -> None:
    whole = budget_of(8.0, lambda: False)
    part = whole.part(0.5)
    part.charge(3.0)
    assert (part.left, whole.left) == (1.0, 5.0)
    part.charge(3.0)
    assert (part.left, whole.left) == (0.0, 2.0)


def test_a_call_is_charged_until_nothing_is_left() -> None:
    go_on = budget_of(3.0, lambda: False).charging(1.0)
    assert [go_on(), go_on()] == [2.0, 1.0]
    with pytest.raises(BudgetSpentError):
        go_on()


@pytest.mark.parametrize(("clock", "factor"), [("process_time", GUARD), ("monotonic", WALL_GUARD)])
def test_a_clock_ends_work_that_takes_far_longer_than_estimated(
    clock: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = budget_of(1.0, lambda: False)
    now = getattr(time, clock)()
    seconds = 1.0 + UNESTIMATED
    monkeypatch.setattr(time, clock, lambda: now + 0.9 * factor * seconds)
    assert budget.left == 1.0
    monkeypatch.setattr(time, clock, lambda: now + 1.1 * factor * seconds)
    assert budget.left == 0.0


@pytest.mark.parametrize(("clock", "pause"), [("process_time", 1.0), ("monotonic", 10.0)])
def test_a_pause_of_the_process_ends_no_short_work(clock: str, pause: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full garbage collection or a first import may take longer than all trials of a short run."""
    budget = budget_of(0.05, lambda: False)
    now = getattr(time, clock)()
    monkeypatch.setattr(time, clock, lambda: now + pause)
    assert budget.left == 0.05


def test_a_worker_that_must_stop_works_no_further() -> None:
    budget = budget_of(1.0, lambda: True)
    with pytest.raises(WorkerStoppedError):
        budget.left  # noqa: B018 - the look is what counts
