"""Fixtures for Chromium without external network access; errors in the page's console fail the test."""

import re
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect

from tests.browser.chromium import chromium
from tests.required_programs import missing

# Chromium aborts loading when any network interface of the machine appears or disappears.
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
# Performance warnings of WebGL without a graphics card.
SOFTWARE_WEBGL = "GPU stall due to ReadPixels"
# The timeout of an action or expectation in milliseconds. It only ends a test that hangs.
LONGEST_MS = 120_000
expect.set_options(timeout=LONGEST_MS)
NETWORK = {"http", "https", "ws", "wss"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Service(Protocol):
    """The part of the fixture `service` that browser tests use: the address of a running service."""

    @property
    def url(self) -> str: ...


class Pages:
    """Opens pages and records console errors, failed requests and external requests."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.external_requests: list[str] = []
        self.errors: list[str] = []
        self._network_changed = False
        self.expected = ""  # a pattern of errors that a test provokes

    def open(
        self, url: str, *, width: int = 1280, locale: str = "en-GB", dark: bool = False, moves: bool = False
    ) -> Page:
        """Opens a page with this width, language and theme, by default without animations."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            locale=locale,
            color_scheme="dark" if dark else "light",
            reduced_motion="no-preference" if moves else "reduce",
        )
        context.set_default_timeout(LONGEST_MS)
        self._contexts.append(context)
        context.on("request", self._record_external)
        context.on("console", self._record)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        page = context.new_page()
        page.goto(url)
        if self._network_changed:
            self._network_changed = False
            page.reload()
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _record_external(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in NETWORK and address.hostname not in LOOPBACK:
            self.external_requests.append(request.url)

    def _record(self, message: ConsoleMessage) -> None:
        if NETWORK_CHANGED in message.text:
            self._network_changed = True
        elif message.type in {"error", "warning"} and not re.search(self._harmless(), message.text):
            self.errors.append(message.text)

    def _harmless(self) -> str:
        return f"{SOFTWARE_WEBGL}|{self.expected}" if self.expected else SOFTWARE_WEBGL


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with chromium() as browser:
        if browser is None:
            missing("Chromium")
        yield browser


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    """Opens pages. Fails at the end if a page has sent an external request or reported an error."""
    pages = Pages(browser)
    yield pages
    try:
        pages.close()
    except Error as error:
        pages.errors.append(str(error))
    assert pages.external_requests == []
    assert pages.errors == []


@pytest.fixture
def page(pages: Pages, service: Service) -> Page:
    """The list of runs in an English browser on a first visit."""
    return pages.open(f"{service.url}/")
