"""The page of a run of 100,000 steps: the time until its curves are drawn, and the cost of slider and playback."""

import subprocess
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx2

from benchmarks.harness import Measure, Result, absolute, not_here, until
from service.server.live_server import running_service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROUNDS = 5
STEPS = 100_000
RUN = {
    "dataset": {"sample": "longley"},
    "standardize": True,
    "descent": {"steps": STEPS, "learning_rate": 0.05},
}
WATCH = """
const watch = globalThis.watch = { drawn: null, long: [] };
new MutationObserver((_, observer) => {
  if (!document.querySelector(".plot canvas")) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { watch.drawn = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
new PerformanceObserver((list) => watch.long.push(...list.getEntries().map((entry) => entry.duration)))
  .observe({ type: "longtask" });
"""


def run() -> Iterator[Result]:
    """In Chromium, with an empty cache each round."""
    what = f"page of a run of {STEPS:,} steps, until its curves are drawn"
    try:
        from tests.browser.chromium import chromium  # noqa: PLC0415 - what the tests need may be missing
    except ImportError:
        yield not_here(what, "needs Playwright: make test installs it")
        return
    with TemporaryDirectory() as home, chromium() as browser:
        if browser is None:
            yield not_here(what, "needs Chromium")
            return
        options = ("--workers", "1", "--database", f"sqlite:///{home}/descent.db")
        with running_service(*options, log=subprocess.DEVNULL) as service:
            answer = httpx2.post(f"{service.url}/fit", json=RUN, headers={"Prefer": "wait=60"}, timeout=90)
            url = f"{service.url}/#/runs/{answer.raise_for_status().json()['id']}"
            _open(browser, url)
            opened, longest = zip(*(_open(browser, url) for _ in range(ROUNDS)), strict=True)
            chosen = [_choose(browser, service.url) for _ in range(ROUNDS)]
    yield absolute(f"{what}, from an empty cache", Measure(opened, "ms"))
    yield absolute("… chosen from the list", Measure(chosen, "ms"))
    yield absolute("… the longest task while the cursor moves and the descent is played", Measure(longest, "ms"))


def _open(browser: "Browser", url: str) -> tuple[float, float]:
    """Milliseconds until the curves are drawn; and those of the longest task afterwards, 0 for none above 50."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    drawn: float = until(lambda: page.evaluate("watch.drawn"), within=60)
    page.wait_for_load_state("networkidle")
    page.evaluate("watch.long.length = 0")
    _move(page)
    longest: float = page.evaluate("Math.max(0, ...watch.long)")
    context.close()
    return drawn, longest


def _choose(browser: "Browser", url: str) -> float:
    """Milliseconds from the click on the run in the list until its curves are drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    row = page.locator(".runs tbody a").first
    row.wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("addEventListener('click', () => { watch.clicked = performance.now(); }, { capture: true })")
    row.click()
    drawn: float = until(lambda: page.evaluate("watch.drawn"), within=60)
    clicked: float = page.evaluate("watch.clicked")
    context.close()
    return drawn - clicked


def _move(page: "Page") -> None:
    box = page.locator(".u-over").first.bounding_box()
    assert box is not None
    for part in range(100):
        page.mouse.move(box["x"] + box["width"] * part / 100, box["y"] + 100)
    page.get_by_role("button", name="Rewind to step 0").click()
    page.get_by_role("button", name="Play", exact=True).click()
    time.sleep(2)
