"""The page of a waiting run: its place in the queue and the expected start."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import expect

from service.api.app import create_app
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue
from service.storage.database import Database
from service.storage.job_queue import Claim
from tests.browser.conftest import Pages
from tests.service.helpers import fit_body, served
from tests.waiting import LONGEST

pytestmark = pytest.mark.browser
NBSP = "\u00a0"
LEASE_SECONDS = 120.0


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[httpx2.Client]:
    """A service of one worker, which the test plays."""
    app = create_app(settings.model_copy(update={"workers": 1}), database)
    with served(app) as url, httpx2.Client(base_url=url, timeout=LONGEST) as client:
        yield client


def computing(client: httpx2.Client, database: Database) -> Claim:
    """A run in the worker, which has stored step 0 in a second, and has 20 left."""
    client.post("/fit", json=fit_body(descent={"steps": 20}))
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", LEASE_SECONDS)
        assert claim is not None
        job_queue.progress(connection, claim, LEASE_SECONDS, {"rows_done": 1, "timings": {"descent_seconds": 1.0}})
    return claim


def test_a_waiting_run_shows_its_place_and_its_expected_start(
    client: httpx2.Client, database: Database, pages: Pages
) -> None:
    claim = computing(client, database)
    first, second, third = (client.post("/fit", json=fit_body()).json()["id"] for _ in range(3))
    english, french = (pages.open(f"{client.base_url}/#/runs/{third}", locale=each) for each in ("en-GB", "fr-FR"))
    state = english.get_by_role("status")
    expect(state).to_contain_text("Waiting for a worker. 3rd in the queue.")
    expect(english.locator(".start")).to_be_empty()  # nobody knows how long the runs ahead take
    expect(french.get_by_role("status")).to_contain_text("3e dans la file d’attente.")
    for run in (first, second):
        client.post(f"/runs/{run}/cancel").raise_for_status()
    expect(state).to_contain_text("1st in the queue.")
    expect(english.locator(".start")).to_have_text(f"Starts in about 20{NBSP}s.")
    expect(french.locator(".start")).to_have_text(f"Début dans environ 20{NBSP}s.")
    expect(state).not_to_contain_text("Starts")  # announced: the place alone
    with database.writing() as connection:
        job_queue.finish(connection, claim, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
    expect(english.locator(".start")).to_have_text("Starts in a moment.")
    expect(french.get_by_role("status")).to_contain_text("1re dans la file d’attente.")
    client.post(f"/runs/{third}/pause").raise_for_status()
    expect(state).not_to_contain_text("queue")
    expect(english.locator(".start")).to_be_empty()
    client.post(f"/runs/{third}/resume").raise_for_status()
    expect(state).to_contain_text("1st in the queue.")
