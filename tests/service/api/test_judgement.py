"""Answers that wait for the end of a run carry its convergence, if it follows soon."""

import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from service.api import judgement
from service.api.app import create_app
from service.api.judgement import JUDGEMENT_SECONDS, is_settled
from service.core.run_record import Convergence
from service.core.run_status import FINISHED, RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.storage.runs import RunState
from tests.service.api.routes.test_events import parse_events
from tests.service.helpers import WAIT, fit_body, served
from tests.waiting import LONGEST, until

FOUND: Convergence = {
    "state": "converged",
    "clauses": ["converged", "unknown"],
    "values": {"step": 5.0, "loss": 0.5},
    "loss": 0.5,
    "reference": None,
    "relative_gap": None,
}


@pytest.fixture
def url(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real server that waits for a judgement as long as it takes."""
    monkeypatch.setattr(judgement, "JUDGEMENT_SECONDS", LONGEST)
    with served(create_app(settings, database)) as url:
        yield url


def claimed(database: Database) -> Claim:
    """The claim of the queued run."""

    def claim() -> Claim | None:
        with database.writing() as connection:
            return fair_shares.claim(connection, "test", LONGEST)

    found = until(claim)
    assert found is not None
    return found


def finish(database: Database, claim: Claim) -> None:
    with database.writing() as connection:
        job_queue.finish(connection, claim, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})


def judge(database: Database, claim: Claim) -> None:
    with database.writing() as connection:
        job_queue.judge(connection, claim, {"convergence": FOUND}, 0)


def test_a_waiting_answer_has_the_convergence(url: str, database: Database) -> None:
    answers: list[httpx2.Response] = []

    def submit() -> None:
        answers.append(httpx2.post(f"{url}/fit", json=fit_body(), headers=WAIT, timeout=LONGEST))

    thread = threading.Thread(target=submit)
    thread.start()
    claim = claimed(database)
    finish(database, claim)
    assert not answers
    judge(database, claim)
    thread.join()
    run = answers[0].json()
    assert (run["status"], run["convergence"]["state"]) == ("succeeded", "converged")


def test_the_last_event_has_the_convergence(url: str, database: Database) -> None:
    run_id = httpx2.post(f"{url}/fit", json=fit_body(), timeout=LONGEST).json()["id"]
    with httpx2.stream("GET", f"{url}/runs/{run_id}/events", timeout=LONGEST) as answer:
        events = parse_events(answer.iter_lines())
        assert next(events).data["status"] == "queued"
        claim = claimed(database)
        finish(database, claim)
        told = next(event for event in events if event.data["status"] == "succeeded")
        assert (told.name, told.data["convergence"]) == ("status", None)
        judge(database, claim)
        [last] = events
    assert (last.name, last.data["convergence"]["state"]) == ("finished", "converged")


def state(status: RunStatus, age: float, *, is_judged: bool = False) -> RunState:
    return RunState(status, 1, 5, time.time() - age, is_judged=is_judged)


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.DIVERGED])
def test_an_answer_waits_a_moment_for_a_judgement(status: RunStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "JUDGEMENT_SECONDS", LONGEST)
    assert not is_settled(state(status, 0.0))
    assert is_settled(state(status, 0.0, is_judged=True))
    assert is_settled(state(status, LONGEST + JUDGEMENT_SECONDS))
    assert is_settled(state(status, -3600.0))  # the wall clock went back


@pytest.mark.parametrize("status", sorted(set(RunStatus) - {RunStatus.SUCCEEDED, RunStatus.DIVERGED}))
def test_no_other_run_is_waited_for(status: RunStatus) -> None:
    assert is_settled(state(status, 0.0)) == (status in FINISHED)
    assert is_settled(None)
