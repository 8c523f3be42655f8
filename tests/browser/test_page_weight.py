"""The bytes and requests of a first visit, as the browser counts them."""

import re
from collections.abc import Iterable
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from service.api.app import STATIC
from tests.browser.conftest import Service
from tests.browser.test_page import EXAMPLE, cell
from tests.waiting import LONGEST

pytestmark = pytest.mark.browser
MOST_BYTES = 150_000
LONG = EXAMPLE | {"descent": {"steps": 100_000, "learning_rate": 0.001}, "name": "100,000 steps"}
ENTRANCES = {"": "views/runs/view", "#/new": "views/new-run/view", "#/runs/latest": "views/run/view"}

ALL_LOADED = "names => names.every(name => performance.getEntriesByName(`${location.origin}/static/${name}.js`).length)"


class Loaded:
    """The requests of a page with an empty cache."""

    def __init__(self, page: Page) -> None:
        self._sizes: dict[str, float] = {}
        self._addresses: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._begin)
        session.on("Network.loadingFinished", self._end)

    def _begin(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]

    def _end(self, event: dict[str, Any]) -> None:
        self._sizes[event["requestId"]] = event["encodedDataLength"]

    @property
    def bytes(self) -> float:
        """The transferred bytes, headers included."""
        return sum(self._sizes.values())

    def addresses(self, pattern: str) -> list[str]:
        """The requested addresses that match."""
        return [address for address in self._addresses.values() if re.search(pattern, address)]


def imported(name: str) -> set[str]:
    """A module and its transitive static imports."""
    waiting, found = [name], set()
    while waiting:
        found.add(name := waiting.pop())
        text = (STATIC / f"{name}.js").read_text()
        waiting += set(re.findall(r'^(?:import|export)[^;"]*"/static/([^"]+)\.js"', text, flags=re.MULTILINE)) - found
    return found


def in_order(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_a_first_visit_is_light(entrance: str, browser: Browser, new_service: Service) -> None:
    posted = httpx2.post(f"{new_service.url}/fit", json=LONG, headers={"Prefer": "wait=60"}, timeout=LONGEST)
    assert posted.status_code == 200
    page = browser.new_page()
    loaded = Loaded(page)
    page.goto(f"{new_service.url}/{entrance}")
    expect(page.locator(".runs tbody tr, .verdict:not(:empty), .results:visible").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert loaded.bytes < MOST_BYTES
    if entrance == "#/runs/latest":
        expect(cell(page, "step")).to_have_text("100000")
        assert len(loaded.addresses(r"/trajectory\?")) <= 4, "the curves, by both names, the last step, the best one"
    page.close()


def test_the_preload_lists_have_exactly_the_modules_of_each_view(service: Service) -> None:
    frame = imported("main")
    page, preload = (httpx2.get(service.url + path, timeout=LONGEST).text for path in ("/", "/static/preload.js"))
    preloaded = set(re.findall(r'rel="modulepreload" href="static/(.+?)\.js"', page))
    assert in_order(preloaded) == in_order(frame)
    views = set(re.findall(r'import\("/static/(.+?)\.js"\)', (STATIC / "main.js").read_text()))
    early = re.findall(r"/,\[(\"[^\]]+)\]", preload)
    preloads = {names[0]: names for names in (re.findall(r'"([^"]+)"', entry) for entry in early)}
    assert set(preloads) == views
    for view, names in preloads.items():
        assert in_order(names) == in_order(imported(view) - frame), view


@pytest.mark.parametrize("entrance", [*ENTRANCES, "#/compare?runs=latest"])
def test_a_view_loads_only_its_modules(entrance: str, browser: Browser, service: Service) -> None:
    httpx2.post(f"{service.url}/fit", json=EXAMPLE, headers={"Prefer": "wait=60"}, timeout=LONGEST)
    page = browser.new_page()
    loaded = Loaded(page)
    page.goto(f"{service.url}/{entrance}")
    ahead = imported("views/run/view") if entrance == "" else set()  # the browser asks for these when it is idle
    wanted = imported("main") | imported(ENTRANCES.get(entrance, "views/compare/view")) | ahead
    page.wait_for_function(ALL_LOADED, arg=sorted(wanted), timeout=LONGEST * 1000)
    page.wait_for_load_state("networkidle")
    modules = {re.findall(r"/static/(.+)\.js", address)[0] for address in loaded.addresses(r"\.js$")}
    classic = {"preload", "vendor/uplot-1.6.32/uPlot.iife.min"}
    assert modules - classic == wanted
    page.close()


def test_an_early_request_is_not_repeated(browser: Browser, service: Service) -> None:
    run_id = httpx2.post(f"{service.url}/fit", json=EXAMPLE, headers={"Prefer": "wait=60"}, timeout=LONGEST).json()[
        "id"
    ]
    page = browser.new_page()
    loaded = Loaded(page)
    page.goto(f"{service.url}/#/runs/{run_id}")
    expect(page.locator(".results")).to_be_visible()
    page.wait_for_load_state("networkidle")
    early = page.evaluate("[...globalThis.early.keys()]")
    assert early == [], "an early request was not used"
    assert len(loaded.addresses(rf"/runs/{run_id}$")) == 1
    assert len(loaded.addresses(r"/trajectory\?max_points=1000&fields=step")) == 1
    page.close()
