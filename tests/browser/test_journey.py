"""A user's path through the page: upload a file, fit it live, inspect the run, change the learning rate, compare."""

import re
import time
from collections.abc import Callable

import httpx2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import cell
from tests.time_bounds import times_slower
from tests.waiting import LONGEST

pytestmark = pytest.mark.browser
MOST_ACTIONS, MOST_SECONDS = 15, 120.0
DROP = """([box, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "heights.csv", { type: "text/csv" }));
  box.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


class Hand:
    """Counts a user's actions with the mouse and the keyboard."""

    def __init__(self) -> None:
        self.actions = 0

    def does(self, action: Callable[[], object]) -> None:
        """Counts one action: a click, a drop, or a typed word."""
        self.actions += 1
        action()


def rows() -> str:
    """A few noisy rows, which a polynomial overfits."""
    source = np.random.default_rng(5)
    x = np.sort(source.uniform(-1, 1, 24))
    y = np.sin(3 * x) + 0.4 * source.normal(size=24)
    return "age,height\n" + "".join(f"{a:.4f},{b:.4f}\n" for a, b in zip(x, y, strict=True))


def test_from_a_file_to_a_comparison(new_service: Service, pages: Pages) -> None:
    slower, begun, hand = times_slower(), time.monotonic(), Hand()
    page = pages.open(new_service.url)
    hand.does(page.get_by_role("link", name="New run").first.click)
    hand.does(page.get_by_label("A file or pasted rows").check)
    box = page.locator(".drop").first
    expect(box).to_be_visible()
    hand.does(lambda: page.evaluate(DROP, [box.element_handle(), rows()]))
    expect(page.get_by_role("table", name="The first rows")).to_be_visible()
    hand.does(lambda: page.get_by_label("Model", exact=True).select_option("polynomial"))
    hand.does(lambda: page.get_by_label("Degree").fill("9"))
    hand.does(lambda: page.get_by_label("Steps asked").fill("200000"))
    expect(page.locator(".verdict")).to_contain_text("200,000")
    hand.does(page.get_by_role("button", name="Start the descent").click)

    page.wait_for_url(re.compile("#/runs/"))
    expect(page.locator('.badge[data-status="running"], .badge[data-status="succeeded"]')).to_be_visible()
    expect(page.locator('.badge[data-status="succeeded"]')).to_be_visible()
    first = page.url.rpartition("/")[2]
    run = httpx2.get(f"{new_service.url}/runs/{first}", timeout=LONGEST).json()
    hand.does(page.get_by_role("button", name="lowest test MSE").click)
    expect(cell(page, "step")).to_have_text(str(run["best"]["step"]))
    hand.does(page.locator(".landscape summary").click)
    expect(page.locator(".landscape-figure > svg")).to_be_visible()

    hand.does(page.get_by_role("button", name="Fork from here").click)
    dialog = page.get_by_role("dialog")
    hand.does(lambda: dialog.get_by_label("Learning rate").fill("0.05"))
    hand.does(dialog.get_by_role("button", name="Start the fork").click)
    expect(page).not_to_have_url(re.compile(first))
    hand.does(page.get_by_role("link", name="Compare with the original run").click)
    expect(page.locator(".compared")).to_be_visible()
    expect(page.locator(".compared")).to_contain_text("0.05")
    assert hand.actions <= MOST_ACTIONS
    assert time.monotonic() - begun < MOST_SECONDS * max(slower, times_slower())
    [fork] = [
        each for each in httpx2.get(f"{new_service.url}/runs", timeout=LONGEST).json()["data"] if each["forked_from"]
    ]
    assert fork["forked_from"] == {"run_id": first, "step": run["best"]["step"]}
