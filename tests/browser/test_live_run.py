"""The page follows a live run across restarts of the service."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect

from service.server.live_server import Service, running_service
from tests.acceptance.helpers import SHORT_LEASES, WAVES, finished, long_run
from tests.browser.conftest import Pages
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.browser
STEPS = 900
"""Fewer steps than the chart draws at most, so that it draws each of them."""
SLOW = {"x": 16 * WAVES["x"], "y": 16 * WAVES["y"]}
"""Data with which these steps take some seconds."""
FAST = {"x": WAVES["x"][:100], "y": WAVES["y"][:100]}
"""A fraction of a second for a whole run."""
AWAY = (
    "ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_SOCKET_NOT_CONNECTED|ERR_EMPTY_RESPONSE"
    "|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONTENT_LENGTH_MISMATCH"
)
"""The errors of Chromium for a service that was killed: before, within or after an answer."""
NAMES = ("train_mse", "test_mse", "train_loss")


class Restarted:
    """A service that is killed and restarted with the same address and database file."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._options = ("--database", f"sqlite:///{home}/descent.db", "--workers", "1")
        self._stack = stack
        self._service = self._start()

    @property
    def url(self) -> str:
        return self._service.url

    def kill(self) -> None:
        self._service.process.kill()
        self._service.process.wait()

    def start(self) -> None:
        self._service = self._start("--port", str(urlsplit(self.url).port))

    def _start(self, *more: str) -> Service:
        return self._stack.enter_context(running_service(*self._options, *more, environment=SHORT_LEASES))


def drawn(page: Page) -> list[list[float]]:
    """The drawn steps from the page's data table."""
    rows = page.locator(".as-table tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    )
    return [[float(text.replace(",", "")) for text in row] for row in rows]


def test_a_page_continues_after_a_restart_of_the_service(pages: Pages, tmp_path: Path) -> None:
    pages.expected = AWAY
    with ExitStack() as stack:
        service = Restarted(tmp_path, stack)
        with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
            run_id = long_run(client, STEPS, dataset=SLOW)
        page = pages.open(f"{service.url}/#/runs/{run_id}")
        page.get_by_text("The drawn steps as a table").click()
        until(lambda: 0 < len(drawn(page)) < STEPS)
        service.kill()
        expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
        before = drawn(page)
        service.start()
        expect(page.get_by_role("alert")).to_have_count(0)
        until(lambda: len(drawn(page)) > len(before))
        with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
            run = finished(client, run_id)
            expect(page.get_by_role("status")).to_contain_text(f"Stopped after {STEPS:,} steps")
            known = client.get(f"/runs/{run_id}/trajectory").json()
        shown = drawn(page)
        page.close()  # before the service ends, which cuts off what the page still asks for
    assert run["status"] == "succeeded"
    columns = [known["step"], *(known[name] for name in NAMES)]
    assert shown == [list(row) for row in zip(*columns, strict=True)]
    assert shown[: len(before)] == before


def test_requests_during_an_outage_are_answered_after_it(pages: Pages, tmp_path: Path) -> None:
    """The page of a finished run does not poll; its pending requests are a step, its arithmetic and the landscape."""
    pages.expected = AWAY
    with ExitStack() as stack:
        service = Restarted(tmp_path, stack)
        with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
            run_id = finished(client, long_run(client, dataset=FAST))["id"]
            known = client.get(f"/runs/{run_id}/trajectory").json()
        page = pages.open(f"{service.url}/#/runs/{run_id}")
        expect(page.get_by_role("status").first).to_contain_text("Stopped after")
        service.kill()
        page.get_by_role("spinbutton", name="Step").fill("4321")
        page.get_by_role("button", name="Show the arithmetic").click()
        page.get_by_text("The landscape").click()
        expect(page.get_by_role("alert")).to_have_text("The service does not answer. Trying again by itself.")
        expect(page.locator(".arithmetic table, .landscape svg")).to_have_count(0)
        service.start()
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.locator("[data-column=train_mse] td")).to_have_text(str(known["train_mse"][4321]))
        expect(page.locator(".arithmetic table").first).to_be_visible()
        expect(page.locator(".landscape svg").first).to_be_visible()
        page.close()
